#include "ingest/underway.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace ingest {
namespace {

using namespace std::chrono_literals;
using Steady = Underway::Steady;

class UnderwayTest : public testing::Test {
protected:
    void arrive(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) batches.emplace_back(underway, now);
    }

    Underway underway;
    std::deque<Underway::Batch> batches;
    Steady::time_point now{1h};
};

TEST_F(UnderwayTest, IsCrowdedWhenTheOldestOfManyHasWaitedForATenthOfASecond) {
    arrive(1);
    now += 50ms;
    arrive(Underway::many - 1);
    now += 50ms;
    EXPECT_FALSE(underway.crowded(now));
    EXPECT_TRUE(underway.crowded(now + 1us));
    batches.pop_front();
    arrive(1);
    EXPECT_FALSE(underway.crowded(now + 1us)) << "those that are left are younger";
}

TEST_F(UnderwayTest, FewAreNoCrowdHoweverLongTheyWait) {
    arrive(Underway::many - 1);
    EXPECT_FALSE(underway.crowded(now + 1h));
    EXPECT_FALSE(batches.front().late(now + 1h));
    arrive(1);
    EXPECT_TRUE(underway.crowded(now + 1h));
    EXPECT_TRUE(batches.front().late(now + 1h));
    batches.pop_back();
    EXPECT_FALSE(underway.crowded(now + 1h));
}

TEST_F(UnderwayTest, ABurstIsNoCrowdUntilItHasWaited) {
    arrive(10'000);
    EXPECT_FALSE(underway.crowded(now));
    EXPECT_TRUE(underway.crowded(now + Underway::full + 1us));
}

TEST_F(UnderwayTest, ATurnIsLateAfterHalfASecondOfItsOwnWait) {
    arrive(Underway::many);
    now += 500ms;
    arrive(1);
    EXPECT_FALSE(batches.front().late(now));
    EXPECT_TRUE(batches.front().late(now + 1us));
    EXPECT_FALSE(batches.back().late(now + 1us));
}

}  // namespace
}  // namespace ingest
