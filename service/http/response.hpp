#pragma once

#include "base/result.hpp"

#include <boost/json/fwd.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

/// An answer. The server adds Date, Content-Length, X-Request-Id, Connection and the headers that
/// keep browsers from guessing; a handler sets none of these.
struct Response {
    unsigned status = 200;
    std::vector<std::pair<std::string, std::string>> headers;  ///< No CR, LF or NUL in either.
    std::string body;
    std::string content_type;  ///< Not sent when empty.
    bool close = false;        ///< Ends the connection after this answer.

    static Response text(unsigned status, std::string body,
                         std::string_view content_type = "text/plain; charset=utf-8");
    static Response json(unsigned status, const boost::json::value& value);
    /// 204, without a body.
    static Response empty();

    /// RFC 9457. `code` is from a closed list of the caller, in snake_case; it also ends the `type`
    /// URL. `title` and `detail` are sentences of ours, never bytes of the client. The server adds
    /// `request_id`.
    static Response problem(unsigned status, std::string_view code, std::string_view title,
                            std::string_view detail = {});
    /// The same with more members, such as "limit" or "errors".
    static Response problem(unsigned status, std::string_view code, std::string_view title,
                            std::string_view detail, boost::json::object more);
    /// The problem a Fault calls for: invalid 400, unauthorised 403, not_found 404, conflict 409,
    /// exhausted 429, unavailable 503 (both with Retry-After); the reason is the detail.
    static Response problem(const base::Error& error);

    Response& with(std::string_view name, std::string value) &;
    Response&& with(std::string_view name, std::string value) &&;
};

/// "Not Found" for 404; "Unknown" for what RFC 9110 does not name.
[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

}  // namespace http
