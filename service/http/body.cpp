// The part of a connection that reads bodies: straight into the string that the handler gets, so
// that a megabyte is copied once, by the kernel.
#include "http/connection.hpp"

#include <sys/socket.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace http {
namespace asio = boost::asio;
namespace {

constexpr auto token = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t record_bytes = 16 * 1024;  // the most that one of TLS holds
constexpr std::size_t framing_bytes = 4 * 1024;  // read at once where chunk sizes are expected
constexpr std::size_t burst_bytes = 256 * 1024;
constexpr std::size_t chunked_step = 64 * 1024;
constexpr std::string_view please_continue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

base::Result<std::string> Connection::body_failed(Refusal refusal) {
    body_refusal_ = refusal;
    reserved_.clear();
    const auto fault =
        refusal == Refusal::no_memory ? base::Fault::exhausted : base::Fault::invalid;
    return base::fail(fault, std::string(detail(refusal)));
}

base::Result<std::string> Connection::body_lost() {
    if (expired_) core_->probe.expired_body.add();
    sender_gone_ = true;
    reserved_.clear();
    return base::fail(base::Fault::unavailable,
                      expired_ ? "the sender was too slow" : "the sender left before the end");
}

asio::awaitable<base::Result<std::string>> Connection::read_body(std::size_t max_bytes,
                                                                 std::string_view sender) {
    if (body_done_ || sender_gone_ || body_refusal_ != Refusal::none) co_return std::string();
    max_bytes = std::min(max_bytes, core_->options.max_body_bytes);
    reserved_.begin(sender);
    if (framing_ == Framing::length) {
        if (content_length_ > max_bytes) co_return body_failed(Refusal::body_too_large);
        if (!reserved_.grow_to(content_length_)) co_return body_failed(Refusal::no_memory);
    }
    enter(Phase::body, core_->options.body_deadline);
    if (expects_continue_ && used_ == head_size_) {
        const std::array parts{please_continue, std::string_view{}};
        if (!co_await send(parts)) co_return body_lost();
    }
    auto body =
        framing_ == Framing::length ? co_await read_sized() : co_await read_chunked(max_bytes);
    enter(Phase::handler, std::chrono::hours(24));
    if (body) core_->probe.received_bytes.add(static_cast<double>(body->size()));
    core_->probe.body_memory_bytes.set(static_cast<double>(core_->budget.used()));
    co_return body;
}

asio::awaitable<base::Result<std::string>> Connection::read_sized() {
    const std::size_t size = content_length_;
    const auto early = std::min(size, used_ - head_size_);
    std::string body;
    body.reserve(size);
    body.assign(buffer_.data() + head_size_, early);
    while (body.size() < size) {
        if (!co_await receive(body, size - body.size())) co_return body_lost();
    }
    rest_.assign(buffer_.data() + head_size_ + early, used_ - head_size_ - early);
    body_done_ = true;
    co_return body;
}

asio::awaitable<base::Result<std::string>> Connection::read_chunked(std::size_t max_bytes) {
    ChunkedReader reader;
    std::string body;
    std::string scratch(buffer_.data() + head_size_, used_ - head_size_);
    std::string_view input = scratch;
    while (true) {
        const auto step = reader.read(input);
        if (step == ChunkedReader::Step::refused) co_return body_failed(reader.refusal());
        if (step == ChunkedReader::Step::done) break;
        if (step == ChunkedReader::Step::more) {
            scratch.clear();
            scratch.reserve(framing_bytes);
            if (!co_await receive(scratch, framing_bytes)) co_return body_lost();
            input = scratch;
            continue;
        }
        if (reader.remaining() > max_bytes - body.size()) {
            co_return body_failed(Refusal::body_too_large);
        }
        const auto want = static_cast<std::size_t>(reader.remaining());
        if (const auto needed = body.size() + want; needed > body.capacity()) {
            const auto room =
                std::max(needed, std::min(max_bytes, std::max(2 * body.capacity(), chunked_step)));
            if (!reserved_.grow_to(room)) co_return body_failed(Refusal::no_memory);
            body.reserve(room);
        }
        const auto early = std::min(want, input.size());
        body.append(input.substr(0, early));
        input.remove_prefix(early);
        const auto before = body.size();
        if (early == 0 && !co_await receive(body, want)) co_return body_lost();
        reader.took(early + body.size() - before);
    }
    rest_.assign(input);
    body_done_ = true;
    co_return body;
}

/// A record of TLS at a time, which is decrypted into the string.
asio::awaitable<bool> Connection::receive_tls(std::string& out, std::size_t want) {
    const auto size = out.size();
    out.resize(size + std::min(want, record_bytes));
    const auto [error, got] =
        co_await read_some(asio::buffer(out.data() + size, out.size() - size));
    out.resize(size + got);
    if (error || expired_) co_return false;
    progress(got);
    co_return true;
}

asio::awaitable<bool> Connection::receive(std::string& out, std::size_t want) {
    if (tls_) co_return co_await receive_tls(out, want);
    while (true) {
        ssize_t got = 0;
        int failure = 0;
        const auto size = out.size();
        out.resize_and_overwrite(size + want, [&](char* bytes, std::size_t) {
            got = ::recv(socket_.native_handle(), bytes + size, want, 0);
            failure = got < 0 ? errno : 0;
            return size + static_cast<std::size_t>(std::max<ssize_t>(got, 0));
        });
        if (expired_) co_return false;
        if (got > 0) {
            progress(static_cast<std::size_t>(got));
            burst_ += static_cast<std::size_t>(got);
            if (burst_ >= burst_bytes) {
                burst_ = 0;
                const auto turn = co_await asio::post(socket_.get_executor(), token);
                static_cast<void>(turn);
            }
            co_return true;
        }
        if (got == 0) co_return false;
        if (failure == EINTR) continue;
        if (failure != EAGAIN && failure != EWOULDBLOCK) co_return false;
        const auto [error] = co_await socket_.async_wait(asio::ip::tcp::socket::wait_read, token);
        if (error || expired_) co_return false;
        burst_ = 0;
    }
}

}  // namespace http
