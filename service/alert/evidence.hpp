#pragma once

#include "alert/alert.hpp"
#include "policy/set.hpp"

namespace alert {

/// The numbers compared, the window, the group, the rules behind it and where the sample records
/// are; docs/reference/alerts.md, section Evidence.
[[nodiscard]] boost::json::object evidence_of(const policy::Set& set,
                                              const correlate::Firing& firing);

}  // namespace alert
