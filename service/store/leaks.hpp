#pragma once

#include "base/result.hpp"
#include "registry/rows.hpp"
#include "store/session.hpp"

#include <string_view>
#include <vector>

namespace store {

/// Writes the audit of a report of leaked keys, and gives those of its leaks that the registry does
/// not have yet, by their identity: the same report again must not move the time of the first one.
base::Result<std::vector<registry::Leak>> begin_leak_report(
    Session& session, std::string_view reporter, std::string_view object,
    std::string_view details_json, const std::vector<registry::Leak>& leaks);

}  // namespace store
