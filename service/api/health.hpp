#pragma once

#include "http/router.hpp"
#include "metrics/registry.hpp"

#include <functional>
#include <string>
#include <vector>

namespace api {

/// One thing that must be well for us to be ready.
struct Check {
    std::string name;   ///< "journal", "database", "detection".
    std::string fault;  ///< Empty: well.
};

struct Health {
    std::string version;
    std::string revision;
    std::function<std::vector<Check>()> checks;  ///< Cheap, thread-safe.
    metrics::Registry& metrics;
};

/// GET /livez (the process answers), /readyz and /healthz (each check with its reason; 503 when one
/// fails), /metrics, /version. None needs a token: bind to an address that only operations reach.
void add_health_routes(http::Router& router, Health health);

}  // namespace api
