#pragma once

#include "http/budget.hpp"
#include "http/chunked.hpp"
#include "http/core.hpp"
#include "http/head.hpp"
#include "http/request.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace http {

/// One connection: a request at a time, each read, answered and forgotten before the next.
///
/// Lives in the coroutine that runs it, on one lane. Deadlines are a time in it that the lane's
/// sweep compares: no timer a read, and 20,000 of them cost a millisecond a second.
class Connection final : public BodySource {
public:
    using Clock = std::chrono::steady_clock;

    Connection(std::shared_ptr<Server::Core> core, Lane& lane, boost::asio::ip::tcp::socket socket,
               const boost::asio::ip::address& peer);
    ~Connection() override;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Ends when the connection is closed.
    boost::asio::awaitable<void> run();

    /// For the lane: closes it if it is past its deadline.
    void sweep(Clock::time_point now);
    /// Closes it if it is between requests.
    void close_if_idle();
    /// Closes it whatever it does.
    void abort();

    boost::asio::awaitable<base::Result<std::string>> read_body(std::size_t max_bytes,
                                                                std::string_view sender) override;

private:
    struct Tls;
    enum class Phase : std::uint8_t { handshake, idle, header, body, handler, write, linger };

    void enter(Phase phase, std::chrono::milliseconds deadline);
    void progress(std::size_t bytes);

    boost::asio::awaitable<void> serve_requests();
    boost::asio::awaitable<bool> handshake();

    // The wire, with or without TLS.
    using Moved = std::tuple<boost::system::error_code, std::size_t>;
    boost::asio::awaitable<Moved> read_some(boost::asio::mutable_buffer into);
    boost::asio::awaitable<Moved> write_some(std::array<boost::asio::const_buffer, 2> from);
    /// Ends our side, so that the peer sees that all has come.
    boost::asio::awaitable<void> shut_down();

    /// Reads until a header section is complete; false: close (an answer may have been sent).
    boost::asio::awaitable<bool> read_head(HeadReader& reader);
    boost::asio::awaitable<bool> serve(Head head, bool last);
    boost::asio::awaitable<Response> call(const Router::Route& route, Request& request);
    boost::asio::awaitable<bool> refuse(Refusal refusal, std::string_view request_id);
    boost::asio::awaitable<bool> write(Response response, std::string_view request_id,
                                       bool head_only, bool close);
    boost::asio::awaitable<bool> send(std::span<const std::string_view> parts);
    boost::asio::awaitable<void> linger();

    boost::asio::awaitable<base::Result<std::string>> read_sized();
    boost::asio::awaitable<base::Result<std::string>> read_chunked(std::size_t max_bytes);
    /// Appends up to `want` bytes, at least one, straight from the socket; false: sender gone.
    boost::asio::awaitable<bool> receive(std::string& out, std::size_t want);
    boost::asio::awaitable<bool> receive_tls(std::string& out, std::size_t want);
    base::Result<std::string> body_failed(Refusal refusal);
    base::Result<std::string> body_lost();

    std::shared_ptr<Server::Core> core_;
    Lane& lane_;
    boost::asio::ip::tcp::socket socket_;
    std::unique_ptr<Tls> tls_;  ///< Null on a plain listener.
    boost::asio::ip::address peer_;

    Phase phase_ = Phase::idle;
    Clock::time_point deadline_ = Clock::time_point::max();
    std::chrono::milliseconds patience_{0};  ///< Of the phase, as entered.
    bool expired_ = false;
    std::size_t burst_ = 0;  ///< Bytes read since other connections last had a turn.

    std::vector<char> buffer_;  ///< The header section, and what came with it.
    std::size_t used_ = 0;
    std::string rest_;  ///< Bytes after the request's end: the next request's first.

    // Of the request being served.
    Framing framing_ = Framing::none;
    std::uint64_t content_length_ = 0;
    bool expects_continue_ = false;
    std::size_t head_size_ = 0;
    bool body_done_ = true;
    bool sender_gone_ = false;
    Refusal body_refusal_ = Refusal::none;
    Reservation reserved_;
};

}  // namespace http
