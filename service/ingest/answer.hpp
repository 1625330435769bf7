#pragma once

#include "decode/reject.hpp"
#include "http/response.hpp"
#include "ingest/quota.hpp"
#include "ingest/work.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The answers of ingest, byte by byte (reliability 6.2).
namespace ingest {

inline constexpr std::string_view protobuf_type = "application/x-protobuf";
inline constexpr std::size_t max_listed_errors = 20;

/// {"accepted", "rejected", "duplicates", "errors", "batch"}: every record is in one of the three.
[[nodiscard]] std::string counts_body(std::uint64_t accepted, std::uint64_t duplicates,
                                      const std::vector<decode::Reject>& rejects,
                                      std::string_view batch);
/// 200 with that body, or 400 with it when not one line could be used.
[[nodiscard]] http::Response counts(unsigned status, std::string body, std::size_t rejected);

/// ExportLogsServiceResponse, with partial_success when something was refused.
[[nodiscard]] http::Response otlp_counts(bool protobuf, std::size_t rejected);
/// The same status with a google.rpc.Status as body, which is what OTLP clients read.
[[nodiscard]] http::Response otlp_failure(bool protobuf, http::Response problem);

/// Says how the client stands: `RateLimit-Policy` and `RateLimit` as in
/// draft-ietf-httpapi-ratelimit-headers-11. Nothing for a client without a quota.
void add_rate_limits(http::Response& response, const Quota::Standings& standings);

/// A whole number from `low` to `high`, evenly: clients that were refused together come back apart.
[[nodiscard]] unsigned jitter(unsigned low, unsigned high);

/// 429 or 503 that says when to try again.
[[nodiscard]] http::Response later(unsigned status, std::string_view code, std::string_view title,
                                   unsigned seconds);

}  // namespace ingest
