#include "ingest/underway.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

namespace ingest {
namespace {

using namespace std::chrono_literals;
using Steady = Underway::Steady;

constexpr std::size_t megabyte = 1'000'000;

class UnderwayTest : public testing::Test {
protected:
    // 50 batches of a megabyte, one after the other, in so much time each.
    void learn(std::chrono::milliseconds each) {
        for (int i = 0; i < 50; ++i) {
            Underway::Batch batch(underway, megabyte, now);
            batch.arrived(megabyte, now);
            now += each;
            batch.stored(now);
        }
    }
    void begin(std::size_t count, std::size_t bytes = megabyte) {
        for (std::size_t i = 0; i < count; ++i)
            batches.push_back(std::make_unique<Underway::Batch>(underway, bytes, now));
    }

    // While an empty one beside them has waited, so that what is ahead is what decides.
    bool crowded(Steady::time_point at) {
        Underway::Batch first(underway, 0, at);
        first.arrived(0, at - Underway::waited);
        return underway.crowded(at);
    }

    Underway underway;
    std::deque<std::unique_ptr<Underway::Batch>> batches;
    Steady::time_point now{1h};
};

TEST_F(UnderwayTest, IsCrowdedWhenTheBytesAheadTakeLongerThanHalfASecond) {
    learn(10ms);  // 50 in half a second
    begin(49);
    EXPECT_FALSE(crowded(now));
    begin(2);
    EXPECT_TRUE(crowded(now));
    batches.pop_front();
    batches.pop_front();
    EXPECT_FALSE(crowded(now));
}

TEST_F(UnderwayTest, FewAreNoCrowdHoweverSlow) {
    learn(10s);
    begin(Underway::many - 2);
    EXPECT_FALSE(crowded(now));
    begin(1);
    EXPECT_TRUE(crowded(now));
}

TEST_F(UnderwayTest, NothingIsKnownBeforeTheFirstIsStored) {
    begin(10'000);
    EXPECT_FALSE(crowded(now));
}

TEST_F(UnderwayTest, ABodyThatDoesNotComeIsAheadOfNobodyUntilItIsHere) {
    learn(10ms);
    begin(100);
    EXPECT_TRUE(crowded(now + Underway::slow));
    now += Underway::slow + 1us;
    EXPECT_FALSE(crowded(now));
    for (auto& batch : batches) batch->arrived(megabyte, now);
    EXPECT_TRUE(crowded(now + 1h)) << "what is here waits for us";
    batches.clear();
    EXPECT_FALSE(crowded(now));
}

TEST_F(UnderwayTest, ABatchThatDidNotSayItsLengthCountsFromItsLastByteOn) {
    learn(10ms);
    begin(51, 0);
    EXPECT_FALSE(crowded(now));
    for (auto& batch : batches) batch->arrived(megabyte, now);
    EXPECT_TRUE(underway.crowded(now + Underway::waited));
}

TEST_F(UnderwayTest, IdleTimeIsNoWorkAndSpeedIsForgotten) {
    learn(10ms);
    now += 1h;
    learn(10ms);
    begin(49);
    EXPECT_FALSE(crowded(now));
    batches.clear();
    for (int i = 0; i < 5; ++i) learn(100ms);  // ten times as slow by now
    begin(7);
    EXPECT_TRUE(crowded(now));
}

TEST_F(UnderwayTest, ABurstAfterSmallBatchesIsNoCrowdBeforeSomebodyHasWaited) {
    for (int i = 0; i < 50; ++i) {
        Underway::Batch small(underway, 100, now);
        small.arrived(100, now);
        now += 5ms;  // of a sync
        small.stored(now);
    }
    begin(100);
    for (auto& batch : batches) batch->arrived(megabyte, now);
    EXPECT_FALSE(underway.crowded(now + Underway::waited - 1us));
    EXPECT_TRUE(underway.crowded(now + Underway::waited));
}

TEST_F(UnderwayTest, WhatIsStoredSideBySideCountsOnce) {
    for (int i = 0; i < 50; ++i) {  // two at a time, 20 ms each: 10 ms a batch
        begin(2);
        for (auto& batch : batches) batch->arrived(megabyte, now);
        now += 20ms;
        for (auto& batch : batches) batch->stored(now);
        batches.clear();
    }
    begin(49);
    EXPECT_FALSE(crowded(now));
    begin(2);
    EXPECT_TRUE(crowded(now));
}

}  // namespace
}  // namespace ingest
