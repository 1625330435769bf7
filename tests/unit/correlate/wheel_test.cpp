#include "correlate/wheel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace {

using correlate::GroupId;
using correlate::Wheel;

TEST(Wheel, GivesEachGroupAtTheFirstBoundaryNotBeforeItsEnd) {
    for (unsigned seed = 0; seed < 50; ++seed) {
        std::mt19937_64 random(seed);
        const auto every = static_cast<std::int64_t>(1 + random() % 7);
        std::int64_t now = -20;
        Wheel wheel(every);
        std::vector<GroupId> due;
        EXPECT_TRUE(wheel.turns(now));
        wheel.turn(now, due);
        std::map<GroupId, std::int64_t> ends;
        for (GroupId id = 0; id < 500; ++id) {
            const std::int64_t end = now + 1 + static_cast<std::int64_t>(random() % 20);
            ends[id] = end;
            wheel.add(id, end);
            if (random() % 3 != 0) continue;
            now += static_cast<std::int64_t>(random() % 15);
            if (!wheel.turns(now)) continue;
            due.clear();
            wheel.turn(now, due);
            EXPECT_EQ(wheel.passed() % every, 0);
            EXPECT_LE(wheel.passed(), now);
            EXPECT_GT(wheel.passed(), now - every);
            for (const GroupId seen : due) {
                // Given early only when its end is too far away; it is put back then.
                if (ends.at(seen) <= wheel.passed()) {
                    ends.erase(seen);
                } else {
                    wheel.add(seen, ends.at(seen));
                }
            }
            for (const auto& [left, left_end] : ends) EXPECT_GT(left_end, wheel.passed()) << left;
        }
        std::size_t held = 0;
        wheel.each([&](GroupId id) { held += ends.count(id); });
        EXPECT_EQ(held, ends.size());
    }
}

TEST(Wheel, ErasesWhatIsGone) {
    Wheel wheel(10);
    std::vector<GroupId> due;
    wheel.turn(0, due);
    for (GroupId id = 0; id < 20; ++id) wheel.add(id, 1 + id * 3);
    wheel.erase_if([](GroupId id) { return id % 2 == 0; });
    wheel.turn(1'000, due);
    EXPECT_EQ(due.size(), 10u);
    EXPECT_TRUE(std::ranges::all_of(due, [](GroupId id) { return id % 2 == 1; }));
}

}  // namespace
