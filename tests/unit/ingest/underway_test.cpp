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

TEST_F(UnderwayTest, IsCrowdedWhenOneOfManyHasWaitedForItsTurnForATenthOfASecond) {
    arrive(1);
    now += 50ms;
    arrive(Underway::many - 1);
    now += 50ms;
    EXPECT_FALSE(underway.crowded(now));
    EXPECT_TRUE(underway.crowded(now + 1us));
    EXPECT_TRUE(batches.front().begin(now + 1us));
    EXPECT_FALSE(underway.crowded(now + 1us)) << "those that wait are younger";
}

TEST_F(UnderwayTest, ADiskThatTakesAThirdOfASecondMakesNoCrowd) {
    arrive(100);
    for (auto& batch : batches) EXPECT_TRUE(batch.begin(now));
    EXPECT_FALSE(underway.crowded(now + 500ms));
    EXPECT_TRUE(underway.crowded(now + 500ms + 1us)) << "half a second is too long for anything";
    batches.clear();
    EXPECT_FALSE(underway.crowded(now + 1h));
}

TEST_F(UnderwayTest, FewAreNoCrowdHoweverLongTheyWait) {
    arrive(Underway::many - 1);
    EXPECT_FALSE(underway.crowded(now + 1h));
    EXPECT_TRUE(batches.front().begin(now + 1h));
    arrive(1);
    EXPECT_TRUE(underway.crowded(now + 1h));
    EXPECT_FALSE(batches[1].begin(now + 1h));
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
    EXPECT_TRUE(batches[0].begin(now));
    EXPECT_FALSE(batches[1].begin(now + 1us));
    EXPECT_TRUE(batches.back().begin(now + 1us));
}

}  // namespace
}  // namespace ingest
