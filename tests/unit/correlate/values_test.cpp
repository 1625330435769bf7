#include "correlate/values.hpp"

#include "correlate/distinct_window.hpp"
#include "correlate/groups.hpp"

#include <gtest/gtest.h>

#include <random>

namespace {

using namespace correlate;

TEST(Values, DoWhatADistinctWindowDoes) {
    for (unsigned seed = 0; seed < 100; ++seed) {
        std::mt19937_64 random(seed);
        std::vector<Counter> counters(1);
        counters[0].kind = Counter::Kind::few;
        counters[0].limit = 1 + random() % few_values;
        Groups groups(counters);
        bool fresh = false;
        const GroupId id = groups.intern(0, 1, "some key", fresh);
        DistinctWindow window(counters[0].limit);
        std::int64_t now = 0;
        for (int i = 0; i < 300; ++i) {
            now += static_cast<std::int64_t>(random() % 3);
            const std::int64_t from = now - 10;
            while (window.drop_oldest(from)) EXPECT_TRUE(Values(groups[id]).drop_oldest(from));
            EXPECT_FALSE(Values(groups[id]).drop_oldest(from));
            const Hit hit{now, random() % 40, {random() % 100, 7}};
            window.add(hit, from);
            const std::uint32_t known = Values(groups[id]).find(hit.value);
            if (known == Values::none && Values(groups[id]).full()) groups.grow(id);
            Values(groups[id]).add(hit, known);
            EXPECT_EQ(groups[id].size, window.value());
            EXPECT_EQ(groups[id].key(), "some key");
            EXPECT_EQ(Values(groups[id]).newest(), window.newest());
            std::vector<RecordRef> expected;
            std::vector<RecordRef> found;
            window.sample(from, expected);
            Values(groups[id]).sample(from, found);
            EXPECT_EQ(found, expected);
            Writer of_window;
            Writer of_values;
            window.save(of_window);
            Values(groups[id]).save(of_values);
            ASSERT_EQ(of_values.text(), of_window.text());
        }
        EXPECT_LE(groups[id].capacity, counters[0].limit);
    }
}

}  // namespace
