#include "api/alerts.hpp"

#include "api/json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <charconv>

namespace api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::size_t action_bytes = 16 * 1024;

base::Result<store::AlertFilter> filter_of(const http::Request& request) {
    store::AlertFilter filter;
    const auto take = [&](std::string_view name, std::string& to) {
        if (const auto value = request.query(name)) to = *value;
    };
    take("state", filter.state);
    take("policy", filter.policy);
    take("level", filter.level);
    take("subject", filter.subject);
    take("tenant", filter.tenant);
    take("cursor", filter.cursor);
    if (const auto limit = request.query("limit")) {
        const auto [stop, fault] =
            std::from_chars(limit->data(), limit->data() + limit->size(), filter.limit);
        if (fault != std::errc{} || stop != limit->data() + limit->size() || filter.limit < 1 ||
            filter.limit > 1'000) {
            return base::fail(base::Fault::invalid, "limit is a whole number from 1 to 1000");
        }
    }
    return filter;
}

/// What the body of an action may say.
struct Saying {
    std::string disposition, sub_reason, assignee, comment;
};

base::Result<Saying> saying_of(std::string_view body) {
    Saying out;
    if (body.empty()) return out;
    boost::system::error_code fault;
    const auto parsed = json::parse(body, fault);
    const auto* object = fault ? nullptr : parsed.if_object();
    if (!object) return base::fail(base::Fault::invalid, "send one JSON object");
    for (const auto& [name, value] : *object) {
        auto* to = name == "disposition"  ? &out.disposition
                   : name == "sub_reason" ? &out.sub_reason
                   : name == "assignee"   ? &out.assignee
                   : name == "comment"    ? &out.comment
                                          : nullptr;
        if (!to || !value.is_string()) {
            return base::fail(
                base::Fault::invalid,
                "known members, all text: disposition, sub_reason, assignee, comment");
        }
        *to = value.as_string();
    }
    return out;
}

base::Result<store::AlertRow> act(store::Session& session, std::string_view action,
                                  std::string_view id, const Saying& saying,
                                  const std::string& actor) {
    store::Alerts alerts(session);
    const auto now = base::WallClock::now();
    if (action == "comment") return alerts.comment(id, actor, saying.comment, now);
    const auto kind = alert::action_of(action);
    if (!kind || *kind == alert::Action::Kind::snooze) {
        return base::fail(base::Fault::not_found,
                          "actions: acknowledge, assign, close, reopen, comment");
    }
    return alerts.act(id,
                      {.kind = *kind,
                       .actor = actor,
                       .assignee = saying.assignee,
                       .until = {},
                       .disposition = alert::disposition_of(saying.disposition),
                       .sub_reason = saying.sub_reason,
                       .comment = saying.comment},
                      now);
}

/// The three handlers share what they borrow.
struct Routes {
    Database& database;

    asio::awaitable<http::Response> list(http::Request& request) const {
        const auto filter = filter_of(request);
        if (!filter) co_return http::Response::problem(filter.error());
        const auto page = co_await database.run([filter = *filter](store::Session& session) {
            return store::Alerts(session).list(filter);
        });
        if (!page) co_return http::Response::problem(page.error());
        json::array rows;
        for (const auto& row : page->rows) rows.push_back(to_json(row));
        co_return http::Response::json(
            200, {{"alerts", std::move(rows)}, {"next_cursor", text_or_null(page->next)}});
    }

    asio::awaitable<http::Response> show(http::Request& request) const {
        const std::string id(request.parameter("id"));
        const auto detail = co_await database.run(
            [id](store::Session& session) { return store::Alerts(session).show(id); });
        if (!detail) co_return http::Response::problem(detail.error());
        co_return http::Response::json(200, to_json(*detail));
    }

    asio::awaitable<http::Response> change(http::Request& request) const {
        const auto body = co_await request.read_body(action_bytes);
        if (!body) co_return http::Response::problem(body.error());
        const auto saying = saying_of(*body);
        if (!saying) co_return http::Response::problem(saying.error());
        const auto row = co_await database.run(
            [id = std::string(request.parameter("id")),
             action = std::string(request.parameter("action")), saying = *saying,
             actor = ingest::caller(request).name](store::Session& session) {
                return act(session, action, id, saying, actor);
            });
        if (!row) co_return http::Response::problem(row.error());
        co_return http::Response::json(200, to_json(*row));
    }
};

}  // namespace

json::object to_json(const store::AlertRow& row) {
    json::object out = alert::to_json(row.alert);
    const auto& triage = row.triage;
    out["state"] = alert::name(triage.phase);
    out["disposition"] =
        triage.disposition ? json::value(alert::name(*triage.disposition)) : json::value(nullptr);
    out["sub_reason"] = text_or_null(triage.sub_reason);
    out["assignee"] = text_or_null(triage.assignee);
    out["created"] = base::to_rfc3339(row.created);
    out["closed"] = time_or_null(row.closed);
    return out;
}

json::object to_json(const store::AlertDetail& detail) {
    json::object out = to_json(detail.row);
    json::array records;
    for (const auto& row : detail.evidence) {
        const auto& evidence = row.evidence;
        records.push_back({{"source", evidence.source},
                           {"block", evidence.block},
                           {"record", evidence.record},
                           {"sha256", evidence.sha256},
                           {"raw", evidence.raw}});
    }
    out["records"] = std::move(records);
    json::array history;
    for (const auto& event : detail.events) {
        history.push_back({{"at", base::to_rfc3339(event.at)},
                           {"actor", event.actor},
                           {"action", event.action},
                           {"detail", event.detail}});
    }
    out["history"] = std::move(history);
    json::array deliveries;
    for (const auto& sent : detail.deliveries) {
        deliveries.push_back({{"id", sent.id},
                              {"endpoint", sent.endpoint},
                              {"event", sent.event},
                              {"state", sent.state},
                              {"attempts", sent.attempts},
                              {"error", text_or_null(sent.error)}});
    }
    out["deliveries"] = std::move(deliveries);
    return out;
}

void add_alert_routes(http::Router& router, Database& database, ingest::Door& door) {
    const auto routes = std::make_shared<const Routes>(Routes{database});
    router.add("GET", "/v1/alerts", door.needs(ingest::scope_read),
               [routes](http::Request& request) { return routes->list(request); });
    router.add("GET", "/v1/alerts/{id}", door.needs(ingest::scope_read),
               [routes](http::Request& request) { return routes->show(request); });
    router.add("POST", "/v1/alerts/{id}/{action}", door.needs(ingest::scope_respond),
               [routes](http::Request& request) { return routes->change(request); });
}

}  // namespace api
