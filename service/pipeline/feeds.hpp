#pragma once

#include "pipeline/reference.hpp"

#include <string>
#include <vector>

namespace pipeline {

/// Whether records of the format may be ones that the policy is about: those of its rules, of all
/// rules behind a correlation. A format that is not known, such as "auto", may be any.
[[nodiscard]] bool feeds(const decode::Formats& formats, const policy::Set& policies,
                         const std::string& format, policy::PolicyIndex policy);

}  // namespace pipeline
