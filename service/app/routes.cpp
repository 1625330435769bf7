#include "app/routes.hpp"

#include "api/alerts.hpp"
#include "api/questions.hpp"

#include <algorithm>

namespace app {

http::Router make_router(ingest::Service& ingest, api::Database& database,
                         std::shared_ptr<const api::Answering> answering, api::Health health) {
    http::Router router;
    ingest.add_routes(router);
    api::add_alert_routes(router, database, ingest.door());
    api::add_question_routes(router, database, ingest.door(), std::move(answering));
    api::add_health_routes(router, std::move(health));
    return router;
}

std::string access_table(const http::Router& router) {
    constexpr std::string_view scopes[] = {"ingest", "read", "respond", "ask", "admin"};
    std::vector<std::string> lines;
    for (const auto& route : router.routes()) {
        auto line = "| `" + route.method + " " + route.pattern + "` | ";
        line += route.access == "open" ? "yes" : "401";
        for (const auto scope : scopes)
            line += route.access == "open" || route.access == scope ? " | yes" : " | 403";
        lines.push_back(line + " |\n");
    }
    std::ranges::sort(lines);
    std::string out =
        "| route | no valid token | ingest | read | respond | ask | admin |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n";
    for (const auto& line : lines) out += line;
    return out;
}

}  // namespace app
