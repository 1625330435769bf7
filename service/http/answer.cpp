#include "http/answer.hpp"

#include "base/assert.hpp"
#include "base/log.hpp"
#include "http/syntax.hpp"

#include <boost/beast/core/buffer_traits.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/serializer.hpp>

#include <array>
#include <cstdio>

namespace http {
namespace beast = boost::beast;
namespace {

constexpr std::size_t max_field_bytes = 60'000;  // Beast keeps sizes in 16 bits

using Message = beast::http::response<beast::http::empty_body>;

std::string serialized(const Message& message) {
    beast::http::response_serializer<beast::http::empty_body> serializer(message);
    std::string out;
    out.reserve(320);
    const auto append = [&](beast::error_code&, const auto& buffers) {
        for (const auto part : beast::buffers_range_ref(buffers)) {
            out.append(static_cast<const char*>(part.data()), part.size());
        }
        serializer.consume(beast::buffer_bytes(buffers));
    };
    beast::error_code error;
    while (!serializer.is_done()) {
        serializer.next(error, append);
        BASE_ASSERT(!error);  // there is nothing here that can fail
    }
    return out;
}

}  // namespace

void add_request_id(Response& response, std::string_view request_id) {
    if (response.content_type != "application/problem+json") return;
    if (!response.body.ends_with('}')) return;
    response.body.pop_back();
    response.body.append(",\"request_id\":\"").append(request_id).append("\"}");
}

std::string answer_head(const Response& response, const AnswerContext& context) {
    using beast::http::field;
    BASE_ASSERT(response.status >= 100 && response.status <= 599);
    Message message;
    message.version(11);
    message.result(response.status);
    message.reason(reason_phrase(response.status));
    message.insert(field::date, context.date);
    if (!response.content_type.empty()) message.insert(field::content_type, response.content_type);
    if (response.status != 204 && response.status != 304) {
        message.insert(field::content_length, std::to_string(response.body.size()));
    }
    message.insert("X-Request-Id", context.request_id);
    message.insert("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : response.headers) {
        if (syntax::is_token(name) && syntax::is_value(value) &&
            name.size() + value.size() <= max_field_bytes) {
            message.insert(name, value);
        } else {
            base::log::error("http.bad_answer_header", {{"request_id", context.request_id}});
        }
    }
    if (context.close) message.insert(field::connection, "close");
    return serialized(message);
}

std::string http_date(std::chrono::sys_seconds time) {
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
                  days[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                  months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                  static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text.data();
}

}  // namespace http
