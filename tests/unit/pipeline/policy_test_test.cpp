#include "pipeline/policy_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view rule = R"(
title: No licence
logsource: { category: api_call }
detection: { s: { licence.state: missing }, condition: s }
callerprint: { subject: tenant, quiet: 1h }
)";

constexpr std::string_view told = R"(
      - { kind: gate, uid: g, operations: [Face.*] }
      - { kind: tenant, uid: 17 }
)";

/// What the tests of the rule say, empty for those that pass.
std::vector<std::string> details(std::string_view tests) {
    const auto set = policy::Set::load(
        std::vector<policy::File>{{"f", std::string(rule) + std::string(tests)}}, {});
    if (!set) return {policy::to_text(set.error().front())};
    const auto outcomes = pipeline::run_policy_tests(*set, "");
    std::vector<std::string> out;
    if (!outcomes) return {outcomes.error().reason};
    for (const auto& outcome : *outcomes) out.push_back(outcome.detail);
    return out;
}

std::string test(std::string_view registry, std::string_view call, std::string_view expect) {
    return std::string("tests:\n  - name: x\n    registry:") + std::string(registry) +
           "    given: [ { " + std::string(call) + " } ]\n    expect: " + std::string(expect) +
           "\n";
}

TEST(PolicyTest, JudgesCallsByTheRegistryItGives) {
    EXPECT_THAT(details(test(told, "tenant_uid: '17', api.operation: Face.Verify",
                             "[ { subject: '17' } ]")),
                ElementsAre(""));
    EXPECT_THAT(details(test(told, "tenant_uid: '18', api.operation: Face.Verify", "[]")),
                ElementsAre(""));
    EXPECT_THAT(details(test(told, "tenant_uid: '17', api.operation: Face.Verify", "[]")),
                ElementsAre(HasSubstr("unexpected alert")));
}

TEST(PolicyTest, KeepsTheFactsThatACallGives) {
    EXPECT_THAT(
        details(test(told, "tenant_uid: '17', api.operation: Face.Verify, licence.state: covered",
                     "[]")),
        ElementsAre(""));
}

TEST(PolicyTest, DecodesWhatALicenceIsLimitedBy) {
    const std::string limited = std::string(told) +
                                "      - { kind: licence, uid: l, tenant: 17, operations: ['*'], "
                                "parameters: [gen_ai.request.model=small] }\n";
    const auto call = [](std::string_view model) {
        return "tenant_uid: '17', api.operation: Face.Verify, gen_ai.request.model: " +
               std::string(model);
    };
    EXPECT_THAT(details(test(limited, call("small"), "[]")), ElementsAre(""));
    EXPECT_THAT(details(test(limited, call("large"), "[ { subject: '17' } ]")), ElementsAre(""));
    EXPECT_THAT(details(test(limited, "tenant_uid: '17', api.operation: Face.Verify", "[]")),
                ElementsAre(""));
}

TEST(PolicyTest, FailsWithWhatAnImportWouldSayOfARow) {
    EXPECT_THAT(details(test("\n      - { kind: tenant, uid: a }\n      - { kind: ship, uid: b }\n",
                             "tenant_uid: a", "[]")),
                ElementsAre(HasSubstr("registry row 2: ")));
    EXPECT_THAT(details(test(" tenants.ndjson\n", "tenant_uid: a", "[]")),
                ElementsAre(HasSubstr("'registry' is a list of at most 1,000 rows")));
}

TEST(PolicyTest, KnowsNothingWithoutARegistry) {
    EXPECT_THAT(details("tests:\n  - name: x\n    given: [ { tenant_uid: '17', api.operation: "
                        "Face.Verify } ]\n    expect: []\n"),
                ElementsAre(""));
}

}  // namespace
