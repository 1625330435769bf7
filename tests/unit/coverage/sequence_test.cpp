#include "coverage/sequence.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace coverage {
namespace {

using base::EventTime;
using std::chrono::minutes;
using std::chrono::seconds;

Report report(std::uint64_t first, std::uint64_t last, int minute = 0) {
    return {.source = "edge",
            .producer = "p",
            .numbers = {first, last},
            .records = true,
            .oldest = EventTime{minutes(minute)},
            .newest = EventTime{minutes(minute) + seconds(30)}};
}

TEST(Sequence, BeginsAnywhereAndGoesOn) {
    auto step = apply(std::nullopt, {}, report(17, 42));
    EXPECT_TRUE(step.open.empty());
    step = apply(step.progress, {}, report(43, 50));
    EXPECT_TRUE(step.open.empty());
    EXPECT_EQ(step.progress.next, 51);
}

TEST(Sequence, AHoleStandsBetweenWhatCameBeforeAndBehind) {
    const auto first = apply(std::nullopt, {}, report(1, 10, 0));
    const auto step = apply(first.progress, {}, report(14, 20, 60));
    ASSERT_EQ(step.open.size(), 1);
    EXPECT_TRUE(step.opened);
    EXPECT_EQ(step.open[0].numbers, (Numbers{11, 13}));
    EXPECT_EQ(step.open[0].from, EventTime{minutes(0)});
    EXPECT_EQ(step.open[0].to, EventTime{minutes(60)});
}

TEST(Sequence, AHoleIsAtLeastAMinute) {
    const auto first = apply(std::nullopt, {}, report(1, 10, 5));
    auto next = report(14, 20, 5);
    next.oldest = first.progress.newest;
    const auto step = apply(first.progress, {}, next);
    EXPECT_EQ(step.open.at(0).to - step.open.at(0).from, minutes(1));
}

TEST(Sequence, HolesAreWhatDidNotComeInAnyOrder) {
    std::mt19937 random(1);
    for (int round = 0; round < 500; ++round) {
        std::optional<Progress> progress;
        std::vector<Hole> holes;
        std::set<std::uint64_t> came;
        std::uint64_t begin = 0, end = 0;
        for (int i = 0; i < 25; ++i) {
            const std::uint64_t first = random() % 60 + 20, last = first + random() % 8;
            if (!progress) begin = first;
            const auto step = apply(progress, holes, report(first, last, i));
            progress = step.progress;
            holes = step.open;
            for (auto n = first; n <= last; ++n) came.insert(n);
            end = std::max(end, last + 1);
        }
        std::set<std::uint64_t> missing, found;
        for (auto n = begin; n < end; ++n)
            if (!came.contains(n)) missing.insert(n);
        for (const Hole& hole : holes) {
            EXPECT_LT(hole.from, hole.to);
            for (auto n = hole.numbers.first; n <= hole.numbers.last; ++n)
                EXPECT_TRUE(found.insert(n).second);
        }
        EXPECT_EQ(found, missing);
        EXPECT_EQ(progress->next, end);
    }
}

TEST(Sequence, ReportsInARowAreOne) {
    std::vector<Report> reports;
    gather(reports, report(1, 5, 0));
    auto other = report(9, 9, 0);
    other.producer = "q";
    gather(reports, other);
    gather(reports, report(6, 7, 3));
    gather(reports, report(9, 12, 4));
    ASSERT_EQ(reports.size(), 3);
    EXPECT_EQ(reports[0].numbers, (Numbers{1, 7}));
    EXPECT_EQ(reports[0].oldest, report(1, 1, 0).oldest);
    EXPECT_EQ(reports[0].newest, report(1, 1, 3).newest);
    EXPECT_EQ(reports[2].numbers, (Numbers{9, 12}));
}

TEST(Sequence, IsReadFromAHeader) {
    EXPECT_EQ(parse_sequence("17")->numbers, (Numbers{17, 17}));
    EXPECT_FALSE(parse_sequence("17")->records);
    EXPECT_EQ(parse_sequence("0-42")->numbers, (Numbers{0, 42}));
    EXPECT_TRUE(parse_sequence("0-42")->records);
    for (const auto* text : {"", "-", "1-", "-1", "5-4", "1-2-3", " 1", "x", "9223372036854775807",
                             "99999999999999999999"})
        EXPECT_FALSE(parse_sequence(text)) << text;
}

}  // namespace
}  // namespace coverage
