#pragma once

#include "api/ask.hpp"
#include "api/database.hpp"
#include "api/reporter_keys.hpp"
#include "http/router.hpp"
#include "metrics/registry.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace api {

/// Who may report leaked keys. Nobody has a token: the signature is what lets a report in.
struct LeakReporting {
    std::string reporter;             ///< "reporter:NAME": actor of audit, imports and questions.
    ReporterKeySource keys;           ///< Thread-safe.
    std::size_t per_second = 20;      ///< Reports from one address; more get 429.
    std::size_t max_bytes = 1 << 20;  ///< Of a report; more get 413.
};

/// POST /v1/leaks takes a report of a code host (presence/leak_report.hpp) and answers 200 with
/// whether each token is a key of ours. Each that is one is then public in the registry, with the
/// time of the first report, and a question about it is asked; both stand when the answer goes
/// out, and 503 asks to send the report again, which is safe at any time: what is done is not done
/// twice.
///
/// `database` is for these reports alone and has one thread: it is what makes two equal reports at
/// once one question. It is borrowed by the router; the rest is shared with it.
void add_leak_routes(http::Router& router, Database& database, LeakReporting reporting,
                     std::shared_ptr<const Answering> answering, metrics::Registry& metrics);

}  // namespace api
