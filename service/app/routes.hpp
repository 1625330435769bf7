#pragma once

#include "api/ask.hpp"
#include "api/database.hpp"
#include "api/health.hpp"
#include "api/leaks.hpp"
#include "http/router.hpp"
#include "ingest/service.hpp"

#include <memory>
#include <optional>

namespace app {

/// What the route for reports of leaked keys needs; see add_leak_routes.
struct LeakRoutes {
    api::Database& database;
    api::LeakReporting reporting;
    metrics::Registry& metrics;
};

/// Every route of the server, without that for leaked keys where nobody may report any; who may
/// call which is docs/reference/access.md. What is given by reference is borrowed by the router.
http::Router make_router(ingest::Service& ingest, api::Database& database,
                         std::shared_ptr<const api::Answering> answering, api::Health health,
                         std::optional<LeakRoutes> leaks);

/// The table of docs/reference/access.md: routes, what they need, and what each scope may.
std::string access_table(const http::Router& router);

}  // namespace app
