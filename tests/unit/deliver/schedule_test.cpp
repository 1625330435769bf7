#include "deliver/schedule.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;

const auto now = base::wall_time(1'700'000'000'000'000);

TEST(Schedule, FollowsTheStandardForThreeDays) {
    const deliver::Schedule schedule;
    std::vector<std::chrono::microseconds> waits;
    for (unsigned attempt = 1; const auto next = schedule.next(attempt, now, 0, {}); ++attempt) {
        waits.push_back(*next - now);
    }
    const std::vector<std::chrono::microseconds> expected{5s,  5min, 30min, 2h, 5h,
                                                          10h, 14h,  20h,   24h};
    EXPECT_EQ(waits, expected);
}

TEST(Schedule, StretchesByAtMostAFifth) {
    const deliver::Schedule schedule;
    EXPECT_EQ(*schedule.next(2, now, 1, {}) - now, 6min);
    EXPECT_EQ(*schedule.next(2, now, 0.5, {}) - now, 5min + 30s);
    EXPECT_EQ(*schedule.next(2, now, 7, {}) - now, 6min);
}

TEST(Schedule, HeedsALaterWishUpToADay) {
    const deliver::Schedule schedule;
    EXPECT_EQ(*schedule.next(1, now, 0, 90s) - now, 90s);
    EXPECT_EQ(*schedule.next(1, now, 0, 1s) - now, 5s);
    EXPECT_EQ(*schedule.next(1, now, 0, 1000h) - now, 24h);
    EXPECT_FALSE(schedule.next(10, now, 0, 90s));
}

TEST(RetryAfter, ReadsSecondsAndDates) {
    EXPECT_EQ(deliver::parse_retry_after("120", now), 120s);
    EXPECT_EQ(deliver::parse_retry_after("0", now), 0s);
    EXPECT_EQ(deliver::parse_retry_after("99999999999999", now), 24h);
    // 1'700'000'000 is 2023-11-14T22:13:20Z.
    EXPECT_EQ(deliver::parse_retry_after("Tue, 14 Nov 2023 22:15:00 GMT", now), 100s);
    EXPECT_EQ(deliver::parse_retry_after("Tue, 14 Nov 2023 22:13:00 GMT", now), 0s);
    for (const auto* text : {"", "-1", "1.5", "soon", "1 2", "Tue, 14 Nov 2023 22:15:00 CET",
                             "Tue, 31 Feb 2023 22:15:00 GMT", "Tue, 14 Nox 2023 22:15:00 GMT",
                             "Tue, 14 Nov 2023 25:15:00 GMT"}) {
        EXPECT_FALSE(deliver::parse_retry_after(text, now)) << text;
    }
}

}  // namespace
