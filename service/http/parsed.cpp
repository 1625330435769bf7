#include "http/parsed.hpp"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace http {
namespace beast = boost::beast;

struct Parsed::Message {
    beast::http::request_parser<beast::http::empty_body> parser;
};

Parsed::Parsed(std::unique_ptr<Message> message) noexcept : message_(std::move(message)) {}
Parsed::Parsed(Parsed&&) noexcept = default;
Parsed& Parsed::operator=(Parsed&&) noexcept = default;
Parsed::~Parsed() = default;

std::expected<Parsed, Refusal> Parsed::parse(std::string_view section, const Head& gated) {
    Parsed out(std::make_unique<Message>());
    auto& parser = out.message_->parser;
    // The gate has bounded both.
    parser.header_limit(static_cast<std::uint32_t>(section.size() + 1));
    parser.body_limit(boost::none);
    beast::error_code error;
    const auto taken = parser.put({section.data(), section.size()}, error);
    if (error == beast::http::error::bad_content_length ||
        error == beast::http::error::multiple_content_length) {
        return std::unexpected(Refusal::bad_length);
    }
    if (error == beast::http::error::bad_transfer_encoding) {
        return std::unexpected(Refusal::bad_transfer_coding);
    }
    if (error || taken != section.size() || !parser.is_header_done()) {
        return std::unexpected(Refusal::bad_field);
    }
    const auto& message = parser.get();
    if (parser.chunked() != (gated.framing == Framing::chunked)) {
        return std::unexpected(Refusal::bad_transfer_coding);
    }
    if (parser.content_length().value_or(0) != gated.content_length) {
        return std::unexpected(Refusal::bad_length);
    }
    const auto count = static_cast<std::size_t>(std::distance(message.begin(), message.end()));
    if (count != gated.fields.size()) return std::unexpected(Refusal::bad_field);

    auto& head = out.head_;
    head.method = message.method_string();
    head.target = message.target();
    if (head.method != gated.method || head.target != gated.target) {
        return std::unexpected(Refusal::bad_request_line);
    }
    head.http_1_0 = message.version() < 11;
    head.fields.reserve(count);
    for (const auto& field : message) head.fields.push_back({field.name_string(), field.value()});
    head.framing = gated.framing;
    head.content_length = gated.content_length;
    head.keep_alive = gated.keep_alive && parser.keep_alive();
    head.expects_continue = gated.expects_continue;
    return out;
}

}  // namespace http
