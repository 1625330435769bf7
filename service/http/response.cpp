#include "http/response.hpp"

#include "base/log.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>

namespace http {
namespace {

constexpr std::string_view problem_type = "https://callerprint.dev/problems/";

struct Reason {
    unsigned status;
    std::string_view phrase;
};

constexpr std::array reasons{Reason{200, "OK"},
                             Reason{201, "Created"},
                             Reason{202, "Accepted"},
                             Reason{204, "No Content"},
                             Reason{304, "Not Modified"},
                             Reason{400, "Bad Request"},
                             Reason{401, "Unauthorized"},
                             Reason{403, "Forbidden"},
                             Reason{404, "Not Found"},
                             Reason{405, "Method Not Allowed"},
                             Reason{406, "Not Acceptable"},
                             Reason{409, "Conflict"},
                             Reason{410, "Gone"},
                             Reason{412, "Precondition Failed"},
                             Reason{413, "Content Too Large"},
                             Reason{414, "URI Too Long"},
                             Reason{415, "Unsupported Media Type"},
                             Reason{417, "Expectation Failed"},
                             Reason{422, "Unprocessable Content"},
                             Reason{428, "Precondition Required"},
                             Reason{429, "Too Many Requests"},
                             Reason{431, "Request Header Fields Too Large"},
                             Reason{500, "Internal Server Error"},
                             Reason{501, "Not Implemented"},
                             Reason{503, "Service Unavailable"},
                             Reason{505, "HTTP Version Not Supported"}};

/// As JSON in which nothing drives the terminal of who looks at it: such characters are \u escapes.
std::string text_of(const boost::json::value& value) {
    return base::log::safe(boost::json::serialize(value));
}

struct FaultRow {
    unsigned status;
    std::string_view title;
    std::string_view retry_after;  // seconds; empty: none
};

FaultRow fault_row(base::Fault fault) {
    switch (fault) {
        case base::Fault::invalid:
            return {400, "The request is not valid", ""};
        case base::Fault::unauthorised:
            return {403, "Not allowed", ""};
        case base::Fault::not_found:
            return {404, "Not found", ""};
        case base::Fault::conflict:
            return {409, "Changed meanwhile", ""};
        case base::Fault::exhausted:
            return {429, "Too much at once", "1"};
        case base::Fault::unavailable:
            return {503, "Not available now", "2"};
    }
    return {500, "Internal error", ""};
}

}  // namespace

std::string_view reason_phrase(unsigned status) noexcept {
    const auto* row = std::ranges::find(reasons, status, &Reason::status);
    return row != reasons.end() ? row->phrase : "Unknown";
}

Response Response::text(unsigned status, std::string body, std::string_view content_type) {
    Response out;
    out.status = status;
    out.body = std::move(body);
    out.content_type = content_type;
    return out;
}

Response Response::json(unsigned status, const boost::json::value& value) {
    return text(status, text_of(value) + '\n', "application/json");
}

Response Response::empty() {
    Response out;
    out.status = 204;
    return out;
}

Response Response::problem(unsigned status, std::string_view code, std::string_view title,
                           std::string_view detail) {
    return problem(status, code, title, detail, {});
}

Response Response::problem(unsigned status, std::string_view code, std::string_view title,
                           std::string_view detail, boost::json::object more) {
    boost::json::object document;
    document["type"] = std::string(problem_type).append(code);
    document["title"] = title;
    document["status"] = status;
    document["code"] = code;
    if (!detail.empty()) document["detail"] = detail;
    for (auto& member : more) document[member.key()] = std::move(member.value());
    return text(status, text_of(document), "application/problem+json");
}

Response Response::problem(const base::Error& error) {
    const auto row = fault_row(error.fault);
    auto out = problem(row.status, base::name(error.fault), row.title, error.reason);
    if (!row.retry_after.empty()) out.headers.emplace_back("Retry-After", row.retry_after);
    return out;
}

Response& Response::with(std::string_view name, std::string value) & {
    headers.emplace_back(name, std::move(value));
    return *this;
}

Response&& Response::with(std::string_view name, std::string value) && {
    headers.emplace_back(name, std::move(value));
    return std::move(*this);
}

}  // namespace http
