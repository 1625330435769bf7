#include "http/answer.hpp"

#include "base/log.hpp"
#include "http/syntax.hpp"

#include <array>
#include <cstdio>

namespace http {

void add_request_id(Response& response, std::string_view request_id) {
    if (response.content_type != "application/problem+json") return;
    if (!response.body.ends_with('}')) return;
    response.body.pop_back();
    response.body.append(",\"request_id\":\"").append(request_id).append("\"}");
}

std::string answer_head(const Response& response, const AnswerContext& context) {
    std::string out;
    out.reserve(320);
    const auto field = [&out](std::string_view name, std::string_view value) {
        out.append(name).append(": ").append(value).append("\r\n");
    };
    out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    out.append(reason_phrase(response.status)).append("\r\n");
    field("Date", context.date);
    if (!response.content_type.empty()) field("Content-Type", response.content_type);
    if (response.status != 204 && response.status != 304) {
        field("Content-Length", std::to_string(response.body.size()));
    }
    field("X-Request-Id", context.request_id);
    field("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : response.headers) {
        if (syntax::is_token(name) && syntax::is_value(value)) {
            field(name, value);
        } else {
            base::log::error("http.bad_answer_header", {{"request_id", context.request_id}});
        }
    }
    if (context.close) field("Connection", "close");
    out.append("\r\n");
    return out;
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
