#pragma once

#include "base/result.hpp"
#include "policy/set.hpp"

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
};

/// Runs every case of every policy in the set whose name or test name contains `filter` (empty:
/// all): the calls given go through enrichment by the registry that the test gives, if it does,
/// through matching and correlation exactly as in a replay, together with all other policies, and
/// the alerts of the policy itself are compared. Facts that a call gives itself are kept.
base::Result<std::vector<TestOutcome>> run_policy_tests(std::shared_ptr<const policy::Set> policies,
                                                        const std::string& filter);

}  // namespace pipeline
