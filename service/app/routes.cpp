#include "app/routes.hpp"

#include "api/alerts.hpp"
#include "api/erasures.hpp"
#include "api/questions.hpp"

#include <algorithm>

namespace app {

http::Router make_router(ingest::Service& ingest, api::Database& database,
                         std::shared_ptr<const api::Answering> answering, api::Health health,
                         std::optional<LeakRoutes> leaks) {
    http::Router router;
    ingest.add_routes(router);
    api::add_alert_routes(router, database, ingest.door());
    api::add_question_routes(router, database, ingest.door(), answering);
    api::add_erasure_routes(router, database, ingest.door());
    if (leaks) {
        api::add_leak_routes(router, leaks->database, std::move(leaks->reporting),
                             std::move(answering), leaks->metrics);
    }
    api::add_health_routes(router, std::move(health));
    return router;
}

std::string access_table(const http::Router& router) {
    constexpr std::string_view scopes[] = {"ingest", "read", "respond", "ask", "erase", "admin"};
    std::vector<std::string> lines;
    for (const auto& route : router.routes()) {
        const bool open = route.access == "open";
        const std::string refused = route.access == "signature" ? " | 401" : " | 403";
        auto line = "| `" + route.method + " " + route.pattern + "` | ";
        line += open ? "yes" : "401";
        for (const auto scope : scopes) line += open || route.access == scope ? " | yes" : refused;
        lines.push_back(line + " |\n");
    }
    std::ranges::sort(lines);
    std::string out =
        "| route | no valid token | ingest | read | respond | ask | erase | admin |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for (const auto& line : lines) out += line;
    return out;
}

}  // namespace app
