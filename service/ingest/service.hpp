#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "decode/formats.hpp"
#include "decode/limits.hpp"
#include "ingest/decompress.hpp"
#include "ingest/door.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace http {
class Router;
}
namespace journal {
class Journal;
}
namespace metrics {
class Registry;
}

/// Accepts batches: authenticate, bound, validate, journal, and only then acknowledge
/// (docs/reference/ingest.md).
namespace ingest {

/// Where records come from, as configured.
struct Source {
    std::string name;                    ///< 1 to 64 of a-z, 0-9, '-', '_', '.'.
    std::string format = "auto";         ///< Of the Formats.
    std::chrono::seconds lateness{120};  ///< Shown by GET /v1/limits; used by the evaluator.
};

/// The three routes of ingest on a Router. Thread-safe: handlers run on every io thread. Must
/// outlive the server that uses the router.
class Service {
public:
    enum class State : std::uint8_t { starting, running, stopping };

    struct Options {
        std::vector<Source> sources;       ///< At least one; names are unique.
        std::string otlp_source = "otlp";  ///< POST /v1/logs goes here unless ?source= says else.
        std::string scrub_key;  ///< The deployment's secret for decode::Gate, 16 bytes or more.
        decode::Limits records;
        std::size_t max_body_bytes = 16u << 20;
        DecompressLimits decompress;
        std::uint64_t client_records_per_second = 1'000'000;  ///< 429 above; 0: no such quota.
        std::uint64_t client_bytes_per_second = 256u << 20;   ///< Decoded bytes; 0: no such quota.
        std::chrono::seconds client_burst{10};     ///< How many seconds' worth may come at once.
        std::size_t auth_failures_per_second = 3;  ///< Per address; more get 429.
        std::chrono::hours idempotency_age{24};
        std::size_t idempotency_keys = 100'000;  ///< Remembered at once; the oldest go first.
        std::size_t seen_ids = 262'144;          ///< Event ids remembered for `duplicates`; 4 MB.
        unsigned threads = 2;                    ///< For what large batches cost; 1 to 64.
        base::WallTime (*now)() = base::WallClock::now;
    };

    /// Fails with Fault::invalid, naming the option. The journal is borrowed.
    static base::Result<std::unique_ptr<Service>> make(
        Options options, std::shared_ptr<const decode::Formats> formats, TokenSource tokens,
        journal::Journal& journal, metrics::Registry* metrics = nullptr);
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    /// POST /v1/ingest, POST /v1/logs, GET /v1/limits.
    void add_routes(http::Router& router);

    /// For the routes of others: the same tokens, and one count of failures an address.
    [[nodiscard]] Door& door() noexcept;

    /// Anything but running is answered 503 with Retry-After. `starting` at first.
    void set_state(State state) noexcept;

    /// Lets the work on batches end. After the threads of the connections have, and before their
    /// contexts, where the batches would go on.
    void stop();

    struct Shared;

private:
    explicit Service(std::unique_ptr<Shared> shared);
    std::unique_ptr<Shared> shared_;
};

}  // namespace ingest
