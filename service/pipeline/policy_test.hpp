#pragma once

#include "base/result.hpp"
#include "policy/set.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace pipeline {

/// How one case of a policy's `tests:` block went.
struct TestOutcome {
    policy::PolicyIndex policy = 0;
    std::string name;
    unsigned line = 0;
    bool passed = false;
    std::string detail;  ///< Of a failed one: what was expected and what came instead.
    std::chrono::duration<double> took{0};  ///< Wall time.
};

/// What the tests that ran show of the policies, and what they leave open.
struct TestCoverage {
    /// A policy that gives alerts: it wants a test that expects one and a test that expects none.
    struct Policy {
        policy::PolicyIndex policy = 0;
        bool positive = false;
        bool negative = false;
    };
    /// A selection of a rule: it should have been true and false on calls of the rule's own tests
    /// and of those of the correlations that count it.
    struct Selection {
        policy::PolicyIndex rule = 0;
        std::string name;
        bool was_true = false;
        bool was_false = false;
    };
    std::vector<Policy> policies;
    std::vector<Selection> selections;

    /// Two points for each of both.
    [[nodiscard]] std::size_t total() const noexcept {
        return 2 * (policies.size() + selections.size());
    }
    [[nodiscard]] std::size_t reached() const noexcept;
    /// 0 to 100; 100 of nothing.
    [[nodiscard]] double percent() const noexcept;
};

struct TestReport {
    std::vector<TestOutcome> outcomes;
    TestCoverage coverage;
};

/// Runs every case of every policy in the set whose name or test name contains `filter` (empty:
/// all): the calls given go through enrichment by the registry that the test gives, if it does,
/// through matching and correlation exactly as in a replay, together with all other policies, and
/// the alerts of the policy itself are compared. Facts that a call gives itself are kept.
base::Result<TestReport> run_policy_tests(std::shared_ptr<const policy::Set> policies,
                                          const std::string& filter);

}  // namespace pipeline
