#include "ingest/answer.hpp"

#include "base/digest.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace ingest {
namespace {

constexpr std::string_view json_type = "application/json";
constexpr std::string_view partial_message = "some records were refused; see the dead letters";

// Protocol Buffers' wire format: the little of it that two small messages need.
void put_varint(std::string& out, std::uint64_t value) {
    while (value >= 0x80) {
        out += static_cast<char>(value | 0x80);
        value >>= 7;
    }
    out += static_cast<char>(value);
}
void put_number(std::string& out, unsigned field, std::uint64_t value) {
    put_varint(out, field << 3);
    put_varint(out, value);
}
void put_bytes(std::string& out, unsigned field, std::string_view bytes) {
    put_varint(out, (field << 3) | 2);
    put_varint(out, bytes.size());
    out += bytes;
}

// google.rpc.Code for our statuses.
unsigned rpc_code(unsigned status) {
    switch (status) {
        case 401:
            return 16;  // UNAUTHENTICATED
        case 403:
            return 7;  // PERMISSION_DENIED
        case 409:
            return 10;  // ABORTED
        case 413:
        case 429:
            return 8;  // RESOURCE_EXHAUSTED
        case 503:
            return 14;  // UNAVAILABLE
        default:
            return 3;  // INVALID_ARGUMENT
    }
}

}  // namespace

std::string counts_body(std::uint64_t accepted, std::uint64_t duplicates,
                        const std::vector<decode::Reject>& rejects, std::string_view batch) {
    boost::json::array errors;
    for (const decode::Reject& reject : rejects) {
        if (errors.size() == max_listed_errors) break;
        errors.push_back(boost::json::object{{"line", reject.line}, {"code", name(reject.code)}});
    }
    return boost::json::serialize(boost::json::object{{"accepted", accepted},
                                                      {"rejected", rejects.size()},
                                                      {"duplicates", duplicates},
                                                      {"errors", std::move(errors)},
                                                      {"batch", batch}});
}

http::Response counts(unsigned status, std::string body, std::size_t rejected) {
    http::Response response = http::Response::text(status, std::move(body), json_type);
    if (rejected > 0) response.with("X-Rejected", std::to_string(rejected));
    return response;
}

http::Response otlp_counts(bool protobuf, std::size_t rejected) {
    if (!protobuf) {
        boost::json::object body;
        if (rejected > 0)
            body["partialSuccess"] =
                boost::json::object{{"rejectedLogRecords", std::to_string(rejected)},
                                    {"errorMessage", partial_message}};
        return counts(200, boost::json::serialize(body), rejected);
    }
    std::string body;
    if (rejected > 0) {
        std::string partial;
        put_number(partial, 1, rejected);
        put_bytes(partial, 2, partial_message);
        put_bytes(body, 1, partial);
    }
    http::Response response = counts(200, std::move(body), rejected);
    response.content_type = protobuf_type;
    return response;
}

http::Response otlp_failure(bool protobuf, http::Response problem) {
    const std::string message(http::reason_phrase(problem.status));
    if (protobuf) {
        problem.body.clear();
        put_number(problem.body, 1, rpc_code(problem.status));
        put_bytes(problem.body, 2, message);
        problem.content_type = protobuf_type;
    } else {
        problem.body = boost::json::serialize(
            boost::json::object{{"code", rpc_code(problem.status)}, {"message", message}});
        problem.content_type = json_type;
    }
    return problem;
}

void add_rate_limits(http::Response& response, const Quota::Standings& standings) {
    constexpr std::uint64_t most_integer = 999'999'999'999'999;  // RFC 9651, 3.3.1
    struct Limit {
        std::string_view name, unit;
        const Quota::Standing& standing;
    };
    // The draft's registry has no unit for records; "content-bytes" are ours after decoding.
    const std::array limits{Limit{"records", "records", standings.records},
                            Limit{"bytes", "content-bytes", standings.bytes}};
    std::string policy, limit;
    for (const Limit& one : limits) {
        if (one.standing.most == 0) continue;
        const std::string item = (policy.empty() ? "\"" : ", \"") + std::string(one.name) + "\"";
        policy += item + ";q=" + std::to_string(std::min(one.standing.most, most_integer)) +
                  ";qu=\"" + std::string(one.unit) +
                  "\";w=" + std::to_string(standings.window.count());
        // A bucket fills all the time: what is left holds for this second, or until a debt is paid.
        limit += item + ";r=" + std::to_string(std::min(one.standing.left, most_integer)) +
                 ";t=" + std::to_string(std::max<std::int64_t>(one.standing.wait.count(), 1));
    }
    if (policy.empty()) return;
    response.with("RateLimit-Policy", std::move(policy)).with("RateLimit", std::move(limit));
}

http::Response later(unsigned status, std::string_view code, std::string_view title,
                     unsigned seconds) {
    return http::Response::problem(status, code, title)
        .with("Retry-After", std::to_string(seconds));
}

unsigned jitter(unsigned low, unsigned high) {
    std::array<std::uint8_t, 4> bytes{};
    base::random_bytes(bytes);
    const unsigned random =
        static_cast<unsigned>(bytes[0]) << 16 | static_cast<unsigned>(bytes[1]) << 8 | bytes[2];
    return low + random % (high - low + 1);
}

}  // namespace ingest
