#include "api/health.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <memory>

namespace api {
namespace {

namespace asio = boost::asio;

http::Response readiness(const Health& health) {
    boost::json::object checks;
    bool ready = true;
    for (const auto& check : health.checks()) {
        checks[check.name] = check.fault.empty() ? "ok" : check.fault;
        ready = ready && check.fault.empty();
    }
    auto answer =
        http::Response::json(ready ? 200 : 503, {{"ready", ready}, {"checks", std::move(checks)}});
    if (!ready) answer.with("Retry-After", "2");
    return answer;
}

using Answer = std::function<http::Response(const Health&)>;

asio::awaitable<http::Response> ready(http::Response response) {
    co_return response;
}

void add(http::Router& router, std::string_view path, const std::shared_ptr<const Health>& health,
         Answer answer) {
    router.add(
        "GET", path, http::Access::open(),
        [health, answer = std::move(answer)](http::Request&) { return ready(answer(*health)); });
}

}  // namespace

void add_health_routes(http::Router& router, Health given) {
    const auto health = std::make_shared<const Health>(std::move(given));
    add(router, "/livez", health, [](const Health&) { return http::Response::text(200, "ok\n"); });
    add(router, "/readyz", health, readiness);
    add(router, "/healthz", health, readiness);
    add(router, "/metrics", health, [](const Health& self) {
        return http::Response::text(200, self.metrics.page(), metrics::Registry::content_type);
    });
    add(router, "/version", health, [](const Health& self) {
        return http::Response::json(200, {{"version", self.version}, {"revision", self.revision}});
    });
}

}  // namespace api
