#include "world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using world::Bench;
using world::correlation;
using world::rule;

std::shared_ptr<const policy::Set> counting(const std::string& condition,
                                            const std::string& span = "10s") {
    return world::load(rule("a") + correlation("c",
                                               "    type: event_count\n    rules: [a]\n"
                                               "    group-by: [user]\n    timespan: " +
                                                   span + "\n    condition: " + condition + "\n"));
}

TEST(Engine, FiresOnceForABurst) {
    Bench bench(counting("{ gte: 3 }"));
    for (const double at : {1.0, 2.0, 3.0, 4.0, 5.0, 6.0}) bench.hit(at, "a", {{"user", "ann"}});
    EXPECT_THAT(bench.times("c"), ElementsAre(3));
    EXPECT_EQ(bench.fired[0].value, 3);
    EXPECT_EQ(bench.fired[0].window_start, base::event_time(-7 * world::second));
    ASSERT_EQ(bench.fired[0].group.size(), 1u);
    EXPECT_EQ(bench.fired[0].group[0], (correlate::GroupValue{"user", "ann"}));
    EXPECT_EQ(bench.fired[0].sample.size(), 3u);
    EXPECT_TRUE(bench.fired[0].exact);
}

TEST(Engine, RulesThatHoldAtOneTimeFireInTheOrderOfTheirCalls) {
    Bench bench(world::load(rule("a") + rule("b")));
    const auto& set = bench.set();
    constexpr std::uint64_t calls = 100;
    for (std::uint64_t n = 0; n < calls; ++n) {  // in any order of arrival
        const std::uint64_t id = 1 + n * 37 % calls;
        bench.observe({world::second, id, {}, {world::index_of(set, id % 2 == 0 ? "a" : "b")}}, id);
    }
    std::vector<std::uint64_t> found;
    for (const auto& firing : bench.finish()) found.push_back(firing.sample.at(0).block);
    ASSERT_EQ(found.size(), calls);
    EXPECT_TRUE(std::is_sorted(found.begin(), found.begin() + calls / 2)) << "of the first rule";
    EXPECT_TRUE(std::is_sorted(found.begin() + calls / 2, found.end())) << "of the second";
}

TEST(Engine, BothEndsOfTheWindowBelongToIt) {
    Bench inside(counting("{ gte: 2 }"));
    inside.hit(0, "a");
    inside.hit(10, "a");
    EXPECT_THAT(inside.times("c"), ElementsAre(10));
    Bench outside(counting("{ gte: 2 }"));
    outside.hit(0, "a");
    outside.hit(10.000001, "a");
    EXPECT_THAT(outside.times("c"), IsEmpty());
}

TEST(Engine, TheWindowSlides) {
    Bench bench(counting("{ gte: 3 }"));
    for (const double at : {8.0, 9.0, 12.0}) bench.hit(at, "a");
    EXPECT_THAT(bench.times("c"), ElementsAre(12));
    Bench spread(counting("{ gte: 3 }", "60s"));
    for (const double at : {0.0, 1.0, 200.0}) spread.hit(at, "a");
    EXPECT_THAT(spread.times("c"), IsEmpty());
}

TEST(Engine, FiresAgainOnceTheConditionHasBeenFalse) {
    Bench bench(counting("{ gte: 2 }"));
    for (const double at : {0.0, 1.0, 2.0, 30.0, 31.0}) bench.hit(at, "a");
    EXPECT_THAT(bench.times("c"), ElementsAre(1, 31));
    EXPECT_EQ(bench.fired[1].episode, 0u) << "the group was forgotten in between";
}

TEST(Engine, ExpiryBetweenTwoHitsArmsAgain) {
    Bench bench(counting("{ gte: 2 }"));
    // At 10.5 only the hit at 1 is left before the new one: the condition was false for a moment.
    for (const double at : {0.0, 1.0, 10.5}) bench.hit(at, "a");
    EXPECT_THAT(bench.times("c"), ElementsAre(1, 10.5));
    EXPECT_EQ(bench.fired[1].episode, 1u);
    Bench steady(counting("{ gte: 2 }"));
    for (const double at : {0.0, 1.0, 2.0, 10.5}) steady.hit(at, "a");
    EXPECT_THAT(steady.times("c"), ElementsAre(1)) << "two were left all the time";
}

TEST(Engine, ARangeFallsWhenItsTopIsPassedAndWhenHitsExpire) {
    Bench bench(counting("{ gte: 2, lt: 4 }"));
    for (const double at : {0.0, 1.0, 2.0, 3.0, 4.0}) bench.hit(at, "a");
    bench.hit(13.5, "a");  // 4 and 13.5 are left: 2 again
    EXPECT_THAT(bench.times("c"), ElementsAre(1, 13.5));
}

TEST(Engine, LessThanHoldsFromTheFirstHitAndNotInAnEmptyWindow) {
    Bench bench(counting("{ lt: 3 }"));
    for (const double at : {0.0, 1.0, 2.0, 100.0}) bench.hit(at, "a");
    EXPECT_THAT(bench.times("c"), ElementsAre(0, 100));
}

TEST(Engine, FractionsAreCompared) {
    Bench bench(counting("{ gt: 1.5 }"));
    bench.hit(0, "a");
    bench.hit(1, "a");
    EXPECT_THAT(bench.times("c"), ElementsAre(1));
}

TEST(Engine, GroupsAreTuplesOfExactTextAndAbsentIsOneOfThem) {
    Bench bench(world::load(rule("a") + correlation("c",
                                                    "    type: event_count\n    rules: [a]\n"
                                                    "    group-by: [x, y]\n    timespan: 10s\n"
                                                    "    condition: { gte: 2 }\n")));
    bench.hit(0, "a", {{"x", "ab"}, {"y", "c"}});
    bench.hit(1, "a", {{"x", "a"}, {"y", "bc"}});
    bench.hit(2, "a", {{"x", "AB"}, {"y", "c"}});
    bench.hit(3, "a", {{"x", ""}});
    bench.hit(4, "a", {});
    bench.hit(5, "a", {{"y", "c"}});
    EXPECT_THAT(bench.times("c"), IsEmpty());
    Bench same(world::load(rule("a") + correlation("c",
                                                   "    type: event_count\n    rules: [a]\n"
                                                   "    group-by: [x, y]\n    timespan: 10s\n"
                                                   "    condition: { gte: 2 }\n")));
    same.hit(0, "a", {{"x", 7}});
    same.hit(1, "a", {{"x", "7"}, {"y", nullptr}});
    same.hit(2, "a", {{"x", boost::json::array{"7"}}});
    same.hit(3, "a", {{"x", boost::json::object{{"z", 1}}}});
    EXPECT_THAT(same.times("c"), ElementsAre(1, 3)) << "a list and an object count as absent";
    EXPECT_EQ(same.fired[0].group[0].value, "7");
    EXPECT_EQ(same.fired[0].group[1].value, std::nullopt);
}

TEST(Engine, OneCallThatMatchesTwoListedRulesCountsOnce) {
    Bench bench(
        world::load(rule("a") + rule("b") +
                    correlation("c",
                                "    type: event_count\n    rules: [a, b]\n    group-by: [user]\n"
                                "    timespan: 10s\n    condition: { gte: 3 }\n")));
    bench.hits(0, {"a", "b"});
    bench.hits(1, {"a"});
    bench.hits(2, {"b"});
    EXPECT_THAT(bench.times("c"), ElementsAre(2));
}

TEST(Engine, IdenticalRecordsAreTwoCalls) {
    const auto set = counting("{ gte: 2 }");
    Bench bench(set);
    const world::Event event{5, 77, {}, {world::index_of(*set, "a")}};
    bench.observe(event, 1);
    bench.observe(event, 2);
    EXPECT_EQ(bench.times("c").size(), 1u);
}

TEST(Engine, AliasesNameTheFieldOfEachRule) {
    Bench bench(
        world::load(rule("a") + rule("b") +
                    correlation("c",
                                "    type: temporal\n    rules: [a, b]\n    group-by: [actor]\n"
                                "    timespan: 5m\n    aliases:\n"
                                "        actor: { a: login.user, b: changed_by }\n")));
    bench.hit(0, "a", {{"login", {{"user", "ann"}}}, {"changed_by", "bob"}});
    bench.hit(30, "b", {{"changed_by", "ann"}});
    EXPECT_THAT(bench.times("c"), ElementsAre(30));
    EXPECT_EQ(bench.fired[0].group[0], (correlate::GroupValue{"actor", "ann"}));
}

TEST(Engine, ValueCountLeavesOutCallsWithoutTheField) {
    Bench bench(world::load(rule("a") +
                            correlation("c",
                                        "    type: value_count\n    rules: [a]\n    timespan: 10s\n"
                                        "    condition: { field: key, gte: 2 }\n")));
    bench.hit(0, "a", {{"key", "k1"}});
    bench.hit(1, "a", {{"key", nullptr}});
    bench.hit(2, "a", {});
    bench.hit(3, "a", {{"key", "k1"}});
    bench.hit(4, "a", {{"key", "K1"}});
    EXPECT_THAT(bench.times("c"), ElementsAre(4));
    EXPECT_EQ(bench.fired[0].value, 2);
}

TEST(Engine, SumsLeaveOutTextThatLooksLikeANumber) {
    Bench bench(world::load(rule("a") +
                            correlation("c",
                                        "    type: value_sum\n    rules: [a]\n    timespan: 5m\n"
                                        "    condition: { field: mb, gte: 100 }\n")));
    bench.hit(0, "a", {{"mb", 60}});
    bench.hit(1, "a", {{"mb", "39"}});
    bench.hit(2, "a", {{"mb", 39}});
    bench.hit(3, "a", {{"mb", 1.0}});
    EXPECT_THAT(bench.times("c"), ElementsAre(3));
    EXPECT_EQ(bench.fired[0].value, 100);
}

const char* const ordered_body =
    "    type: temporal_ordered\n    rules: [a, b]\n    timespan: 15m\n";

TEST(Engine, OrderMatters) {
    Bench wrong(world::load(rule("a") + rule("b") + correlation("c", ordered_body)));
    wrong.hit(0, "b");
    wrong.hit(5, "a");
    EXPECT_THAT(wrong.times("c"), IsEmpty());
    Bench right(world::load(rule("a") + rule("b") + correlation("c", ordered_body)));
    right.hit(0, "b");
    right.hit(60, "a");
    right.hit(90, "b");
    EXPECT_THAT(right.times("c"), ElementsAre(90));
}

TEST(Engine, EqualTimesAreInOrder) {
    Bench bench(world::load(rule("a") + rule("b") + correlation("c", ordered_body)));
    bench.hit(5, "b");
    bench.hit(5, "a");
    EXPECT_THAT(bench.times("c"), ElementsAre(5));
    Bench one_call(world::load(rule("a") + rule("b") + correlation("c", ordered_body)));
    one_call.hits(5, {"a", "b"});
    EXPECT_THAT(one_call.times("c"), ElementsAre(5));
}

TEST(Engine, ANegatedRuleOfTheSameCallIsSeen) {
    Bench bench(world::load(rule("a") + rule("b") +
                            correlation("c",
                                        "    type: temporal\n    rules: [a, b]\n    timespan: 10s\n"
                                        "    condition: a and not b\n")));
    bench.hits(0, {"a", "b"});
    bench.hit(11, "a");
    EXPECT_THAT(bench.times("c"), ElementsAre(11));
}

TEST(Engine, AnInnerCorrelationCompletesItsOuterOne) {
    const std::string inner =
        correlation("inner",
                    "    type: event_count\n    rules: [b]\n    group-by: [user]\n"
                    "    timespan: 10m\n    condition: { gte: 2 }\n");
    const std::string outer =
        correlation("outer",
                    "    type: temporal_ordered\n    rules: [a, inner]\n    group-by: [user]\n"
                    "    timespan: 1h\n");
    Bench bench(world::load(rule("a") + rule("b") + outer + inner));
    bench.hit(0, "a", {{"user", "ann"}});
    bench.hit(100, "b", {{"user", "ann"}});
    bench.hit(150, "b", {{"user", "bob"}});
    bench.hit(160, "b", {{"user", "ann"}});
    EXPECT_THAT(bench.times("outer"), ElementsAre(160));
    ASSERT_EQ(bench.fired.size(), 1u) << "the inner one only feeds the outer one";
    EXPECT_EQ(bench.fired[0].group[0].value, "ann");
}

TEST(Engine, AnInnerCorrelationThatGeneratesFiresToo) {
    const std::string text =
        rule("a") +
        correlation("inner",
                    "    type: event_count\n    rules: [a]\n    timespan: 10s\n"
                    "    condition: { gte: 2 }\n",
                    "generate: true\n") +
        correlation("outer",
                    "    type: event_count\n    rules: [inner]\n    timespan: 60s\n"
                    "    condition: { gte: 1 }\n");
    Bench bench(world::load(text));
    bench.hit(0, "a");
    bench.hit(1, "a");
    EXPECT_THAT(bench.times("inner"), ElementsAre(1));
    EXPECT_THAT(bench.times("outer"), ElementsAre(1));
}

TEST(Engine, ARuleNobodyRefersToFiresForEachMatch) {
    Bench bench(world::load(rule("r", "callerprint: { subject: tenant }\n")));
    bench.hit(1, "r", {{"tenant_uid", "t1"}});
    bench.hit(2, "r", {{"tenant_uid", "t1"}});
    EXPECT_THAT(bench.times("r"), ElementsAre(1, 2));
    EXPECT_EQ(bench.fired[0].group[0].value, "t1");
    EXPECT_EQ(bench.fired[0].sample.size(), 1u);
}

TEST(Engine, AQuietRuleFiresOnceForASubjectInItsQuietTime) {
    Bench bench(world::load(rule("r", "callerprint: { subject: tenant, quiet: 1h }\n")));
    for (const double at : {0.0, 10.0, 3599.0, 3600.0, 3601.0}) {
        bench.hit(at, "r", {{"tenant_uid", "t1"}});
    }
    bench.hit(20, "r", {{"tenant_uid", "t2"}});
    EXPECT_THAT(bench.times("r"), ElementsAre(0, 20, 3600));
}

TEST(Engine, AMatchBehindTheWatermarkIsCountedAndNotApplied) {
    Bench bench(counting("{ gte: 2 }"));
    bench.hit(5, "a");
    bench.advance(6);
    bench.hit(6, "a");
    EXPECT_EQ(bench.engine().stats().late, 1u);
    bench.hit(6.000001, "a");
    EXPECT_THAT(bench.times("c"), ElementsAre(6.000001));
    EXPECT_EQ(bench.fired[0].sample.size(), 2u);
}

TEST(Engine, WaitsForTheWatermark) {
    Bench bench(counting("{ gte: 2 }"));
    bench.hit(2, "a");
    bench.hit(1, "a");
    bench.advance(1.5);
    EXPECT_THAT(bench.fired, IsEmpty());
    EXPECT_EQ(bench.engine().stats().buffered, 1u);
    bench.advance(1);  // never goes back
    EXPECT_EQ(bench.engine().watermark(), base::event_time(1'500'000));
    bench.advance(2);
    EXPECT_EQ(bench.fired.size(), 1u);
}

TEST(Engine, ForgetsGroupsWhoseWindowIsOver) {
    Bench bench(counting("{ gte: 3 }"));
    for (int i = 0; i < 1'000; ++i) bench.hit(i * 0.001, "a", {{"user", i}});
    bench.advance(5);
    EXPECT_EQ(bench.engine().stats().groups, 1'000u);
    bench.advance(20);
    EXPECT_EQ(bench.engine().stats().groups, 0u);
    EXPECT_LT(bench.engine().stats().bytes, 100'000u);
}

TEST(Engine, AtTheCapTheGroupsWithFewestMatchesGo) {
    correlate::Engine::Options options;
    options.groups_per_policy = 100;
    Bench bench(counting("{ gte: 50 }", "1h"), options);
    double at = 0;
    for (int i = 0; i < 20; ++i) bench.hit(at += 0.001, "a", {{"user", "heavy"}});
    for (int i = 0; i < 10'000; ++i) bench.hit(at += 0.001, "a", {{"user", i}});
    for (int i = 0; i < 30; ++i) bench.hit(at += 0.001, "a", {{"user", "heavy"}});
    EXPECT_EQ(bench.times("c").size(), 1u) << "the one that counts was kept through the flood";
    EXPECT_GE(bench.engine().stats().evicted, 9'900u);
}

TEST(Engine, EvictionDoesNotDependOnArrival) {
    correlate::Engine::Options options;
    options.groups_per_policy = 16;
    const auto run = [&](bool reversed, int batch) {
        Bench bench(counting("{ gte: 3 }", "1h"), options);
        std::vector<world::Event> events;
        std::uint64_t state = 1;
        for (int i = 0; i < 3'000; ++i) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            events.push_back({i * 1'000,
                              state,
                              {{"user", static_cast<int>((state >> 40) % 60)}},
                              {world::index_of(bench.set(), "a")}});
        }
        for (std::size_t from = 0; from < events.size(); from += static_cast<std::size_t>(batch)) {
            const auto to = std::min(events.size(), from + static_cast<std::size_t>(batch));
            if (reversed)
                std::reverse(events.begin() + static_cast<std::ptrdiff_t>(from),
                             events.begin() + static_cast<std::ptrdiff_t>(to));
            std::int64_t newest = 0;
            for (std::size_t i = from; i < to; ++i) {
                bench.observe(events[i]);
                newest = std::max(newest, events[i].time);
            }
            bench.engine().advance(base::event_time(newest), bench.fired);
        }
        return std::pair(bench.times("c"), bench.engine().stats().evicted);
    };
    const auto expected = run(false, 3'000);
    EXPECT_FALSE(expected.first.empty());
    EXPECT_GT(expected.second, 100u);
    EXPECT_EQ(run(true, 3'000), expected);
    EXPECT_EQ(run(true, 50), expected);
    EXPECT_EQ(run(false, 1), expected);
}

TEST(Engine, AThresholdAboveTheExactSizeIsStillCounted) {
    Bench bench(counting("{ gte: 12000 }", "1h"));
    const auto set = std::vector<policy::PolicyIndex>{world::index_of(bench.set(), "a")};
    for (int i = 0; i < 13'000; ++i)
        bench.observe({i * 1'000, static_cast<std::uint64_t>(i), {}, set});
    EXPECT_EQ(bench.times("c").size(), 1u);
    EXPECT_FALSE(bench.fired[0].exact);
    EXPECT_EQ(bench.fired[0].value, 12'000);
    EXPECT_EQ(bench.engine().stats().inexact, 1u);
}

TEST(Engine, RepeatsTellThatAnEpisodeGoesOn) {
    correlate::Engine::Options options;
    options.repeat_every = std::chrono::seconds{60};
    Bench bench(world::load(rule("r", "callerprint: { subject: tenant, quiet: 1h }\n")), options);
    for (int i = 0; i <= 200; i += 10) bench.hit(i, "r", {{"tenant_uid", "t1"}});
    bench.finish();
    std::uint64_t repeats = 0;
    ASSERT_GE(bench.fired.size(), 3u);
    EXPECT_FALSE(bench.fired[0].repeat);
    for (std::size_t i = 1; i < bench.fired.size(); ++i) {
        EXPECT_TRUE(bench.fired[i].repeat);
        repeats += bench.fired[i].matches;
    }
    EXPECT_EQ(repeats, 20u) << "all matches after the one that fired";
    EXPECT_LE(bench.fired.size(), 6u);
    EXPECT_EQ(base::micros(bench.fired.back().at), 200 * world::second);
}

TEST(Engine, TimesAtTheEndsOfTheRangeAreHarmless) {
    const auto set = counting("{ gte: 2 }", "7d");
    Bench bench(set);
    const std::vector<policy::PolicyIndex> a{world::index_of(*set, "a")};
    const std::int64_t highest = std::numeric_limits<std::int64_t>::max();
    const std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
    for (const std::int64_t time : {highest, lowest, lowest, highest, std::int64_t{0}}) {
        bench.observe({time, 1, {}, a});
    }
    EXPECT_EQ(bench.times("c").size(), 2u);
}

TEST(Engine, WhatAHugeTextNeededIsGivenBack) {
    Bench bench(counting("{ gte: 2 }"));
    bench.hit(1, "a", {{"user", std::string(4'000'000, 'x')}});
    bench.finish();
    EXPECT_LT(bench.engine().stats().bytes, 1'000'000u);
}

}  // namespace
