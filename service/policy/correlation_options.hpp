#pragma once

#include "policy/correlation_draft.hpp"

namespace policy {

/// Reads the keys of `correlation:` that only some types take, of which `draft` has the type, and
/// reports those that are missing, wrong or without effect.
void read_options(const yaml::Node& block, CorrelationDraft& draft, Report& report);

}  // namespace policy
