#include "http/request.hpp"

#include "http/target.hpp"

#include <algorithm>

namespace http {

/// The bytes and the body of a request that no connection brought.
struct Request::Loose : BodySource {
    std::string method, target, body;
    Pairs headers;

    boost::asio::awaitable<base::Result<std::string>> read_body(std::size_t max_bytes,
                                                                std::string_view) override {
        if (body.size() > max_bytes) {
            co_return base::fail(base::Fault::invalid,
                                 std::string(detail(Refusal::body_too_large)));
        }
        co_return std::move(body);
    }
};

Request::Request(Head head, std::string peer, std::string id, BodySource& body)
    : head_(std::move(head)), peer_(std::move(peer)), id_(std::move(id)), body_(&body) {
    const auto question = head_.target.find('?');
    path_ = head_.target.substr(0, question);
    if (question == std::string_view::npos) return;
    if (auto pairs = parse_query(head_.target.substr(question + 1))) query_ = std::move(*pairs);
}

Request::~Request() = default;

std::unique_ptr<Request> Request::of(std::string_view method, std::string_view target,
                                     Pairs headers, std::string body, std::string peer) {
    auto loose = std::make_unique<Loose>();
    loose->method = method;
    loose->target = target;
    loose->headers = std::move(headers);
    loose->body = std::move(body);
    Head head;
    head.method = loose->method;
    head.target = loose->target;
    for (const auto& [name, value] : loose->headers) head.fields.push_back({name, value});
    head.framing = loose->body.empty() ? Framing::none : Framing::length;
    head.content_length = loose->body.size();
    auto request =
        std::make_unique<Request>(std::move(head), std::move(peer), std::string(26, 'a'), *loose);
    request->loose_ = std::move(loose);
    return request;
}

std::string_view Request::parameter(std::string_view name) const noexcept {
    for (const auto& [key, value] : parameters_) {
        if (key == name) return value;
    }
    return {};
}

std::optional<std::string_view> Request::query(std::string_view name) const noexcept {
    for (const auto& [key, value] : query_) {
        if (key == name) return value;
    }
    return std::nullopt;
}

std::optional<std::string_view> Request::header(std::string_view name) const noexcept {
    for (const auto& field : head_.fields) {
        if (equal_ignoring_case(field.name, name)) return field.value;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> Request::content_length() const noexcept {
    if (head_.framing == Framing::chunked) return std::nullopt;
    return head_.content_length;
}

boost::asio::awaitable<base::Result<std::string>> Request::read_body(std::size_t max_bytes,
                                                                     std::string_view sender) {
    return body_->read_body(max_bytes, sender);
}

}  // namespace http
