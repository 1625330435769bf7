#pragma once

#include "http/budget.hpp"
#include "http/options.hpp"
#include "http/probe.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "http/tls.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

namespace http {

class Connection;

/// One io_context and the connections it serves; touched on its thread only.
struct Lane {
    boost::asio::io_context* context = nullptr;
    std::unordered_set<Connection*> connections;
    boost::asio::steady_timer* sweep = nullptr;  ///< Of the coroutine that sweeps; null: ended.
    std::chrono::sys_seconds date_time{};
    std::string date;

    /// The Date header of now.
    const std::string& date_now();
};

/// What a server's coroutines share; each of them keeps it alive.
struct Server::Core {
    Core(Options opts, Router routes, metrics::Registry& metrics,
         const std::vector<boost::asio::io_context*>& contexts);

    const Options options;
    const Router router;
    const Probe probe;
    Budget budget;
    TlsIdentity tls;
    std::vector<Lane> lanes;
    std::uint16_t port = 0;

    /// Made by Server::make; moved into the accepting coroutine, which leaves a pointer here for
    /// the first lane's thread.
    std::unique_ptr<boost::asio::ip::tcp::acceptor> acceptor;
    boost::asio::ip::tcp::acceptor* accepting = nullptr;

    std::atomic<bool> started{false};
    std::atomic<bool> stopping{false};
    std::atomic<bool> stopped{false};
    std::atomic<std::uint64_t> next_request;
    std::uint64_t id_key;  ///< Random a server, so that ids do not repeat after a restart.

    /// Counts a connection in, unless one of the limits is reached.
    bool admit(const boost::asio::ip::address& peer);
    void leave(const boost::asio::ip::address& peer);
    void loop_ended();
    base::Result<void> load_tls();

    std::string new_request_id();

    std::mutex mutex;  ///< For what follows; held for a look-up only.
    std::condition_variable gone;
    std::size_t open = 0;
    std::size_t loops =
        0;  ///< Coroutines that accept or sweep; they hold sockets and timers of contexts.
    std::map<std::array<std::uint8_t, 8>, std::size_t> per_address;
};

/// Accepts until the server stops. Runs on the first lane.
boost::asio::awaitable<void> accept_connections(
    std::shared_ptr<Server::Core> core, std::unique_ptr<boost::asio::ip::tcp::acceptor> acceptor);

/// Closes what is past its deadline, a few times a second.
boost::asio::awaitable<void> sweep(std::shared_ptr<Server::Core> core, std::size_t lane);

}  // namespace http
