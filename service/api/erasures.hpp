#pragma once

#include "api/database.hpp"
#include "http/router.hpp"
#include "ingest/door.hpp"
#include "store/erasures.hpp"

#include <boost/json/object.hpp>

namespace api {

/// The JSON of a request for erasure as the API and `callerprint erase` print it. `values` is there
/// while it is open.
boost::json::object to_json(const store::Erasure& erasure);

/// POST /v1/erasures {"values": [...], "reason": "..."}, GET /v1/erasures, GET /v1/erasures/{id},
/// and POST /v1/erasures/{id}/{approve,withdraw}. All need the scope `erase`. Arguments are
/// borrowed by the router.
void add_erasure_routes(http::Router& router, Database& database, ingest::Door& door);

}  // namespace api
