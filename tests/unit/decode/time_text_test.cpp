#include "decode/time_text.hpp"

#include <gtest/gtest.h>

#include <random>

namespace decode {
namespace {

std::string read(std::string_view text) {
    const auto time = read_time(text);
    if (!time) return "none";
    return base::to_rfc3339(time->time) + (time->zone_assumed ? " assumed" : "");
}

TEST(TimeText, ReadsRfc3339AndItsRelatives) {
    EXPECT_EQ(read("2023-07-10T11:42:18Z"), "2023-07-10T11:42:18Z");
    EXPECT_EQ(read("2023-07-10t11:42:18z"), "2023-07-10T11:42:18Z");
    EXPECT_EQ(read("2024-07-02T06:31:31.4465902Z"), "2024-07-02T06:31:31.446590Z");
    EXPECT_EQ(read("2025-12-31T17:37:40.493035218+01:00"), "2025-12-31T16:37:40.493035Z");
    EXPECT_EQ(read("2022-02-08 09:23:37+11:00"), "2022-02-07T22:23:37Z");
    EXPECT_EQ(read("2022-02-08 09:23:37 -0330"), "2022-02-08T12:53:37Z");
}

TEST(TimeText, NotesATimeWithoutZone) {
    EXPECT_EQ(read("2025-01-24 09:20:46.847371"), "2025-01-24T09:20:46.847371Z assumed");
    EXPECT_EQ(read("Mar 17, 2023 5:07:59 PM"), "2023-03-17T17:07:59Z assumed");
    EXPECT_EQ(read("07/Dec/2016:11:05:07.123"), "2016-12-07T11:05:07.123000Z assumed");
}

TEST(TimeText, ReadsOtherLogsForms) {
    EXPECT_EQ(read("[17/May/2015:10:05:03 +0000]"), "2015-05-17T10:05:03Z");
    EXPECT_EQ(read("25/Oct/2016:14:49:33 +0200"), "2016-10-25T12:49:33Z");
    EXPECT_EQ(read("November 23, 2021T00:18:22 +0000"), "2021-11-23T00:18:22Z");
    EXPECT_EQ(read("11/3/2020 9:06:42 AM +00:00"), "2020-11-03T09:06:42Z");
    EXPECT_EQ(read("11/3/2020 12:06:42 AM +00:00"), "2020-11-03T00:06:42Z");
    EXPECT_EQ(read("11/3/2020 12:06:42 PM +00:00"), "2020-11-03T12:06:42Z");
}

TEST(TimeText, TellsEpochUnitsByMagnitude) {
    const auto wanted = base::event_time(1'712'578'982'435'000);
    EXPECT_EQ(epoch(std::int64_t{1'712'578'982'435}), wanted);
    EXPECT_EQ(epoch(std::int64_t{1'712'578'982'435'000}), wanted);
    EXPECT_EQ(epoch(std::int64_t{1'712'578'982'435'000'000}), wanted);
    EXPECT_EQ(epoch(1'712'578'982.435), wanted);
    EXPECT_EQ(read("1712578982435"), "2024-04-08T12:23:02.435000Z");
    EXPECT_EQ(read("1712578982.435"), "2024-04-08T12:23:02.435000Z");
    EXPECT_EQ(epoch(std::int64_t{0}), base::event_time(0));
}

TEST(TimeText, ReadsDotNetTicks) {
    EXPECT_EQ(base::to_rfc3339(*epoch(std::int64_t{638'481'757'794'854'611})),
              "2024-04-08T12:22:59.485461Z");
}

TEST(TimeText, TakesALeapSecondAsTheNextSecond) {
    EXPECT_EQ(read("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00Z");
}

TEST(TimeText, RefusesWhatIsOutOfRange) {
    for (const char* text : {"",
                             "now",
                             "2023-02-29T00:00:00Z",
                             "2023-13-01T00:00:00Z",
                             "2023-00-10T00:00:00Z",
                             "2023-01-32T00:00:00Z",
                             "2023-01-01T24:00:00Z",
                             "2023-01-01T00:60:00Z",
                             "2023-01-01T00:00:61Z",
                             "2026-01-01T00:00:00+99:99",
                             "2026-01-01T00:00:00+24:00",
                             "2023-01-01T00:00:00Zx",
                             "2023-01-01",
                             "0000-01-01T00:00:00Z",
                             "31/Foo/2015:10:05:03 +0000",
                             "2023-01-01T00:00:00.Z",
                             "1e308",
                             "-5",
                             "9223372036854775807",
                             "13/3/2020 9:06:42 AM",
                             "11/3/2020 13:06:42 PM",
                             "2023-01-01T00:00:00+",
                             "99999999999999999999"}) {
        EXPECT_EQ(read(text), "none") << text;
    }
    EXPECT_FALSE(epoch(-1.0));
    EXPECT_FALSE(epoch(1e308));
    EXPECT_FALSE(epoch(std::int64_t{INT64_MAX}));
    EXPECT_FALSE(read_time(call::Value::of(true)));
}

TEST(TimeText, ReadsTheMostCommonFormAsItsRelatives) {
    std::mt19937 random(3);
    for (int round = 0; round < 20'000; ++round) {
        std::string text = "2023-07-10T11:42:18";
        for (unsigned i = random() % 4; i-- > 0;) {
            text[random() % text.size()] = "0123456789-:Tx./"[random() % 16];
        }
        ASSERT_EQ(read(text + "Z"), read(text + "+00:00")) << text;
    }
}

}  // namespace
}  // namespace decode
