#include "correlate/low_time.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace {

using namespace correlate;

constexpr std::int64_t hour = 3'600'000'000;
constexpr std::int64_t day = 24 * hour;

TEST(LowTime, TellsEveryTimeThatIsAtMostASpanBeforeTheNewest) {
    std::mt19937_64 random(1);
    for (const std::int64_t span :
         {std::int64_t{1}, hour, (std::int64_t{1} << 32) - 1, std::int64_t{1} << 32, 7 * day,
          (std::int64_t{1} << 40) - 1, std::int64_t{1} << 40, 400 * day}) {
        const std::uint32_t bytes = time_bytes_for(span);
        for (int i = 0; i < 10'000; ++i) {
            const auto newest = static_cast<std::int64_t>(random()) >> (random() % 40);
            const auto age =
                i == 0
                    ? span
                    : static_cast<std::int64_t>(random() % (static_cast<std::uint64_t>(span) + 1));
            if (newest < std::numeric_limits<std::int64_t>::min() + age) continue;
            char room[8] = {};
            put_low_time(room, bytes, newest - age);
            ASSERT_EQ(low_time(room, bytes, newest), newest - age) << span << ' ' << age;
        }
    }
}

TEST(LowTime, TakesFourBytesForAnHourAndFiveForAWeek) {
    EXPECT_EQ(time_bytes_for(hour), 4u);
    EXPECT_EQ(time_bytes_for(7 * day), 5u);
    EXPECT_EQ(time_bytes_for(13 * day), 8u);
}

TEST(LowTime, WithinHoldsForAnyTwoTimes) {
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    EXPECT_TRUE(within(5, 15, 10));
    EXPECT_FALSE(within(5, 16, 10));
    EXPECT_FALSE(within(6, 5, 10));
    EXPECT_FALSE(within(least, most, most));
    EXPECT_TRUE(within(least, least + 1, 1));
}

}  // namespace
