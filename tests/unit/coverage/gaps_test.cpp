#include "coverage/gaps.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace coverage {
namespace {

using base::EventTime;
using std::chrono::minutes;

EventTime at(int minute) {
    return EventTime{minutes(minute)};
}
Span span(int from, int to) {
    return {at(from), at(to)};
}
std::vector<EventTime> every(int step, int from, int to) {
    std::vector<EventTime> out;
    for (int i = from; i < to; i += step) out.push_back(at(i));
    return out;
}
/// The times between minutes with a sign of life.
std::vector<Span> quiet(const std::vector<EventTime>& alive) {
    std::vector<Span> signs;
    for (const auto minute : alive) signs.push_back({minute, minute + minutes(1)});
    return without({{EventTime::min(), EventTime::max()}},
                   joined(signs, EventTime::min(), EventTime::max()));
}
std::set<int> minutes_of(const std::vector<Span>& spans) {
    std::set<int> out;
    for (const Span& one : spans)
        for (auto t = one.from; t < one.to; t += minutes(1))
            out.insert(static_cast<int>(t.time_since_epoch() / minutes(1)));
    return out;
}
std::vector<Span> some_spans(std::mt19937& random) {
    std::vector<Span> out;
    for (unsigned i = random() % 6; i > 0; --i) {
        const int from = static_cast<int>(random() % 60);
        out.push_back(span(from, from + static_cast<int>(random() % 12)));
    }
    return out;
}

TEST(Spans, AreSetsOfMinutes) {
    std::mt19937 random(1);
    for (int round = 0; round < 2'000; ++round) {
        const auto a = some_spans(random), b = some_spans(random);
        const auto all = joined(a, at(5), at(55)), taken = joined(b, at(0), at(80));
        std::set<int> expected;
        for (const int minute : minutes_of(a))
            if (minute >= 5 && minute < 55) expected.insert(minute);
        EXPECT_EQ(minutes_of(all), expected);
        EXPECT_EQ(total(all), minutes(static_cast<int>(expected.size())));
        for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LT(all[i - 1].to, all[i].from);
        for (const int minute : minutes_of(taken)) expected.erase(minute);
        EXPECT_EQ(minutes_of(without(all, taken)), expected);
    }
}

TEST(Silence, AnHourWithoutASignIsAGap) {
    auto alive = every(1, -60, 60);
    const auto rest = every(1, 120, 300);
    alive.insert(alive.end(), rest.begin(), rest.end());
    const auto found = silence(quiet(alive), {{at(-1'000), minutes(5)}}, span(0, 240), at(300));
    EXPECT_EQ(found.silent, std::vector{span(60, 120)});
    EXPECT_TRUE(found.no_expectation.empty());
}

TEST(Silence, AsOftenAsDeclaredIsNoGap) {
    const auto found =
        silence(quiet(every(5, -100, 300)), {{at(-1'000), minutes(5)}}, span(0, 200), at(300));
    EXPECT_TRUE(found.silent.empty());
}

TEST(Silence, BeginsWithTheDeclaration) {
    const auto found = silence(quiet({}), {{at(50), minutes(5)}}, span(0, 100), at(300));
    EXPECT_EQ(found.silent, std::vector{span(50, 100)});
    EXPECT_EQ(found.no_expectation, std::vector{span(0, 50)});
}

TEST(Silence, OfOneWhoDeclaredNothingIsUnknown) {
    for (const auto& expected : {std::vector<Expectation>{}, {{at(-10), std::nullopt}}}) {
        const auto found = silence(quiet(every(1, 0, 100)), expected, span(0, 100), at(300));
        EXPECT_TRUE(found.silent.empty());
        EXPECT_EQ(found.no_expectation, std::vector{span(0, 100)});
    }
}

TEST(Silence, OfASourceThatIsNoneAnyMoreIsNoGap) {
    const auto found = silence(quiet({}), {{at(-10), minutes(5)}, {at(40), std::nullopt, false}},
                               span(0, 100), at(300));
    EXPECT_EQ(found.silent, std::vector{span(0, 40)});
    EXPECT_TRUE(found.no_expectation.empty());
}

TEST(Silence, TheRhythmInForceCounts) {
    const std::vector<Expectation> expected{{at(0), minutes(5)}, {at(100), minutes(30)}};
    const auto found = silence(quiet(every(20, 0, 200)), expected, span(0, 200), at(200));
    // Every 20 minutes is too seldom for the first, and enough for the second.
    EXPECT_EQ(found.silent.size(), 5);
    EXPECT_EQ(found.silent.back().to, at(100));
}

TEST(Silence, NothingIsDueYet) {
    const auto found =
        silence(quiet(every(1, 0, 98)), {{at(-10), minutes(5)}}, span(0, 1'000), at(100));
    EXPECT_TRUE(found.silent.empty());
}

TEST(Silence, AtTheEdgeCountsWhatIsOutside) {
    // 4 minutes of it are inside, 7 before.
    const auto alive = std::vector{at(-8), at(4)};
    const auto found = silence(quiet(alive), {{at(-100), minutes(5)}}, span(0, 5), at(5));
    EXPECT_EQ(found.silent, std::vector{span(0, 4)});
}

TEST(Silence, EqualsCountingMinuteByMinute) {
    std::mt19937 random(7);
    for (int round = 0; round < 2'000; ++round) {
        const int rhythm = 1 + static_cast<int>(random() % 6);
        const int since = static_cast<int>(random() % 40) - 20;
        const int now = 40 + static_cast<int>(random() % 60);
        std::set<int> live;
        for (int i = 0; i < 20; ++i) live.insert(static_cast<int>(random() % 140) - 20);
        std::set<int> expected;
        int run = since;
        for (int minute = since; minute <= now; ++minute) {
            if (minute < now && !live.contains(minute)) continue;
            if (minute - run > rhythm)
                for (int i = run; i < minute; ++i)
                    if (i >= 0 && i < 80) expected.insert(i);
            run = minute + 1;
        }
        std::vector<EventTime> alive;
        for (const int minute : live) alive.push_back(at(minute));
        const auto found =
            silence(quiet(alive), {{at(since), minutes(rhythm)}}, span(0, 80), at(now));
        EXPECT_EQ(minutes_of(found.silent), expected);
    }
}

TEST(Acknowledged, CutsAGapWhereItIsKnown) {
    const std::vector<Gap> gaps{{.source = "a", .from = at(0), .to = at(60)}};
    const auto out = acknowledged(
        gaps,
        {{.source = "a", .cause = Cause::silent, .span = span(10, 20), .note = "ann: moved"}});
    ASSERT_EQ(out.size(), 3);
    EXPECT_FALSE(out[0].acknowledged);
    EXPECT_TRUE(out[1].acknowledged);
    EXPECT_EQ(out[1].from, at(10));
    EXPECT_EQ(out[1].to, at(20));
    EXPECT_EQ(out[1].note, "ann: moved");
    EXPECT_FALSE(out[2].acknowledged);
}

TEST(Acknowledged, IsOfOneSourceAndCause) {
    const std::vector<Gap> gaps{{.source = "a", .from = at(0), .to = at(60)}};
    EXPECT_EQ(acknowledged(gaps, {{"b", Cause::silent, span(0, 60), ""}}), gaps);
    EXPECT_EQ(acknowledged(gaps, {{"a", Cause::clock, span(0, 60), ""}}), gaps);
}

TEST(Acknowledged, CountedLossIsKnownWhollyOrNot) {
    const std::vector<Gap> gaps{
        {.source = "a", .from = at(0), .to = at(60), .cause = Cause::counter, .lost = 7}};
    EXPECT_EQ(acknowledged(gaps, {{"a", Cause::counter, span(0, 59), ""}}), gaps);
    const auto out = acknowledged(gaps, {{"a", Cause::counter, span(0, 61), "ann"}});
    ASSERT_EQ(out.size(), 1);
    EXPECT_TRUE(out[0].acknowledged);
    EXPECT_EQ(out[0].lost, 7);
}

TEST(Acknowledged, LosesNoMinute) {
    std::mt19937 random(11);
    for (int round = 0; round < 1'000; ++round) {
        std::vector<Gap> gaps;
        for (const Span& one : joined(some_spans(random), at(0), at(80)))
            gaps.push_back({.source = "a", .from = one.from, .to = one.to});
        std::vector<Acknowledgement> known;
        std::vector<Span> spans;
        for (const Span& one : some_spans(random)) {
            known.push_back({"a", Cause::silent, one, "x"});
            spans.push_back(one);
        }
        std::vector<Span> before, yes, no;
        for (const Gap& gap : gaps) before.push_back({gap.from, gap.to});
        for (const Gap& gap : acknowledged(gaps, known))
            (gap.acknowledged ? yes : no).push_back({gap.from, gap.to});
        const auto taken = joined(spans, at(0), at(80));
        EXPECT_EQ(minutes_of(no), minutes_of(without(before, taken)));
        auto both = minutes_of(yes);
        both.merge(minutes_of(no));
        EXPECT_EQ(both, minutes_of(before));
    }
}

TEST(GapId, IsReadAsItIsWritten) {
    for (const auto* source : {"edge-1", ""}) {
        const Gap gap{.source = source, .from = at(1), .to = at(7), .cause = Cause::not_retained};
        const auto read = parse_gap_id(id_of(gap));
        ASSERT_TRUE(read);
        EXPECT_EQ(*read, gap);
    }
    EXPECT_EQ(id_of({.source = "edge", .from = at(0), .to = at(60)}),
              "edge/silent/1970-01-01T00:00:00Z/1970-01-01T01:00:00Z");
}

TEST(GapId, ThatIsNoneIsRefused) {
    for (const auto* text :
         {"", "edge", "edge/quiet/1970-01-01/1970-01-02", "edge/silent/1970-01-02/1970-01-01",
          "edge/silent/1970-01-01", "edge/silent/1970-01-01/1970-01-02/x",
          "/silent/1970-01-01/1970-01-02"})
        EXPECT_FALSE(parse_gap_id(text)) << text;
}

}  // namespace
}  // namespace coverage
