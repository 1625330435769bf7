#pragma once

#include "base/result.hpp"
#include "http/head.hpp"

#include <boost/asio/awaitable.hpp>

#include <any>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

/// Where a request's body comes from; the server's connection is one.
class BodySource {
public:
    virtual ~BodySource() = default;
    /// As Request::read_body.
    virtual boost::asio::awaitable<base::Result<std::string>> read_body(
        std::size_t max_bytes, std::string_view sender) = 0;
};

/// One request whose header section passed the gate; its body is still with the sender until
/// `read_body`, so that a handler can refuse an unknown sender without storing a byte of it.
///
/// Belongs to the connection and lives until its answer is written. All views it lends live as long
/// as it does, across co_await too. Used on its connection's thread only.
class Request {
public:
    using Pairs = std::vector<std::pair<std::string, std::string>>;

    Request(Head head, std::string peer, std::string id, BodySource& body);
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;
    ~Request();

    /// A request that no connection brought, for tests of handlers. `headers` may hold anything.
    static std::unique_ptr<Request> of(std::string_view method, std::string_view target,
                                       Pairs headers = {}, std::string body = {},
                                       std::string peer = "192.0.2.1");

    [[nodiscard]] std::string_view method() const noexcept { return head_.method; }
    /// As sent: path and query, still percent-encoded.
    [[nodiscard]] std::string_view target() const noexcept { return head_.target; }
    /// The target up to its '?', still percent-encoded.
    [[nodiscard]] std::string_view path() const noexcept { return path_; }
    /// What stands at "{name}" of the route's pattern, percent-decoded; empty if there is no such
    /// name.
    [[nodiscard]] std::string_view parameter(std::string_view name) const noexcept;
    /// The first query parameter of that name, decoded ('+' is a blank).
    [[nodiscard]] std::optional<std::string_view> query(std::string_view name) const noexcept;
    /// All query parameters in their order, decoded. The server refuses a query it cannot decode.
    [[nodiscard]] const Pairs& query() const noexcept { return query_; }
    /// The first field of that name, whatever its case. Authorization, Content-Type,
    /// Content-Encoding, Content-Length and Host come once or not at all; trailers never show here.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
    [[nodiscard]] const std::vector<Field>& headers() const noexcept { return head_.fields; }
    /// Bytes announced by Content-Length; nothing for a chunked body, 0 when there is none.
    [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept;

    /// The sender's address, RFC 5952; an IPv4-mapped one is shown as IPv4.
    [[nodiscard]] const std::string& peer() const noexcept { return peer_; }
    /// Unique to this request: 26 characters, also in X-Request-Id and in problem documents.
    [[nodiscard]] const std::string& id() const noexcept { return id_; }

    /// Whoever the route's Access let in, as it put them here; empty on an open route.
    [[nodiscard]] const std::any& caller() const noexcept { return caller_; }
    void let_in(std::any caller) noexcept { caller_ = std::move(caller); }

    /// The whole body as sent, content codings not undone; empty when there is none. Once only.
    /// Memory for it is reserved first and given back when the request ends; bodies of one
    /// `sender`, if it is named, get half of what there is for all.
    ///
    /// Fails with `invalid` (too long, bad chunks), `exhausted` (no memory now) or `unavailable`
    /// (the sender is gone or too slow). After a failure just return: whatever the handler answers,
    /// the server sends the 400, 413, 431 or 503 that fits, and closes.
    boost::asio::awaitable<base::Result<std::string>> read_body(std::size_t max_bytes,
                                                                std::string_view sender = {});

private:
    friend class Router;
    struct Loose;  // what a request of `of` owns

    std::unique_ptr<Loose> loose_;
    Head head_;
    std::string_view path_;
    Pairs query_;
    Pairs parameters_;
    std::string peer_;
    std::string id_;
    std::any caller_;
    BodySource* body_;
};

}  // namespace http
