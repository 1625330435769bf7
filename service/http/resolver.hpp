#pragma once

#include "base/result.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace http {

/// Names to addresses through the system's resolver, on threads of its own: Asio's has one thread
/// an io_context, so that a single name server that hangs would hold up every other endpoint, and
/// cannot be waited for no longer than a deadline.
class Resolver {
public:
    explicit Resolver(unsigned threads) : pool_(threads) {}
    /// Waits for look-ups under way, which the system's resolver bounds.
    ~Resolver() { pool_.join(); }
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// All addresses of the name, or the address that it is. Fails with `unavailable`.
    boost::asio::awaitable<base::Result<std::vector<boost::asio::ip::address>>> resolve(
        std::string host, std::chrono::steady_clock::time_point until);

private:
    boost::asio::thread_pool pool_;
};

}  // namespace http
