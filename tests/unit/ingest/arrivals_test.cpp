#include "ingest/arrivals.hpp"

#include <gtest/gtest.h>

namespace ingest {
namespace {

using namespace std::chrono_literals;

const base::WallTime noon = base::wall_time(1'700'000'000'000'000);

Arrivals::Steady after(std::chrono::microseconds time) {
    return Arrivals::Steady(1h + time);
}

TEST(Arrivals, AreStampedByTheClock) {
    Arrivals arrivals;
    EXPECT_EQ(arrivals.stamp(noon, after(0s)).at, noon);
    const auto later = arrivals.stamp(noon + 90min, after(90min));
    EXPECT_EQ(later.at, noon + 90min);
    EXPECT_FALSE(later.step);
}

TEST(Arrivals, ASmallStepBackIsWaitedOut) {
    Arrivals arrivals;
    EXPECT_EQ(arrivals.stamp(noon, after(0s)).at, noon);
    EXPECT_EQ(arrivals.stamp(noon - 2s, after(1s)).at, noon);
    const auto caught_up = arrivals.stamp(noon + 1s, after(4s));
    EXPECT_EQ(caught_up.at, noon + 1s);
    EXPECT_FALSE(caught_up.step);
}

TEST(Arrivals, ALargeStepIsFollowedAndToldOnce) {
    Arrivals arrivals;
    static_cast<void>(arrivals.stamp(noon, after(0s)));
    const auto back = arrivals.stamp(noon - 1h + 1s, after(1s));
    EXPECT_EQ(back.at, noon - 1h + 1s);
    EXPECT_EQ(back.step, -1h);
    EXPECT_FALSE(arrivals.stamp(noon - 1h + 2s, after(2s)).step);
    const auto ahead = arrivals.stamp(noon + 24h + 3s, after(3s));
    EXPECT_EQ(ahead.at, noon + 24h + 3s);
    EXPECT_EQ(ahead.step, 25h);
}

TEST(Arrivals, AStoppedClockIsTold) {
    Arrivals arrivals;
    static_cast<void>(arrivals.stamp(noon, after(0s)));
    EXPECT_FALSE(arrivals.stamp(noon, after(4s)).step);
    EXPECT_TRUE(arrivals.stamp(noon, after(10min)).step);
}

}  // namespace
}  // namespace ingest
