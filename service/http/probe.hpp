#pragma once

#include "http/head.hpp"
#include "http/router.hpp"
#include "metrics/registry.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <vector>

namespace http {

/// The series of a Server, looked up once. Thread-safe.
class Probe {
public:
    Probe(metrics::Registry& registry, const Router& router);

    /// One request answered; a null route is a path or method that has none.
    void answered(const Router::Route* route, unsigned status,
                  std::chrono::steady_clock::duration took) const noexcept;
    void refused(Refusal refusal) const noexcept;

    metrics::Gauge connections;
    metrics::Gauge body_memory_bytes;
    metrics::Counter accepted;
    metrics::Counter received_bytes;
    metrics::Counter over_total;     ///< Connections refused: too many.
    metrics::Counter over_address;   ///< Too many from one address.
    metrics::Counter no_descriptor;  ///< None left for another connection.
    metrics::Counter handshakes;     ///< Of TLS, that worked.
    metrics::Counter no_handshake;   ///< That did not: no TLS, too old, or given up by the peer.
    metrics::Gauge certificate_expires;  ///< Seconds since 1970; 0 without TLS.
    metrics::Counter expired_handshake;
    metrics::Counter expired_idle;  ///< Connections closed by a deadline, by what they did.
    metrics::Counter expired_header;
    metrics::Counter expired_body;
    metrics::Counter expired_write;
    metrics::Counter failed_handlers;

private:
    struct Served {
        std::array<metrics::Counter, 6> by_class;  ///< [2] is 2xx; [0] is not used.
        metrics::Histogram seconds;
    };
    std::map<const Router::Route*, Served> served_;
    std::vector<metrics::Counter> refusals_;
};

}  // namespace http
