#include "http/probe.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <string_view>

namespace http {
namespace {

constexpr std::array<std::string_view, 6> classes{"", "1xx", "2xx", "3xx", "4xx", "5xx"};

metrics::Counter refused_connections(metrics::Registry& registry, std::string_view reason) {
    return registry.counter("callerprint_http_connections_refused_total",
                            "Connections closed as soon as they came, by reason.",
                            {{"reason", reason}});
}

metrics::Counter handshake(metrics::Registry& registry, std::string_view result) {
    return registry.counter("callerprint_http_tls_handshakes_total",
                            "TLS handshakes ended, by result.", {{"result", result}});
}

metrics::Counter expired(metrics::Registry& registry, std::string_view phase) {
    return registry.counter("callerprint_http_deadlines_total",
                            "Connections closed by a deadline, by what they were doing.",
                            {{"phase", phase}});
}

}  // namespace

Probe::Probe(metrics::Registry& registry, const Router& router)
    : connections(registry.gauge("callerprint_http_connections", "Connections open now.")),
      body_memory_bytes(registry.gauge("callerprint_http_body_memory_bytes",
                                       "Memory reserved for request bodies in flight.")),
      accepted(registry.counter("callerprint_http_connections_total", "Connections accepted.")),
      received_bytes(registry.counter("callerprint_http_received_bytes_total",
                                      "Bytes of request bodies received.")),
      over_total(refused_connections(registry, "total")),
      over_address(refused_connections(registry, "address")),
      no_descriptor(refused_connections(registry, "descriptors")),
      handshakes(handshake(registry, "done")),
      no_handshake(handshake(registry, "failed")),
      certificate_expires(registry.gauge("callerprint_http_certificate_expires_timestamp_seconds",
                                         "When the listener's certificate ends; 0 without TLS.")),
      expired_handshake(expired(registry, "handshake")),
      expired_idle(expired(registry, "idle")),
      expired_header(expired(registry, "header")),
      expired_body(expired(registry, "body")),
      expired_write(expired(registry, "write")),
      failed_handlers(registry.counter("callerprint_http_handler_failures_total",
                                       "Handlers that threw, which is a bug.")) {
    const auto add = [&](const Router::Route* key, std::string_view route,
                         std::string_view method) {
        auto& served = served_[key];
        for (std::size_t i = 1; i < classes.size(); ++i) {
            served.by_class[i] =
                registry.counter("callerprint_http_requests_total",
                                 "Requests answered, by route, method and class of status.",
                                 {{"route", route}, {"method", method}, {"status", classes[i]}});
        }
        served.seconds = registry.histogram(
            "callerprint_http_request_seconds", "From the end of the header to the answer sent.",
            metrics::latency_seconds(), {{"route", route}, {"method", method}});
    };
    for (const auto& route : router.routes()) add(&route, route.pattern, route.method);
    add(nullptr, "none", "any");
    for (auto refusal = Refusal::none; refusal <= Refusal::no_memory;
         refusal = static_cast<Refusal>(static_cast<int>(refusal) + 1)) {
        refusals_.push_back(registry.counter("callerprint_http_refusals_total",
                                             "Requests refused by the gate, by rule.",
                                             {{"rule", code(refusal)}}));
    }
}

void Probe::answered(const Router::Route* route, unsigned status,
                     std::chrono::steady_clock::duration took) const noexcept {
    const auto served = served_.find(route);
    BASE_ASSERT(served != served_.end());
    served->second.by_class[std::clamp<unsigned>(status / 100, 1, 5)].add();
    served->second.seconds.observe(std::chrono::duration<double>(took).count());
}

void Probe::refused(Refusal refusal) const noexcept {
    refusals_[static_cast<std::size_t>(refusal)].add();
}

}  // namespace http
