#include "coverage/counters.hpp"

#include <gtest/gtest.h>

namespace coverage {
namespace {

TEST(Counters, AreReadInOrder) {
    const auto read = read_counters(
        "source,from,to,count\r\n"
        "edge,2026-01-31T11:00:00Z,2026-01-31T12:00:00+01:00,7\n");
    EXPECT_FALSE(read) << "it ends where it begins";
    const auto two = read_counters(
        "count,to,from,source\n"
        "7,2026-01-31T12:00:00Z,2026-01-31T11:00:00Z,edge\n"
        "0,2026-01-31T11:00:00Z,2026-01-31T10:00:00Z,edge\n");
    ASSERT_TRUE(two) << two.error().reason;
    ASSERT_EQ(two->size(), 2);
    EXPECT_EQ((*two)[0].count, 0);
    EXPECT_EQ((*two)[1].count, 7);
    EXPECT_EQ((*two)[1].span.to - (*two)[1].span.from, std::chrono::hours(1));
}

TEST(Counters, EveryProblemNamesItsLine) {
    const auto read = read_counters(
        "source,from,to,count\n"
        "Edge,2026-01-31T10:00:00Z,2026-01-31T11:00:00Z,7\n"
        "edge,2026-01-31T10:00:30Z,2026-01-31T11:00:00Z,7\n"
        "edge,yesterday,,7\n"
        "edge,2026-01-31T10:00:00Z,2026-01-31T11:00:00Z,-7\n"
        "edge,2026-01-31T11:00:00Z,2026-01-31T10:00:00Z,7\n"
        "edge,2026-02-01T10:00:00Z,2026-02-01T11:00:00Z,7\n"
        "edge,2026-02-01T10:59:00Z,2026-02-01T12:00:00Z,7\n");
    ASSERT_FALSE(read);
    for (const auto* part : {"line 2: source", "line 3: from: write a whole minute", "line 4: from",
                             "line 4: to: missing", "line 5: count: write a whole number",
                             "line 6: to: not behind from", "line 8: overlaps the time of line 7"})
        EXPECT_NE(read.error().reason.find(part), std::string::npos) << part << " in\n"
                                                                     << read.error().reason;
}

TEST(Counters, AFileWithoutOneIsRefused) {
    for (const auto* text : {"", "source,from,to,count\n", "a,b\n1,2\n"})
        EXPECT_FALSE(read_counters(text)) << text;
}

TEST(Counters, AColumnTooManyIsRefused) {
    const auto read = read_counters(
        "source,from,to,count,region\n"
        "edge,2026-01-31T10:00:00Z,2026-01-31T11:00:00Z,7,eu\n");
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().reason.find("column region: not known"), std::string::npos);
}

}  // namespace
}  // namespace coverage
