#include "http/exchange.hpp"

#include "http/chunked.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace http {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace {

constexpr auto token = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t max_headers = 100;
constexpr unsigned max_interim = 4;
constexpr std::size_t read_bytes = 4 * 1024;

using Message = beast::http::request<beast::http::string_body>;
using Parser = beast::http::response_parser<beast::http::buffer_body>;

Message message_of(ClientRequest request, const Url& url) {
    Message out;
    out.version(11);
    out.method_string(request.method);
    out.target(url.target);
    out.set(beast::http::field::host, url.authority());
    out.set(beast::http::field::connection, "close");
    out.content_length(request.body.size());
    for (const auto& [name, value] : request.headers) out.insert(name, value);
    out.body() = std::move(request.body);
    return out;
}

/// The final status, the headers and the first bytes of the body, from bytes as they arrive.
class Reply {
public:
    Reply(ReplyLimits limits, bool head_only);
    Reply(const Reply&) = delete;
    Reply& operator=(const Reply&) = delete;

    enum class Step : std::uint8_t {
        more,
        done,    ///< The body is complete, or cut at its limit.
        broken,  ///< What came is no answer, or its header section is too large.
    };
    /// Where the next bytes go; empty when what waits there is too large to be parsed.
    asio::mutable_buffer room();
    /// After `bytes` came into room().
    Step read(std::size_t bytes);
    /// Nothing more will come: what is known, or nothing if that is not even a status.
    std::optional<ClientResponse> finish();

private:
    void start();
    void mend_status_line();
    beast::error_code put();
    Step head_complete();
    Step body();
    Step chunked_body();
    Step cut();

    ReplyLimits limits_;
    bool head_only_;
    beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    /// In place of Beast's: in 1.81 an empty body whose last chunk comes a byte at a time fails an
    /// assertion (basic_parser.ipp, n >= 5), by which any server could end us.
    std::optional<ChunkedReader> chunks_;
    std::size_t header_bytes_ = 0;
    unsigned interim_ = 0;  ///< Answers 1xx seen.
    bool has_head_ = false;
    ClientResponse response_;
};

Reply::Reply(ReplyLimits limits, bool head_only)
    : limits_(limits), head_only_(head_only), buffer_(limits.header_bytes + 1) {
    start();
}

void Reply::start() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser_->body_limit(boost::none);  // a long body is cut by its buffer, not an error
    parser_->skip(head_only_);
}

asio::mutable_buffer Reply::room() {
    const auto held = std::min(buffer_.size(), limits_.header_bytes);
    return buffer_.prepare(std::min(read_bytes, limits_.header_bytes - held));
}

/// Some servers leave out the blank before an empty reason; Beast 1.81 insists on it.
void Reply::mend_status_line() {
    constexpr std::string_view like = "HTTP/1.1 200";
    const auto held = buffer_.size();
    const auto* bytes = static_cast<const char*>(buffer_.data().data());
    if (held <= like.size() || bytes[like.size()] != '\r') return;
    if (!std::string_view(bytes, held).starts_with(like.substr(0, 7))) return;
    static_cast<void>(buffer_.prepare(1));
    buffer_.commit(1);
    auto* blank = static_cast<char*>(buffer_.data().data()) + like.size();
    std::memmove(blank + 1, blank, held - like.size());
    *blank = ' ';
}

beast::error_code Reply::put() {
    beast::error_code error;
    buffer_.consume(parser_->put(buffer_.data(), error));
    return error == beast::http::error::need_more ? beast::error_code() : error;
}

Reply::Step Reply::read(std::size_t bytes) {
    buffer_.commit(bytes);
    while (!has_head_) {
        if (buffer_.size() == 0) return Step::more;
        mend_status_line();
        // The parser forgets what it has consumed, so its header_limit is one of a single call.
        const auto before = buffer_.size();
        if (put()) return Step::broken;
        header_bytes_ += before - buffer_.size();
        const bool complete = parser_->is_header_done();
        if (header_bytes_ > limits_.header_bytes) return Step::broken;
        if (!complete && header_bytes_ + buffer_.size() >= limits_.header_bytes) {
            return Step::broken;
        }
        if (!complete) return Step::more;
        if (const auto step = head_complete(); step != Step::more) return step;
    }
    return body();
}

Reply::Step Reply::head_complete() {
    const auto& message = parser_->get();
    const auto status = message.result_int();
    if (status < 100 || status > 599) return Step::broken;
    if (status < 200) {
        // 101 would hand the connection to another protocol, which we never asked for.
        if (status == 101 || ++interim_ > max_interim) return Step::broken;
        start();
        return Step::more;
    }
    has_head_ = true;
    response_.status = status;
    for (const auto& field : message) {
        if (response_.headers.size() == max_headers) return Step::broken;
        response_.headers.emplace_back(field.name_string(), field.value());
    }
    const auto coding = response_.header("transfer-encoding");
    if (!coding.empty() && !equal_ignoring_case(coding, "chunked")) {
        return cut();  // the status is all that we can read
    }
    if (parser_->is_done()) return Step::done;
    if (parser_->chunked()) {
        chunks_.emplace();
        return Step::more;
    }
    response_.body.resize(limits_.body_bytes);
    parser_->get().body().data = response_.body.data();
    parser_->get().body().size = response_.body.size();
    parser_->eager(true);
    return Step::more;
}

Reply::Step Reply::cut() {
    response_.truncated = true;
    return Step::done;
}

Reply::Step Reply::body() {
    if (chunks_) return chunked_body();
    if (buffer_.size() > 0 && put()) return cut();  // need_buffer: the first bytes are what we keep
    return parser_->is_done() ? Step::done : Step::more;
}

Reply::Step Reply::chunked_body() {
    std::string_view bytes(static_cast<const char*>(buffer_.data().data()), buffer_.size());
    while (true) {
        const auto step = chunks_->read(bytes);
        if (step == ChunkedReader::Step::refused) return cut();
        if (step == ChunkedReader::Step::done) {
            chunks_.reset();
            return Step::done;
        }
        const auto size = std::min<std::uint64_t>(chunks_->remaining(), bytes.size());
        if (step == ChunkedReader::Step::more || size == 0) break;
        const auto room = limits_.body_bytes - response_.body.size();
        response_.body += bytes.substr(0, std::min<std::size_t>(size, room));
        if (size > room) return cut();
        chunks_->took(size);
        bytes.remove_prefix(size);
    }
    buffer_.clear();
    return Step::more;
}

std::optional<ClientResponse> Reply::finish() {
    if (!has_head_) return std::nullopt;
    if (chunks_) response_.truncated = true;  // the last one has not come
    if (!parser_->chunked()) {
        beast::error_code partial;
        if (!response_.truncated && !parser_->is_done()) parser_->put_eof(partial);
        if (partial) response_.truncated = true;
        const auto unused = std::min(parser_->get().body().size, response_.body.size());
        response_.body.resize(response_.body.size() - unused);
    }
    return std::move(response_);
}

template <class Stream>
asio::awaitable<base::Result<ClientResponse>> talk(Stream& stream, ClientRequest request, Url url,
                                                   ReplyLimits limits) {
    const auto message = message_of(std::move(request), url);
    // A server may answer and close before it has read all: so read on after a failed write.
    const auto [unsent, sent] = co_await beast::http::async_write(stream, message, token);
    Reply reply(limits, message.method() == beast::http::verb::head);
    auto step = Reply::Step::more;
    while (step == Reply::Step::more) {
        const auto [error, got] = co_await stream.async_read_some(reply.room(), token);
        if (error) break;
        step = reply.read(got);
    }
    if (step == Reply::Step::broken) {
        co_return base::fail(base::Fault::unavailable, "the answer is not HTTP/1.1");
    }
    if (auto response = reply.finish()) co_return std::move(*response);
    co_return base::fail(base::Fault::unavailable,
                         unsent ? "the connection broke before the request was sent"
                                : "the connection ended before an answer");
}

}  // namespace

asio::awaitable<base::Result<ClientResponse>> exchange(asio::ip::tcp::socket& stream,
                                                       ClientRequest request, Url url,
                                                       ReplyLimits limits) {
    return talk(stream, std::move(request), std::move(url), limits);
}

asio::awaitable<base::Result<ClientResponse>> exchange(TlsStream& stream, ClientRequest request,
                                                       Url url, ReplyLimits limits) {
    return talk(stream, std::move(request), std::move(url), limits);
}

}  // namespace http
