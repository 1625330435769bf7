#include "correlate/values.hpp"

#include "correlate/distinct_window.hpp"
#include "correlate/groups.hpp"

#include <gtest/gtest.h>

#include <random>

namespace {

using namespace correlate;

/// Whether they save the same values and times, and of the newest five the same records.
bool in_window(Group& group, const DistinctWindow& window) {
    Writer of_values;
    Writer of_window;
    Values(group).save(of_values);
    window.save(of_window);
    Reader a(of_values.text());
    Reader b(of_window.text());
    if (a.number() != b.number()) return false;
    std::uint64_t left = a.number();
    if (left != b.number()) return false;
    for (; left > 0; --left) {
        if (a.number() != b.number() || a.signed_number() != b.signed_number()) return false;
        const PackedRef ref = PackedRef::load(a);
        if (ref != PackedRef::load(b) && (left <= sample_size || ref != PackedRef{})) return false;
    }
    return a.done() && b.done();
}

TEST(Values, DoWhatADistinctWindowDoes) {
    for (unsigned seed = 0; seed < 100; ++seed) {
        std::mt19937_64 random(seed);
        std::vector<Counter> counters(1);
        counters[0].kind = Counter::Kind::few;
        counters[0].limit = 1 + random() % few_values;
        // Times of each width that is kept of them.
        const std::int64_t unit = std::int64_t{1} << (seed % 3 == 0 ? 0 : seed % 3 == 1 ? 32 : 40);
        counters[0].span = 10 * unit;
        Groups groups(counters);
        bool fresh = false;
        const GroupId id = groups.intern(0, 1, "some key", fresh);
        DistinctWindow window(counters[0].limit);
        std::int64_t now = static_cast<std::int64_t>(random() >> 8);
        for (int i = 0; i < 300; ++i) {
            now += static_cast<std::int64_t>(random() % 3) * unit;
            const std::int64_t from = now - counters[0].span;
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
            ASSERT_TRUE(in_window(groups[id], window));
        }
        EXPECT_LE(groups[id].capacity, counters[0].limit);
    }
}

}  // namespace
