#include "alert/evidence.hpp"

#include "policies.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace {

std::string number_of(const correlate::Firing& firing, const policy::Set& set) {
    return boost::json::serialize(alert::evidence_of(set, firing).at("number"));
}

TEST(Evidence, OfANewValueComparesNothingAndSaysHowLongTheGroupLearned) {
    const auto set = fixture::load(
        fixture::rule("a") +
        fixture::correlation("p",
                             "    type: new_value\n    group-by: [key_uid]\n    timespan: 30d\n"
                             "    learn: 1d\n    condition: { field: ip }\n"));
    ASSERT_NE(set, nullptr);
    const auto firing = fixture::firing(*set, "p", 1, {{"key_uid", "k1"}}, 4);
    EXPECT_EQ(number_of(firing, *set),
              R"({"value":4E0,"exact":true,"fields":["ip"],"bounds":[],"learn_seconds":8.64E4})");
}

TEST(Evidence, OfAJointPolicySaysWhichRulesHeldAndWhatTheyWeigh) {
    const auto set = fixture::load(fixture::rule("a") + fixture::rule("b") + fixture::rule("d") +
                                   "title: P\nname: p\ncorrelation:\n    type: joint\n"
                                   "    rules: [a, b, d]\n    timespan: 1h\n"
                                   "    weights: { d: 2 }\n    condition: { gte: 3 }\n");
    ASSERT_NE(set, nullptr);
    auto firing = fixture::firing(*set, "p", 1, {}, 3);
    firing.held = {0, 2};
    const auto rules = alert::evidence_of(*set, firing).at("rules").as_array();
    ASSERT_EQ(rules.size(), 3u);
    EXPECT_EQ(rules[0].at("held"), true);
    EXPECT_EQ(rules[1].at("held"), false);
    EXPECT_EQ(rules[2].at("held"), true);
    EXPECT_EQ(rules[1].at("weight"), 1u);
    EXPECT_EQ(rules[2].at("weight"), 2u);
}

TEST(Evidence, OfARatioHasBothCounts) {
    const auto set = fixture::load(fixture::rule("a") + fixture::rule("b") +
                                   "title: P\nname: p\ncorrelation:\n    type: ratio\n"
                                   "    rules: [a, b]\n    timespan: 1h\n    at-least: 20\n"
                                   "    condition: { gte: 0.8 }\n");
    ASSERT_NE(set, nullptr);
    auto firing = fixture::firing(*set, "p", 1, {}, 41.0 / 50);
    firing.total = 50;
    const auto number = alert::evidence_of(*set, firing).at("number").as_object();
    EXPECT_EQ(number.at("numerator"), 41);
    EXPECT_EQ(number.at("denominator"), 50u);
    EXPECT_EQ(number.at("at_least"), 20u);
    EXPECT_EQ(number.at("over"), "second");
}

}  // namespace
