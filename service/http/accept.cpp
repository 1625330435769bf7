#include "base/log.hpp"
#include "http/connection.hpp"
#include "http/core.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace http {
namespace asio = boost::asio;
namespace {

using asio::ip::tcp;
constexpr auto token = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds back_off{50};

/// A descriptor kept for the day when there are no more: giving it up lets us accept one connection
/// and close it, instead of spinning on a queue that never empties.
class Reserve {
public:
    Reserve() { open(); }
    ~Reserve() { close(); }
    Reserve(const Reserve&) = delete;
    Reserve& operator=(const Reserve&) = delete;
    void open() {
        if (fd_ < 0) fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

private:
    int fd_ = -1;
};

/// What a connection's coroutine owns until its first step, so that the count is right on any way
/// out.
struct Guest {
    std::shared_ptr<Server::Core> core;
    std::size_t lane;
    asio::ip::address peer;

    Guest(std::shared_ptr<Server::Core> c, std::size_t l, asio::ip::address p)
        : core(std::move(c)), lane(l), peer(std::move(p)) {}
    ~Guest() {
        if (core) core->leave(peer);
    }
    Guest(Guest&& other) noexcept = default;
    Guest& operator=(Guest&&) = delete;
};

asio::awaitable<void> run_connection(Guest guest, tcp::socket socket) {
    Connection connection(guest.core, guest.core->lanes[guest.lane], std::move(socket), guest.peer);
    co_await connection.run();
}

/// The last resort for what a connection's coroutine throws: one line, and the others go on.
void connection_ended(const std::exception_ptr& failure) {
    if (!failure) return;
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& what) {
        base::log::error("http.connection_failed", {{"what", what.what()}});
    }
}

bool no_descriptor(const boost::system::error_code& error) {
    return error == boost::system::errc::too_many_files_open ||
           error == boost::system::errc::too_many_files_open_in_system ||
           error == boost::system::errc::no_buffer_space ||
           error == boost::system::errc::not_enough_memory;
}

}  // namespace

asio::awaitable<void> accept_connections(std::shared_ptr<Server::Core> core,
                                         std::unique_ptr<tcp::acceptor> acceptor) {
    Reserve reserve;
    asio::steady_timer pause(acceptor->get_executor());
    std::size_t lane = 0;
    core->accepting = acceptor.get();
    while (!core->stopping) {
        lane = (lane + 1) % core->lanes.size();
        auto& context = *core->lanes[lane].context;
        auto [error, socket] = co_await acceptor->async_accept(context, token);
        if (core->stopping) break;
        if (no_descriptor(error)) {
            core->probe.no_descriptor.add();
            reserve.close();
            boost::system::error_code ignored;
            tcp::socket refused(acceptor->get_executor());
            acceptor->non_blocking(true, ignored);
            acceptor->accept(refused, ignored);
            refused.close(ignored);
            reserve.open();
            pause.expires_after(back_off);
            const auto waited = co_await pause.async_wait(token);
            static_cast<void>(waited);
            continue;
        }
        if (error) continue;  // the peer gave up before we took it
        const auto peer = socket.remote_endpoint(error).address();
        if (error || !core->admit(peer)) continue;
        Guest guest(core, lane, peer);
        asio::co_spawn(context, run_connection(std::move(guest), std::move(socket)),
                       connection_ended);
    }
    core->accepting = nullptr;
}

asio::awaitable<void> sweep(std::shared_ptr<Server::Core> core, std::size_t index) {
    auto& lane = core->lanes[index];
    const auto& options = core->options;
    const auto shortest =
        std::min({options.header_deadline, options.body_deadline, options.write_deadline,
                  options.idle_deadline, options.linger_deadline, options.handshake_deadline});
    const auto tick =
        std::clamp(shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(500));
    asio::steady_timer timer(*lane.context);
    lane.sweep = &timer;
    while (!core->stopped) {
        timer.expires_after(tick);
        const auto waited = co_await timer.async_wait(token);
        static_cast<void>(waited);
        const auto now = Connection::Clock::now();
        for (auto* connection : lane.connections) connection->sweep(now);
    }
    lane.sweep = nullptr;
}

}  // namespace http
