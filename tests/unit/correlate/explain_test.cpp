#include "correlate/explain.hpp"

#include "world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace {

using correlate::GroupValue;
using testing::ElementsAre;
using testing::IsEmpty;

correlate::Explained explained(const policy::Set& set, std::string_view policy,
                               const boost::json::object& fields,
                               const policy::LogSource& source = {}) {
    auto names = std::make_shared<call::Names>();
    set.want(*names);
    call::Batch batch(names);
    fake::append(batch, fields);
    return correlate::explain(set, world::index_of(set, policy), batch[0], source);
}

std::shared_ptr<const policy::Set> chain() {
    return world::load(
        world::rule("a") + world::rule("b") +
        world::correlation("c",
                           "    type: value_count\n    rules: [a, b]\n    group-by: [who]\n"
                           "    timespan: 10s\n    condition: { field: n, gte: 2 }\n"
                           "    aliases: { who: { a: user, b: account } }\n") +
        world::correlation("outer",
                           "    type: event_count\n    rules: [c]\n    group-by: [who]\n"
                           "    timespan: 1h\n    condition: { gte: 2 }\n"));
}

TEST(ExplainCall, NamesTheRulesOfACorrelationThatHoldAndTheGroup) {
    const auto set = chain();
    const auto out = explained(*set, "c", {{"kind", "b"}, {"account", "ann"}, {"n", 3}});
    EXPECT_TRUE(out.matched);
    ASSERT_EQ(out.rules.size(), 2u);
    EXPECT_FALSE(out.rules[0].matched);
    EXPECT_THAT(out.rules[0].group, IsEmpty());
    EXPECT_TRUE(out.rules[1].matched);
    EXPECT_THAT(out.rules[1].group, ElementsAre(GroupValue{"who", "ann"}));
    EXPECT_THAT(out.rules[1].values, ElementsAre(GroupValue{"n", "3"}));
}

TEST(ExplainCall, AnOuterCorrelationGroupsByWhatComesOutOfTheInner) {
    const auto set = chain();
    const auto out = explained(*set, "outer", {{"kind", "b"}, {"account", "ann"}, {"n", 3}});
    EXPECT_TRUE(out.matched);
    ASSERT_EQ(out.rules.size(), 1u);
    EXPECT_THAT(out.rules[0].group, ElementsAre(GroupValue{"who", "ann"}));
    EXPECT_FALSE(explained(*set, "outer", {{"kind", "z"}}).matched);
}

TEST(ExplainCall, ARuleForAnotherLogSourceDoesNotMatchThoughItsConditionHolds) {
    const auto set = world::load(world::rule("a"));
    const auto out = explained(*set, "a", {{"kind", "a"}}, {"photos", "", "audit"});
    EXPECT_FALSE(out.matched);
    EXPECT_TRUE(out.rule.matched);
    ASSERT_EQ(out.log_source.size(), 1u);
    EXPECT_EQ(out.log_source[0].dimension, "category");
    EXPECT_EQ(out.log_source[0].wanted, "api_call");
    EXPECT_EQ(out.log_source[0].got, "audit");
}

TEST(ExplainCall, TheGroupIsTheOneThatTheEngineCountsIn) {
    const auto set =
        world::load(world::rule("a") + world::correlation("c",
                                                          "    type: event_count\n    rules: [a]\n"
                                                          "    group-by: [x, y]\n    timespan: 1s\n"
                                                          "    condition: { gte: 1 }\n"));
    std::mt19937 random(7);
    for (int i = 0; i < 200; ++i) {
        boost::json::object fields{{"kind", "a"}};
        for (const char* name : {"x", "y"}) {
            const boost::json::value values[] = {
                "ann", 7, 2.5, true, nullptr, boost::json::array{1, 2}, boost::json::array{"one"}};
            const auto pick = random() % 8;
            if (pick < 7) fields[name] = values[pick];
        }
        world::Bench bench(set);
        bench.hit(1, "a", fields);
        ASSERT_EQ(bench.finish().size(), 1u);
        const auto out = explained(*set, "c", fields);
        ASSERT_TRUE(out.matched);
        EXPECT_EQ(out.rules[0].group, bench.fired[0].group) << boost::json::serialize(fields);
    }
}

}  // namespace
