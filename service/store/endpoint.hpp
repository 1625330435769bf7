#pragma once

#include "base/time.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// Where webhooks of an alert go.
struct Endpoint {
    std::string id;    ///< "ep_" and 16 characters.
    std::string name;  ///< Unique, for people.
    std::string url;
    std::string format = "standard";  ///< Name of the body's template; `deliver` knows them.
    /// Events it wants: alert.opened, alert.updated, alert.closed, alert.reopened.
    std::vector<std::string> events = {"alert.opened", "alert.closed", "alert.reopened"};
    std::string min_level;              ///< informational ... critical; empty: every level.
    std::vector<std::string> policies;  ///< Policy ids; empty: all.
    std::vector<std::string> tenants;   ///< Tenants whose alerts it gets; empty: all.
    bool full_payload = false;          ///< False: ids, policy, counts and a masked subject only.
    bool allow_insecure = false;        ///< http:// and internal addresses are accepted.
    std::string secret;                 ///< Signing secret in clear; filled by Endpoints only.
    std::string previous_secret;        ///< Signs too, until previous_until.
    std::optional<base::WallTime> previous_until;
    bool enabled = true;
    std::string disabled_reason;
    base::WallTime created;
};

}  // namespace store
