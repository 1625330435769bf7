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
    const auto report = pipeline::run_policy_tests(*set, "");
    std::vector<std::string> out;
    if (!report) return {report.error().reason};
    for (const auto& outcome : report->outcomes) out.push_back(outcome.detail);
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

/// What the tests reach, as "policy: positive negative" and "policy/selection: true false".
std::vector<std::string> reached(const std::string& text) {
    const auto set = policy::Set::load(std::vector<policy::File>{{"f", text}}, {});
    if (!set) return {policy::to_text(set.error().front())};
    const auto report = pipeline::run_policy_tests(*set, "");
    if (!report) return {report.error().reason};
    const auto name = [&](policy::PolicyIndex i) { return (*set)->policies()[i].name; };
    const auto both = [](bool a, bool b) {
        return std::string(a ? " yes" : " no") + (b ? " yes" : " no");
    };
    std::vector<std::string> out;
    std::size_t points = 0;
    for (const auto& each : report->coverage.policies) {
        out.push_back(name(each.policy) + ":" + both(each.positive, each.negative));
        points += (each.positive ? 1u : 0u) + (each.negative ? 1u : 0u);
    }
    for (const auto& each : report->coverage.selections) {
        out.push_back(name(each.rule) + "/" + each.name + ":" +
                      both(each.was_true, each.was_false));
        points += (each.was_true ? 1u : 0u) + (each.was_false ? 1u : 0u);
    }
    EXPECT_EQ(report->coverage.reached(), points);
    EXPECT_EQ(report->coverage.total(), 2 * out.size());
    return out;
}

constexpr std::string_view counted = R"(
title: Login
name: login
logsource: { category: api_call }
detection: { s: { api.operation: Login }, t: { dry: true }, condition: s and not t }
---
title: Burst
name: burst
correlation:
  type: event_count
  rules: [ login ]
  group-by: [ tenant_uid ]
  timespan: 1m
  condition: { gte: 2 }
)";

TEST(TestCoverage, IsNoneWithoutTests) {
    EXPECT_THAT(reached(std::string(counted)),
                ElementsAre("burst: no no", "login/s: no no", "login/t: no no"))
        << "a building block gives no alert and needs no test of its own";
}

TEST(TestCoverage, CountsTheCallsOfACorrelationsTestsForItsRules) {
    EXPECT_THAT(reached(std::string(counted) + R"(
tests:
  - name: two
    given: [ { tenant_uid: t, api.operation: Login, repeat: 2 }, { api.operation: Other } ]
    expect: [ { subject: t } ]
)"),
                ElementsAre("burst: yes no", "login/s: yes yes", "login/t: no yes"));
}

TEST(TestCoverage, LeavesOutTheCallsOfOtherPoliciesTests) {
    EXPECT_THAT(reached(std::string(counted) + R"(
---
title: Other
name: other
logsource: { category: api_call }
detection: { s: { api.operation: Other }, condition: s }
tests:
  - name: none
    given: [ { api.operation: Login, dry: true } ]
    expect: []
)"),
                ElementsAre("burst: no no", "other: no yes", "login/s: no no", "login/t: no no",
                            "other/s: no yes"));
}

}  // namespace
