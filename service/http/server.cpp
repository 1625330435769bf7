#include "http/server.hpp"

#include "base/digest.hpp"
#include "http/answer.hpp"
#include "http/connection.hpp"
#include "http/core.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace http {
namespace asio = boost::asio;
namespace {

using asio::ip::tcp;

struct Bound {
    std::string_view name;
    std::size_t value, least, most;
};

std::optional<std::string> wrong_option(const Options& options) {
    constexpr std::size_t million = 1'000'000;
    constexpr std::size_t gigabyte = std::size_t{1} << 30;
    const auto ms = [](std::chrono::milliseconds time) {
        return time.count() < 0 ? 0 : static_cast<std::size_t>(time.count());
    };
    const Bound bounds[] = {
        {"max_connections", options.max_connections, 1, million},
        {"max_connections_per_address", options.max_connections_per_address, 1, million},
        {"max_requests_per_connection", options.max_requests_per_connection, 1, gigabyte},
        {"max_header_bytes", options.max_header_bytes, 128, 64 * 1024},
        {"max_field_bytes", options.max_field_bytes, 64, options.max_header_bytes},
        {"max_header_fields", options.max_header_fields, 1, 1'000},
        {"max_target_bytes", options.max_target_bytes, 16, options.max_field_bytes},
        {"max_body_bytes", options.max_body_bytes, 0, 4 * gigabyte},
        {"body_memory_bytes", options.body_memory_bytes, options.max_body_bytes, 1024 * gigabyte},
        {"handshake_deadline (ms)", ms(options.handshake_deadline), 10, million},
        {"header_deadline (ms)", ms(options.header_deadline), 10, million},
        {"body_deadline (ms)", ms(options.body_deadline), 10, million},
        {"write_deadline (ms)", ms(options.write_deadline), 10, million},
        {"idle_deadline (ms)", ms(options.idle_deadline), 10, million},
        {"linger_deadline (ms)", ms(options.linger_deadline), 10, million},
        {"linger_bytes", options.linger_bytes, 0, gigabyte},
        {"min_bytes_per_second", options.min_bytes_per_second, 1, gigabyte},
    };
    for (const auto& bound : bounds) {
        if (bound.value >= bound.least && bound.value <= bound.most) continue;
        return std::string(bound.name) + " is " + std::to_string(bound.value) + "; it must be " +
               std::to_string(bound.least) + " to " + std::to_string(bound.most);
    }
    return std::nullopt;
}

/// Whom a connection counts for: an IPv4 address, or the /64 of an IPv6 one, of which anybody has
/// 2^64.
std::array<std::uint8_t, 8> address_key(const asio::ip::address& address) {
    std::array<std::uint8_t, 8> key{};
    if (address.is_v4()) {
        std::ranges::copy(address.to_v4().to_bytes(), key.begin() + 4);
        return key;
    }
    const auto bytes = address.to_v6().to_bytes();
    const bool mapped = address.to_v6().is_v4_mapped();
    std::copy_n(bytes.begin() + (mapped ? 8 : 0), 8, key.begin());
    if (mapped) std::fill_n(key.begin(), 4, std::uint8_t{0});
    return key;
}

base::Result<std::unique_ptr<tcp::acceptor>> listen(asio::io_context& context,
                                                    const Options& options) {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) {
        return base::fail(base::Fault::invalid,
                          "address must be a literal IPv4 or IPv6 address, such as 127.0.0.1");
    }
    auto acceptor = std::make_unique<tcp::acceptor>(context);
    const tcp::endpoint endpoint(address, options.port);
    acceptor->open(endpoint.protocol(), error);
    if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor->bind(endpoint, error);
    if (!error) acceptor->listen(4096, error);
    if (!error) return acceptor;
    return base::fail(base::Fault::unavailable, "cannot listen on " + options.address + " port " +
                                                    std::to_string(options.port) + ": " +
                                                    error.message());
}

}  // namespace

const std::string& Lane::date_now() {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    if (now != date_time || date.empty()) {
        date_time = now;
        date = http_date(now);
    }
    return date;
}

Server::Core::Core(Options opts, Router routes, metrics::Registry& metrics,
                   const std::vector<asio::io_context*>& contexts)
    : options(std::move(opts)),
      router(std::move(routes)),
      probe(metrics, router),
      budget(options.body_memory_bytes,
             std::max(options.body_memory_bytes / 2, options.max_body_bytes)),
      lanes(contexts.size()) {
    for (std::size_t i = 0; i < contexts.size(); ++i) lanes[i].context = contexts[i];
    std::array<std::uint8_t, 16> seed{};
    base::random_bytes(seed);
    std::copy_n(seed.begin(), 8, reinterpret_cast<std::uint8_t*>(&id_key));
    next_request = 1;
}

bool Server::Core::admit(const asio::ip::address& peer) {
    const std::lock_guard lock(mutex);
    if (open >= options.max_connections) {
        probe.over_total.add();
        return false;
    }
    auto& count = per_address[address_key(peer)];
    if (count >= options.max_connections_per_address) {
        probe.over_address.add();
        return false;
    }
    ++count;
    ++open;
    probe.accepted.add();
    probe.connections.add();
    return true;
}

void Server::Core::leave(const asio::ip::address& peer) {
    const std::lock_guard lock(mutex);
    const auto entry = per_address.find(address_key(peer));
    if (--entry->second == 0) per_address.erase(entry);
    probe.connections.subtract();
    if (--open == 0) gone.notify_all();
}

void Server::Core::loop_ended() {
    const std::lock_guard lock(mutex);
    if (--loops == 0) gone.notify_all();
}

base::Result<void> Server::Core::load_tls() {
    if (!options.tls) return {};
    if (auto loaded = tls.load(*options.tls); !loaded) return loaded;
    probe.certificate_expires.set(static_cast<double>(base::micros(tls.expires())) / 1e6);
    return {};
}

std::string Server::Core::new_request_id() {
    std::array<std::uint8_t, 16> bytes{};
    const std::uint64_t number = next_request.fetch_add(1, std::memory_order_relaxed);
    for (std::size_t i = 0; i < 8; ++i) {
        bytes[i] = static_cast<std::uint8_t>(id_key >> (8 * i));
        bytes[8 + i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
    }
    return base::base32(bytes);
}

Server::Server(std::shared_ptr<Core> core) : core_(std::move(core)) {}

base::Result<std::unique_ptr<Server>> Server::make(std::vector<asio::io_context*> contexts,
                                                   Options options, Router router,
                                                   metrics::Registry& metrics) {
    if (contexts.empty()) return base::fail(base::Fault::invalid, "a server needs an io_context");
    if (auto wrong = wrong_option(options)) {
        return base::fail(base::Fault::invalid, std::move(*wrong));
    }
    auto acceptor = listen(*contexts.front(), options);
    if (!acceptor) return std::unexpected(acceptor.error());
    auto core = std::make_shared<Core>(std::move(options), std::move(router), metrics, contexts);
    boost::system::error_code ignored;
    core->port = (*acceptor)->local_endpoint(ignored).port();
    core->acceptor = std::move(*acceptor);
    if (auto loaded = core->load_tls(); !loaded) return std::unexpected(loaded.error());
    return std::unique_ptr<Server>(new Server(std::move(core)));
}

base::Result<std::unique_ptr<Server>> Server::make(asio::io_context& context, Options options,
                                                   Router router, metrics::Registry& metrics) {
    return make(std::vector<asio::io_context*>{&context}, std::move(options), std::move(router),
                metrics);
}

Server::~Server() {
    core_->stopping = true;
    core_->stopped = true;
}

std::uint16_t Server::port() const noexcept {
    return core_->port;
}

std::size_t Server::connections() const noexcept {
    const std::lock_guard lock(core_->mutex);
    return core_->open;
}

void Server::start() {
    if (core_->started.exchange(true)) return;
    const auto ended = [core = core_](const std::exception_ptr&) { core->loop_ended(); };
    {
        const std::lock_guard lock(core_->mutex);
        core_->loops = core_->lanes.size() + 1;
    }
    for (std::size_t i = 0; i < core_->lanes.size(); ++i) {
        asio::co_spawn(*core_->lanes[i].context, sweep(core_, i), ended);
    }
    auto acceptor = std::move(core_->acceptor);
    asio::co_spawn(*core_->lanes.front().context, accept_connections(core_, std::move(acceptor)),
                   ended);
}

base::Result<void> Server::reload_tls() {
    return core_->load_tls();
}

bool Server::stop(std::chrono::milliseconds grace) {
    if (core_->stopping.exchange(true)) return true;
    if (!core_->started) return true;
    asio::post(*core_->lanes.front().context, [core = core_] {
        boost::system::error_code ignored;
        if (core->accepting != nullptr) core->accepting->close(ignored);
    });
    const auto each = [core = core_](void (Connection::*action)()) {
        for (auto& lane : core->lanes) {
            asio::post(*lane.context, [core, &lane, action] {
                for (auto* connection : lane.connections) (connection->*action)();
            });
        }
    };
    each(&Connection::close_if_idle);
    std::unique_lock lock(core_->mutex);
    const auto none = [this] { return core_->open == 0; };
    bool all_gone = core_->gone.wait_for(lock, grace, none);
    if (!all_gone) {
        each(&Connection::abort);
        all_gone = core_->gone.wait_for(lock, std::chrono::seconds(1), none);
    }
    core_->stopped = true;
    for (auto& lane : core_->lanes) {
        asio::post(*lane.context, [core = core_, &lane] {
            if (lane.sweep != nullptr) lane.sweep->cancel();
        });
    }
    // The accepting coroutine holds a socket of another lane's context, which may go when we
    // return.
    const bool all_ended =
        core_->gone.wait_for(lock, std::chrono::seconds(1), [this] { return core_->loops == 0; });
    return all_gone && all_ended;
}

}  // namespace http
