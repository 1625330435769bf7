#pragma once

#include "http/response.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace http {

/// How an answer goes on the wire, apart from its body.
struct AnswerContext {
    std::string_view request_id;
    std::string_view date;  ///< As http_date gives it.
    bool close = false;
};

/// Adds the request's id to a problem document.
void add_request_id(Response& response, std::string_view request_id);

/// The status line and all fields with their empty line. A header with CR, LF or NUL is left out.
[[nodiscard]] std::string answer_head(const Response& response, const AnswerContext& context);

/// IMF-fixdate of RFC 9110 section 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string http_date(std::chrono::sys_seconds time);

}  // namespace http
