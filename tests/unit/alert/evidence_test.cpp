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
