#include "alert/explain.hpp"

#include "policies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

namespace {

using testing::HasSubstr;
using testing::Not;

policy::Finding finding(const std::string& field, const std::string& actual, bool held = true) {
    return {"selection", 0, field, "equals", "x", actual, held};
}

boost::json::object conditions(std::vector<policy::Finding> findings, const std::string& key = "") {
    const auto set = fixture::load(fixture::rule("a"));
    alert::Change change;
    const alert::Reason reason{0, {7, 3}, {true, "selection", {}, std::move(findings)}, key};
    alert::attach(change, *set, {&reason, 1});
    return change.alert.evidence.at("conditions").as_array().at(0).as_object();
}

TEST(Conditions, SayWhichComparisonHeldOnWhichFieldWithWhichValue) {
    EXPECT_EQ(boost::json::serialize(conditions({finding("kind", "a")})),
              R"({"key":"a","title":"Title of a","block":7,"record":3,"condition":"selection",)"
              R"("comparisons":[{"selection":"selection","field":"kind","op":"equals",)"
              R"("expected":"x","actual":"a","held":true}],"left_out":0})");
}

TEST(Conditions, ShowOfAKeyOnlyItsStart) {
    const std::string key = "AKIAIOSFODNN7EXAMPLE";
    const auto text = boost::json::serialize(conditions(
        {finding("actor.user.credential_uid", key), finding("userIdentity.accessKeyId", key)},
        key));
    EXPECT_THAT(text, Not(HasSubstr("AKIAIOSFO")));
    EXPECT_THAT(text, HasSubstr("AKIAIOSF"));
}

TEST(Conditions, NeverShowTheRecordThatAKeywordWasFoundIn) {
    EXPECT_THAT(boost::json::serialize(conditions({finding("*", "everything, there, is")})),
                Not(HasSubstr("everything")));
}

TEST(Conditions, AreBoundedAndThoseThatHeldGoFirst) {
    std::vector<policy::Finding> findings(100, finding("f", std::string(512, 'v'), false));
    findings.push_back(finding("last", "held"));
    const auto out = conditions(findings);
    EXPECT_EQ(out.at("comparisons").as_array().size(), 32u);
    EXPECT_EQ(out.at("comparisons").as_array()[0].at("field").as_string(), "last");
    EXPECT_EQ(out.at("left_out").to_number<int>(), 69);
    EXPECT_LT(boost::json::serialize(out).size(), 10'000u) << "a webhook has 20 kB";
}

}  // namespace
