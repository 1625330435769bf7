#pragma once

#include "base/result.hpp"
#include "http/options.hpp"
#include "http/router.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

namespace metrics {
class Registry;
}

/// The HTTP/1.1 edge: a gate on raw header bytes, bounded everything, routes, answers. It knows
/// nothing of detection. Beast parses what the gate let pass and writes the answers; alone, the
/// Beast of Debian 12 would let smuggling primitives through, so it is not the front door.
namespace http {

/// Listens, and serves each connection on one of the given io_contexts in turn.
class Server {
public:
    /// Binds and listens, but accepts nothing before start(). Each context is run by exactly one
    /// thread of the caller's, and together with `metrics` outlives the Server. Fails with
    /// `invalid` (options, TLS files) or `unavailable` (address in use, not ours, not permitted).
    static base::Result<std::unique_ptr<Server>> make(
        std::vector<boost::asio::io_context*> contexts, Options options, Router router,
        metrics::Registry& metrics);
    /// The same on one context.
    static base::Result<std::unique_ptr<Server>> make(boost::asio::io_context& context,
                                                      Options options, Router router,
                                                      metrics::Registry& metrics);

    /// Ends without grace, unless stop() was called. The contexts must not run any more, or no
    /// connection be open.
    ~Server();

    [[nodiscard]] std::uint16_t port() const noexcept;
    [[nodiscard]] std::size_t connections() const noexcept;

    /// Starts to accept; once. From any thread.
    void start();

    /// Reads the files of Options::tls again, for connections that come from now on. On a problem
    /// the old ones stay: Fault::invalid, naming the file. Without TLS there is nothing to do. From
    /// any thread.
    base::Result<void> reload_tls();

    /// Accepts no more, closes idle connections, lets requests in flight finish and answer with
    /// `Connection: close`; after `grace` closes those still open. Blocks until all are gone, or
    /// for a second beyond `grace`: false then, when a handler has not returned. Call it from a
    /// thread that runs none of the contexts, while they run.
    bool stop(std::chrono::milliseconds grace);

    struct Core;

private:
    explicit Server(std::shared_ptr<Core> core);
    std::shared_ptr<Core> core_;
};

}  // namespace http
