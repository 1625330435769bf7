#include "world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using world::Bench;
using world::correlation;
using world::rule;

const std::string ten_seconds = "    group-by: [user]\n    timespan: 10s\n";

std::shared_ptr<const policy::Set> heartbeat(const std::string& more = "") {
    return world::load(rule("a") + correlation("gone", "    type: absence\n    rules: [a]\n" +
                                                           ten_seconds + more));
}

std::shared_ptr<const policy::Set> unanswered() {
    return world::load(rule("off") + rule("on") +
                       correlation("c", "    type: absence\n    rules: [off, on]\n" + ten_seconds));
}

std::vector<double> seconds_of(const std::vector<correlate::Firing>& fired) {
    std::vector<double> out;
    for (const auto& firing : fired)
        out.push_back(static_cast<double>(base::micros(firing.at)) / world::second);
    return out;
}

TEST(Absence, FiresWhenTheWatermarkPassesTheDeadlineAndAtThatTime) {
    Bench bench(heartbeat());
    bench.hit(1, "a", {{"user", "u"}});
    bench.hit(3, "a", {{"user", "u"}});
    bench.advance(12.999999);
    EXPECT_THAT(bench.fired, IsEmpty());
    bench.advance(13);
    ASSERT_EQ(bench.fired.size(), 1u);
    const auto& firing = bench.fired.front();
    EXPECT_EQ(firing.at, base::event_time(13 * world::second));
    EXPECT_EQ(firing.window_start, base::event_time(3 * world::second)) << "the last hit";
    EXPECT_EQ(firing.value, 2) << "hits before";
    EXPECT_EQ(firing.group.at(0).value, "u");
    EXPECT_EQ(firing.sample.size(), 2u);
    EXPECT_TRUE(firing.exact);
    EXPECT_EQ(bench.engine().stats().groups, 0u) << "nothing is left of it";
}

TEST(Absence, FiresOnceUntilTheGroupIsSeenAgain) {
    Bench bench(heartbeat());
    for (const double at : {1.0, 5.0, 100.0, 105.0}) bench.hit(at, "a");
    bench.hit(1'000, "a");
    EXPECT_THAT(bench.times("gone"), ElementsAre(15, 115));
}

TEST(Absence, AHitAtTheDeadlineIsInTime) {
    Bench bench(heartbeat());
    bench.hit(1, "a");
    bench.hit(11, "a");
    bench.hit(21.000001, "a");
    EXPECT_THAT(bench.times("gone"), ElementsAre(21));
}

TEST(Absence, TheEndOfAFileTellsOnlyWhatItsTimesReach) {
    Bench bench(heartbeat());
    bench.hit(1, "a", {{"user", "u"}});
    bench.hit(5, "a", {{"user", "v"}});
    bench.finish(14);
    EXPECT_THAT(seconds_of(bench.fired), ElementsAre(11));
}

TEST(Absence, CountsOnlyGroupsThatWereEstablished) {
    Bench bench(heartbeat("    at-least: 3\n"));
    for (const double at : {1.0, 2.0, 50.0, 51.0, 52.0, 100.0}) bench.hit(at, "a");
    EXPECT_THAT(bench.times("gone"), ElementsAre(62));
}

TEST(Absence, WaitsForTheSecondRuleAfterTheOldestOpenHitOfTheFirst) {
    Bench bench(unanswered());
    bench.hit(1, "off");
    bench.hit(2, "on");
    bench.hit(20, "off");
    bench.hit(25, "off");
    bench.hit(29, "off", {{"user", "other"}});
    bench.hit(29, "on", {{"user", "other"}});
    EXPECT_THAT(seconds_of(bench.finish(100)), ElementsAre(30));
    EXPECT_EQ(bench.fired[0].value, 2);
    EXPECT_EQ(bench.fired[0].sample.size(), 2u);
    EXPECT_EQ(bench.fired[0].window_start, base::event_time(20 * world::second));
}

TEST(Absence, WhatFollowsAtTheSameTimeFollowsWhicheverComesFirst) {
    Bench bench(unanswered());
    bench.hit(1, "off");
    bench.hit(1, "on");
    bench.hit(2, "on");
    bench.hit(2, "off");
    bench.hits(3, {"off", "on"});
    bench.hit(4, "off");
    bench.hit(14, "on");
    EXPECT_THAT(bench.finish(100), IsEmpty());
    EXPECT_EQ(bench.engine().stats().groups, 0u);
}

TEST(Absence, TheSecondRuleAloneKeepsNoGroup) {
    Bench bench(unanswered());
    for (int i = 0; i < 100; ++i) bench.hit(1 + i, "on", {{"user", i}});
    bench.advance(101);
    EXPECT_EQ(bench.engine().stats().groups, 0u);
}

TEST(Absence, TellsOuterPoliciesInTheOrderOfTime) {
    Bench bench(world::load(
        rule("a") + rule("b") +
        correlation("gone", "    type: absence\n    rules: [a]\n" + ten_seconds) +
        correlation("then_b", "    type: temporal_ordered\n    rules: [gone, b]\n" + ten_seconds) +
        correlation("b_first",
                    "    type: temporal_ordered\n    rules: [b, gone]\n" + ten_seconds)));
    bench.hit(1, "a");
    bench.hit(10.9, "b");
    bench.hit(12, "b");
    EXPECT_THAT(bench.times("then_b"), ElementsAre(12));
    EXPECT_THAT(bench.times("b_first"), ElementsAre(11));
}

TEST(Absence, ARestartKeepsTheWait) {
    Bench bench(unanswered());
    bench.hit(1, "off");
    bench.hit(3, "off", {{"user", "v"}});
    bench.advance(5);
    bench.restart();
    bench.hit(6, "on", {{"user", "v"}});
    bench.advance(7);
    const std::string state = bench.saved();
    bench.restart();
    EXPECT_EQ(bench.saved(), state);
    EXPECT_THAT(seconds_of(bench.finish(50)), ElementsAre(11));
}

TEST(Absence, ALateCallChangesNothing) {
    Bench bench(heartbeat());
    bench.hit(1, "a");
    bench.advance(6);
    bench.hit(5, "a");
    EXPECT_THAT(seconds_of(bench.finish(50)), ElementsAre(11));
}

TEST(Absence, AtTheCapThoseSeenLeastGoWithoutAWord) {
    correlate::Engine::Options options;
    options.groups_per_policy = 16;
    Bench bench(heartbeat(), options);
    for (int i = 0; i < 16; ++i) {
        bench.hit(1, "a", {{"user", i}});
        if (i != 7) bench.hit(2, "a", {{"user", i}});
    }
    bench.hit(3, "a", {{"user", 16}});
    bench.finish(100);
    EXPECT_EQ(bench.engine().stats().evicted, 1u);
    EXPECT_EQ(bench.fired.size(), 16u);
    for (const auto& firing : bench.fired) EXPECT_NE(firing.group.at(0).value, "7");
}

/// Nothing came in [from, to), and what came later does.
correlate::Sight hole(double from, double to) {
    return [=](policy::PolicyIndex, base::EventTime start, base::EventTime end) -> correlate::Seen {
        const auto at = [](double seconds) {
            return base::event_time(static_cast<std::int64_t>(seconds * world::second));
        };
        if (start >= at(to) || end < at(from)) return {};
        return {.lost = true, .until = base::micros(at(to))};
    };
}

TEST(Absence, IsNotToldOfATimeInWhichCallsWereLost) {
    Bench bench(heartbeat());
    bench.hit(1, "a", {{"user", "u"}});
    const auto sight = hole(5, 8);
    const auto advance = [&](double seconds) {
        bench.engine().advance(base::event_time(static_cast<std::int64_t>(seconds * world::second)),
                               bench.fired, &sight);
    };
    advance(17.5);
    EXPECT_THAT(bench.fired, IsEmpty()) << "a call may have come between 5 and 8";
    EXPECT_EQ(bench.engine().stats().blind, 1u);
    advance(18);
    EXPECT_THAT(seconds_of(bench.fired), ElementsAre(18)) << "ten seconds of silence since";
}

TEST(Absence, IsNotToldWhileCallsAreBeingLost) {
    Bench bench(heartbeat());
    bench.hit(1, "a", {{"user", "u"}});
    const auto sight = hole(5, 1'000);
    bench.engine().advance(base::event_time(900 * world::second), bench.fired, &sight);
    EXPECT_THAT(bench.fired, IsEmpty());
    EXPECT_EQ(bench.engine().stats().blind, 1u) << "not once for every ten seconds";
    bench.engine().advance(base::event_time(1'009 * world::second), bench.fired, &sight);
    EXPECT_THAT(bench.fired, IsEmpty());
    bench.engine().advance(base::event_time(1'011 * world::second), bench.fired, &sight);
    EXPECT_EQ(bench.fired.size(), 1u);
}

TEST(Absence, OfAnAnswerThatMayHaveBeenLostIsNeverTold) {
    Bench bench(unanswered());
    bench.hit(1, "off", {{"user", "u"}});
    const auto sight = hole(5, 8);
    bench.engine().advance(base::event_time(100 * world::second), bench.fired, &sight);
    EXPECT_THAT(bench.fired, IsEmpty());
    EXPECT_EQ(bench.engine().stats().groups, 0u);
    EXPECT_EQ(bench.engine().stats().blind, 1u);
}

TEST(Absence, IsToldWhenItIsKnownAndAfterARestartToo) {
    const correlate::Sight later = [](policy::PolicyIndex, base::EventTime,
                                      base::EventTime end) -> correlate::Seen {
        if (end >= base::event_time(15 * world::second)) return {};
        return {.lost = false, .until = 15 * world::second};
    };
    for (const bool restart : {false, true}) {
        Bench bench(heartbeat());
        bench.hit(1, "a", {{"user", "u"}});
        bench.engine().advance(base::event_time(12 * world::second), bench.fired, &later);
        EXPECT_THAT(bench.fired, IsEmpty());
        if (restart) bench.restart();
        bench.engine().advance(base::event_time(20 * world::second), bench.fired, &later);
        EXPECT_THAT(seconds_of(bench.fired), ElementsAre(15));
    }
}

}  // namespace
