#include "http/connection.hpp"

#include "base/assert.hpp"
#include "base/log.hpp"
#include "http/answer.hpp"
#include "http/parsed.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <exception>

namespace http {
namespace asio = boost::asio;
namespace {

constexpr auto token = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t first_buffer_bytes = 4 * 1024;

std::string text_of(const asio::ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    }
    return address.to_string();
}

}  // namespace

struct Connection::Tls {
    std::shared_ptr<asio::ssl::context> context;  // of the time when the connection came
    asio::ssl::stream<asio::ip::tcp::socket&> stream;

    Tls(asio::ip::tcp::socket& socket, std::shared_ptr<asio::ssl::context> given)
        : context(std::move(given)), stream(socket, *context) {}

    static std::unique_ptr<Tls> over(asio::ip::tcp::socket& socket,
                                     std::shared_ptr<asio::ssl::context> context) {
        return context ? std::make_unique<Tls>(socket, std::move(context)) : nullptr;
    }
};

Connection::Connection(std::shared_ptr<Server::Core> core, Lane& lane, asio::ip::tcp::socket socket,
                       const asio::ip::address& peer)
    : core_(std::move(core)),
      lane_(lane),
      socket_(std::move(socket)),
      tls_(Tls::over(socket_, core_->tls.current())),
      peer_(peer),
      reserved_(core_->budget) {
    lane_.connections.insert(this);
    boost::system::error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    socket_.native_non_blocking(true, ignored);
}

Connection::~Connection() {
    lane_.connections.erase(this);
}

void Connection::enter(Phase phase, std::chrono::milliseconds deadline) {
    phase_ = phase;
    patience_ = deadline;
    deadline_ = Clock::now() + deadline;
}

/// A sender that keeps up the least rate may go on. What it was faster once is no credit for later:
/// 16 MB at once would be worth a quarter of an hour in which its memory is held.
void Connection::progress(std::size_t bytes) {
    deadline_ +=
        std::chrono::nanoseconds(bytes * 1'000'000'000 / core_->options.min_bytes_per_second);
    deadline_ = std::min(deadline_, Clock::now() + patience_);
}

void Connection::sweep(Clock::time_point now) {
    if (now < deadline_) return;
    expired_ = true;
    boost::system::error_code ignored;
    socket_.cancel(ignored);  // again at each sweep, until the coroutine has seen it
}

void Connection::close_if_idle() {
    const bool nothing_came = phase_ == Phase::handshake || (phase_ == Phase::header && used_ == 0);
    if (phase_ == Phase::idle || nothing_came) sweep(Clock::time_point::max());
}

void Connection::abort() {
    expired_ = true;
    deadline_ = Clock::time_point::min();
    boost::system::error_code ignored;
    socket_.close(ignored);
}

asio::awaitable<void> Connection::run() {
    if (co_await handshake()) {
        co_await serve_requests();
        if (tls_ && !expired_ && phase_ != Phase::linger) {
            enter(Phase::linger, core_->options.linger_deadline);
            co_await shut_down();
        }
    }
    boost::system::error_code ignored;
    socket_.close(ignored);
}

asio::awaitable<void> Connection::serve_requests() {
    enter(Phase::header, core_->options.header_deadline);
    const auto limit = core_->options.max_requests_per_connection;
    for (std::size_t served = 0; served < limit && !core_->stopping; ++served) {
        HeadReader reader({.header_bytes = core_->options.max_header_bytes,
                           .field_bytes = core_->options.max_field_bytes,
                           .fields = core_->options.max_header_fields,
                           .target_bytes = core_->options.max_target_bytes,
                           .body_bytes = core_->options.max_body_bytes});
        if (!co_await read_head(reader)) break;
        const auto gated = reader.head({buffer_.data(), used_});
        head_size_ = reader.size();
        const auto parsed =
            Parsed::parse({gated.method.data(), buffer_.data() + head_size_}, gated);
        if (!parsed) {
            co_await refuse(parsed.error(), core_->new_request_id());
            break;
        }
        if (!co_await serve(parsed->head(), served + 1 == limit)) break;
        // What came beyond this request starts the next one; it came in such a buffer, so it fits.
        used_ = rest_.size();
        if (used_ == 0 && buffer_.size() > first_buffer_bytes) buffer_ = {};  // idle ones are small
        BASE_ASSERT(used_ <= buffer_.size());
        std::ranges::copy(rest_, buffer_.begin());
        enter(used_ > 0 ? Phase::header : Phase::idle,
              used_ > 0 ? core_->options.header_deadline : core_->options.idle_deadline);
    }
}

asio::awaitable<bool> Connection::handshake() {
    if (!tls_) co_return true;
    enter(Phase::handshake, core_->options.handshake_deadline);
    const auto [error] =
        co_await tls_->stream.async_handshake(asio::ssl::stream_base::server, token);
    if (expired_ && !core_->stopping) core_->probe.expired_handshake.add();
    const bool done = !error && !expired_;
    (done ? core_->probe.handshakes : core_->probe.no_handshake).add();
    co_return done;
}

asio::awaitable<Connection::Moved> Connection::read_some(asio::mutable_buffer into) {
    if (tls_) return tls_->stream.async_read_some(into, token);
    return socket_.async_read_some(into, token);
}

asio::awaitable<Connection::Moved> Connection::write_some(std::array<asio::const_buffer, 2> from) {
    if (tls_) return tls_->stream.async_write_some(from, token);
    return socket_.async_write_some(from, token);
}

asio::awaitable<void> Connection::shut_down() {
    if (tls_) {
        // Until the peer agrees, sends something else, or the deadline comes.
        const auto ended = co_await tls_->stream.async_shutdown(token);
        static_cast<void>(ended);
    }
    boost::system::error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

asio::awaitable<bool> Connection::read_head(HeadReader& reader) {
    buffer_.resize(std::max(buffer_.size(), first_buffer_bytes));
    while (true) {
        if (used_ > 0) {
            const auto step = reader.read({buffer_.data(), used_});
            if (step == HeadReader::Step::done) co_return true;
            if (step == HeadReader::Step::refused) {
                co_return co_await refuse(reader.refusal(), core_->new_request_id());
            }
        }
        // One byte more than allowed is enough for the reader to refuse.
        const auto cap = core_->options.max_header_bytes + 1;
        if (used_ == buffer_.size()) buffer_.resize(std::min(cap, used_ * 2));
        const auto [error, got] =
            co_await read_some(asio::buffer(buffer_.data() + used_, buffer_.size() - used_));
        if (expired_ && !core_->stopping) {
            (phase_ == Phase::idle ? core_->probe.expired_idle : core_->probe.expired_header).add();
        }
        if (error || expired_) co_return false;
        used_ += got;
        if (phase_ == Phase::idle) enter(Phase::header, core_->options.header_deadline);
    }
}

asio::awaitable<bool> Connection::serve(Head head, bool last) {
    const auto start = Clock::now();
    enter(Phase::handler, std::chrono::hours(24));
    framing_ = head.framing;
    content_length_ = head.content_length;
    expects_continue_ = head.expects_continue;
    body_done_ = framing_ == Framing::none;
    if (body_done_) rest_.assign(buffer_.data() + head_size_, used_ - head_size_);
    const bool keep_alive = head.keep_alive && !last;
    const bool head_only = head.method == "HEAD";

    Request request(std::move(head), text_of(peer_), core_->new_request_id(), *this);
    const auto match = core_->router.match(request);
    Response response;
    if (match.route != nullptr) {
        response = co_await call(*match.route, request);
    } else if (match.allow.empty()) {
        response = Response::problem(404, "no_such_route", "There is nothing here",
                                     "See the API reference for the routes there are.");
    } else {
        response = Response::problem(405, "method_not_allowed", "Not with this method",
                                     "The Allow header lists the methods.");
        response.with("Allow", match.allow);
    }
    reserved_.clear();
    core_->probe.body_memory_bytes.set(static_cast<double>(core_->budget.used()));
    if (sender_gone_) co_return false;
    if (body_refusal_ != Refusal::none) co_return co_await refuse(body_refusal_, request.id());
    // A body not read would be taken for the next request: never go on behind one.
    const bool close = response.close || !keep_alive || !body_done_ || core_->stopping;
    const auto status = response.status;
    const bool sent = co_await write(std::move(response), request.id(), head_only, close);
    core_->probe.answered(match.route, status, Clock::now() - start);
    if (sent && !body_done_) co_await linger();
    co_return sent && !close;
}

asio::awaitable<Response> Connection::call(const Router::Route& route, Request& request) {
    try {
        co_return co_await route.handler(request);
    } catch (const std::exception& failure) {
        core_->probe.failed_handlers.add();
        base::log::error(
            "http.handler_failed",
            {{"route", route.pattern}, {"request_id", request.id()}, {"what", failure.what()}});
    }
    auto response =
        Response::problem(500, "internal", "A bug of ours", "Report it with the request_id.");
    response.close = true;
    co_return response;
}

asio::awaitable<bool> Connection::refuse(Refusal refusal, std::string_view request_id) {
    core_->probe.refused(refusal);
    auto response = Response::problem(status(refusal), code(refusal), "The request was refused",
                                      detail(refusal));
    if (status(refusal) == 503) response.with("Retry-After", "2");
    if (co_await write(std::move(response), request_id, false, true)) co_await linger();
    co_return false;
}

asio::awaitable<bool> Connection::write(Response response, std::string_view request_id,
                                        bool head_only, bool close) {
    enter(Phase::write, core_->options.write_deadline);
    add_request_id(response, request_id);
    const auto head =
        answer_head(response, {.request_id = request_id, .date = lane_.date_now(), .close = close});
    const bool bodiless = head_only || response.status == 204 || response.status == 304;
    const std::array<std::string_view, 2> parts{
        head, bodiless ? std::string_view{} : std::string_view(response.body)};
    const bool sent = co_await send(parts);
    if (expired_) core_->probe.expired_write.add();
    co_return sent;
}

asio::awaitable<bool> Connection::send(std::span<const std::string_view> parts) {
    std::array<asio::const_buffer, 2> buffers{};
    std::transform(parts.begin(), parts.end(), buffers.begin(),
                   [](std::string_view part) { return asio::buffer(part.data(), part.size()); });
    while (asio::buffer_size(buffers) > 0) {
        const auto [error, sent] = co_await write_some(buffers);
        if (error || expired_) co_return false;
        progress(sent);
        auto left = sent;
        for (auto& buffer : buffers) {
            const auto taken = std::min(left, buffer.size());
            buffer += taken;
            left -= taken;
        }
    }
    co_return true;
}

/// A close while bytes of the sender wait unread makes the kernel reset the connection, and the
/// reset eats the answer: so stop sending, and read a little, for a little while.
asio::awaitable<void> Connection::linger() {
    enter(Phase::linger, core_->options.linger_deadline);
    co_await shut_down();
    std::size_t dropped = 0;
    while (!expired_ && dropped < core_->options.linger_bytes) {
        const auto [error, got] =
            co_await socket_.async_read_some(asio::buffer(buffer_.data(), buffer_.size()), token);
        if (error || expired_) co_return;
        dropped += got;
    }
}

}  // namespace http
