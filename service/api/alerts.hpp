#pragma once

#include "api/database.hpp"
#include "http/router.hpp"
#include "ingest/door.hpp"
#include "store/alerts.hpp"

#include <boost/json/object.hpp>

namespace api {

/// The JSON of an alert as the API and `callerprint alerts` print it.
boost::json::object to_json(const store::AlertRow& row);
boost::json::object to_json(const store::AlertDetail& detail);

/// GET /v1/alerts (filters as query parameters: state, policy, level, subject, tenant, limit,
/// cursor), GET /v1/alerts/{id}, and POST
/// /v1/alerts/{id}/{acknowledge,assign,close,reopen,comment}. Reading needs the scope `read`,
/// changing `respond`. All arguments are borrowed by the router.
void add_alert_routes(http::Router& router, Database& database, ingest::Door& door);

}  // namespace api
