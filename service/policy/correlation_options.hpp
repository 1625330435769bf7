#pragma once

#include "policy/correlation_draft.hpp"

namespace policy {

/// Reads the options of `correlation:` that belong to single types of ours, such as the `learn` of
/// new_value, after type and time span. One that the type does not have is an error: no other
/// program knows them, so that nobody wrote them for one.
void read_options(const yaml::Node& block, CorrelationDraft& draft, Report& report);

}  // namespace policy
