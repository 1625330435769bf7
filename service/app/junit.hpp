#pragma once

#include "pipeline/policy_test.hpp"

#include <span>
#include <string>

namespace app {

/// The outcomes as JUnit XML, the form that build servers read: a suite for each policy.
[[nodiscard]] std::string junit_xml(const policy::Set& set,
                                    std::span<const pipeline::TestOutcome> outcomes);

}  // namespace app
