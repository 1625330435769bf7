#include "http/resolver.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace http {
namespace asio = boost::asio;
namespace {

using Addresses = std::vector<asio::ip::address>;

/// Shared by the one who waits and the thread that looks up. The timer belongs to the waiter's
/// executor and is touched there only.
struct Lookup {
    explicit Lookup(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    Addresses found;
    bool done = false;
};

Addresses look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
    addrinfo* list = nullptr;
    Addresses out;
    if (::getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return out;
    for (const auto* entry = list; entry != nullptr; entry = entry->ai_next) {
        if (entry->ai_family == AF_INET) {
            const auto* ipv4 = reinterpret_cast<const sockaddr_in*>(entry->ai_addr);
            out.emplace_back(asio::ip::address_v4(ntohl(ipv4->sin_addr.s_addr)));
        } else if (entry->ai_family == AF_INET6) {
            const auto* ipv6 = reinterpret_cast<const sockaddr_in6*>(entry->ai_addr);
            asio::ip::address_v6::bytes_type bytes;
            std::copy_n(ipv6->sin6_addr.s6_addr, bytes.size(), bytes.begin());
            out.emplace_back(asio::ip::address_v6(bytes, ipv6->sin6_scope_id));
        }
    }
    ::freeaddrinfo(list);
    return out;
}

}  // namespace

asio::awaitable<base::Result<Addresses>> Resolver::resolve(
    std::string host, std::chrono::steady_clock::time_point until) {
    boost::system::error_code no_literal;
    const auto literal = asio::ip::make_address(host, no_literal);
    if (!no_literal) co_return Addresses{literal};

    const auto executor = co_await asio::this_coro::executor;
    auto lookup = std::make_shared<Lookup>(executor);
    lookup->timer.expires_at(until);
    asio::post(pool_, [lookup, host = std::move(host), executor]() mutable {
        auto found = look_up(host);
        asio::post(executor, [lookup = std::move(lookup), found = std::move(found)]() mutable {
            lookup->found = std::move(found);
            lookup->done = true;
            lookup->timer.cancel();
        });
    });
    const auto waited = co_await lookup->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    static_cast<void>(waited);
    if (!lookup->done) {
        co_return base::fail(base::Fault::unavailable, "looking up the host took too long");
    }
    if (lookup->found.empty()) {
        co_return base::fail(base::Fault::unavailable, "the host has no address");
    }
    co_return std::move(lookup->found);
}

}  // namespace http
