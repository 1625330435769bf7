#pragma once

#include "api/ask.hpp"
#include "api/database.hpp"
#include "http/router.hpp"
#include "ingest/door.hpp"

#include <memory>

namespace api {

/// POST /v1/questions (scope `ask`) answers 201 with the record and its place in Location. GET
/// /v1/answers/{id} (scope `ask`) gives it again; `?view=pseudonymous` and `?view=press` leave
/// identifiers out. Both are in the audit. Arguments are borrowed by the router or shared with it.
void add_question_routes(http::Router& router, Database& database, ingest::Door& door,
                         std::shared_ptr<const Answering> answering);

}  // namespace api
