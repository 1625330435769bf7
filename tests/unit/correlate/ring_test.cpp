#include "correlate/ring.hpp"

#include "correlate/groups.hpp"

#include <gtest/gtest.h>

namespace {

using namespace correlate;

TEST(Ring, KeepsTheNewestHitsAndRecords) {
    std::vector<Counter> kinds(1);
    kinds[0].kind = Counter::Kind::count;
    kinds[0].limit = 7;
    Groups groups(kinds);
    bool fresh = false;
    const GroupId id = groups.intern(0, 1, "k", fresh);
    for (std::int64_t t = 1; t <= 20; ++t) {
        if (Ring(groups[id]).full()) groups.grow(id);
        Ring(groups[id]).add({t, 0, {static_cast<std::uint64_t>(100 + t), 1}});
    }
    Ring ring(groups[id]);
    ASSERT_EQ(groups[id].size, 7u) << "the limit";
    EXPECT_EQ(ring.time(0), 14);
    EXPECT_EQ(ring.newest(), 20);
    std::vector<RecordRef> sample;
    ring.sample(sample);
    const std::vector<RecordRef> expected{{116, 1}, {117, 1}, {118, 1}, {119, 1}, {120, 1}};
    EXPECT_EQ(sample, expected);
    EXPECT_TRUE(ring.drop_oldest(15));
    EXPECT_FALSE(ring.drop_oldest(15));
    ring.drop_all(19);
    EXPECT_EQ(groups[id].size, 2u);
    sample.clear();
    ring.sample(sample);
    EXPECT_EQ(sample.size(), 2u) << "only hits still in the window";
}

}  // namespace
