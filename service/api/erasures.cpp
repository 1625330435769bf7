#include "api/erasures.hpp"

#include "api/json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <string>
#include <vector>

namespace api {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr std::size_t request_bytes = 16 * 1024;

struct Asked {
    std::vector<std::string> values;
    std::string reason;
};

base::Result<Asked> asked_of(std::string_view body) {
    const auto refuse = [] {
        return base::fail(base::Fault::invalid,
                          R"(send {"values": ["what to erase", ...], "reason": "why"})");
    };
    boost::system::error_code fault;
    const auto parsed = json::parse(body, fault);
    const auto* object = fault ? nullptr : parsed.if_object();
    if (!object || object->size() != 2) return refuse();
    const auto* values = object->if_contains("values");
    const auto* reason = object->if_contains("reason");
    if (!values || !values->is_array() || !reason || !reason->is_string()) return refuse();
    Asked out{.values = {}, .reason = std::string(reason->get_string())};
    for (const auto& value : values->get_array()) {
        if (!value.is_string()) return refuse();
        out.values.emplace_back(value.get_string());
    }
    return out;
}

http::Response answer(unsigned status, const base::Result<json::value>& found) {
    if (!found) return http::Response::problem(found.error());
    return http::Response::json(status, *found);
}

base::Result<json::value> as_value(const base::Result<store::Erasure>& erasure) {
    if (!erasure) return std::unexpected(erasure.error());
    return json::value(to_json(*erasure));
}

struct Routes {
    Database& database;

    asio::awaitable<http::Response> post(http::Request& request) const {
        const auto body = co_await request.read_body(request_bytes);
        if (!body) co_return http::Response::problem(body.error());
        const auto asked = asked_of(*body);
        if (!asked) co_return http::Response::problem(asked.error());
        co_return answer(
            201, co_await database.run([asked = *asked, by = ingest::caller(request).name](
                                           store::Session& session) {
                return as_value(store::Erasures(session).request(asked.values, asked.reason, by));
            }));
    }

    asio::awaitable<http::Response> list(http::Request&) const {
        co_return answer(
            200, co_await database.run([](store::Session& session) -> base::Result<json::value> {
                const auto found = store::Erasures(session).list();
                if (!found) return std::unexpected(found.error());
                json::array out;
                for (auto one : *found) {
                    one.values.clear();  // for whoever approves it: show
                    out.push_back(to_json(one));
                }
                return json::value{{"erasures", std::move(out)}};
            }));
    }

    asio::awaitable<http::Response> get(http::Request& request) const {
        co_return answer(200, co_await database.run([id = std::string(request.parameter("id"))](
                                                        store::Session& session) {
            return as_value(store::Erasures(session).show(id));
        }));
    }

    asio::awaitable<http::Response> act(http::Request& request) const {
        const std::string action(request.parameter("action"));
        if (action != "approve" && action != "withdraw")
            co_return http::Response::problem(
                {base::Fault::not_found, "an erasure can be approved or withdrawn"});
        co_return answer(
            200,
            co_await database.run([action, id = std::string(request.parameter("id")),
                                   by = ingest::caller(request).name](store::Session& session) {
                store::Erasures erasures(session);
                return as_value(action == "approve" ? erasures.approve(id, by)
                                                    : erasures.withdraw(id, by));
            }));
    }
};

}  // namespace

json::object to_json(const store::Erasure& erasure) {
    json::object out{{"id", erasure.id},
                     {"state", erasure.state()},
                     {"requested_at", base::to_rfc3339(erasure.requested)},
                     {"requested_by", erasure.requested_by},
                     {"reason", erasure.reason},
                     {"rows_found", erasure.rows_found},
                     {"approved_at", time_or_null(erasure.approved)},
                     {"approved_by", text_or_null(erasure.approved_by)},
                     {"withdrawn_at", time_or_null(erasure.withdrawn)},
                     {"withdrawn_by", text_or_null(erasure.withdrawn_by)},
                     {"done_at", time_or_null(erasure.done)},
                     {"journal_end", nullptr},
                     {"result", nullptr}};
    if (erasure.done) {
        out["journal_end"] = erasure.journal_end;
        out["result"] = json::parse(erasure.result_json);
    }
    if (!erasure.values.empty())
        out["values"] = json::array(erasure.values.begin(), erasure.values.end());
    return out;
}

void add_erasure_routes(http::Router& router, Database& database, ingest::Door& door) {
    const auto routes = std::make_shared<const Routes>(Routes{database});
    const auto add = [&](std::string_view method, std::string_view pattern, auto handler) {
        router.add(
            method, pattern, door.needs(ingest::scope_erase),
            [routes, handler](http::Request& request) { return (*routes.*handler)(request); });
    };
    add("POST", "/v1/erasures", &Routes::post);
    add("GET", "/v1/erasures", &Routes::list);
    add("GET", "/v1/erasures/{id}", &Routes::get);
    add("POST", "/v1/erasures/{id}/{action}", &Routes::act);
}

}  // namespace api
