#pragma once

#include "coverage/certificate.hpp"

#include <boost/json/object.hpp>

namespace coverage {

/// As `callerprint coverage -o json` prints it; times are RFC 3339, what is not known is null.
[[nodiscard]] boost::json::object to_json(const Gap& gap);
[[nodiscard]] boost::json::object to_json(const Certificate& certificate);

}  // namespace coverage
