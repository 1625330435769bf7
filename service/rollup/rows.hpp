#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Calls added up at the four grains that are stored, and coverage per source.
///
/// Times are the start of the minute or hour in event time. An empty tenant, key, operation or
/// origin means that the calls do not say. A row of the key `(other)` holds what did not fit the
/// memory bound.
namespace rollup {

/// The name of the bucket that takes what does not fit.
inline constexpr const char* rest_name = "(other)";

/// Calls added up. All counters only grow; rows of the same key are merged by adding.
struct Sums {
    std::uint64_t calls = 0;
    std::uint64_t ok = 0;      ///< status_id 1, or without one an HTTP status below 400.
    std::uint64_t failed = 0;  ///< status_id 2, or without one an HTTP status from 400.
    std::uint64_t denied = 0;  ///< Those of `failed` that were refused: 401, 403, AccessDenied ...
    std::uint64_t request_bytes = 0;
    std::uint64_t response_bytes = 0;
    double units = 0;  ///< Billable units.
    std::uint64_t input_tokens = 0;
    std::uint64_t output_tokens = 0;

    void add(const Sums& more) noexcept;
    bool operator==(const Sums&) const = default;
};

/// Distinct origins kept by hash in a row, exact up to this many.
inline constexpr std::size_t max_origins = 8;

struct KeyMinute {
    std::string tenant;
    std::string key;
    base::EventTime minute;
    Sums sums;
    /// XXH3-64 of the distinct origin.place tokens, ascending; the least max_origins of them.
    std::vector<std::uint64_t> origins;
    bool more_origins = false;  ///< There were more than max_origins.

    bool operator==(const KeyMinute&) const = default;
};

struct KeyOperationHour {
    std::string tenant;
    std::string key;
    std::string service;
    std::string operation;
    base::EventTime hour;
    Sums sums;

    bool operator==(const KeyOperationHour&) const = default;
};

struct KeyOriginHour {
    std::string tenant;
    std::string key;
    std::string origin;  ///< origin.place, the L1 token.
    base::EventTime hour;
    Sums sums;
    base::EventTime first_seen;  ///< First and last call in the hour.
    base::EventTime last_seen;
    // An example: of the earliest call, and of the least record id among those of the same time.
    std::string address;
    std::int64_t asn = 0;  ///< 0: not known.
    std::string as_name;
    std::string country;
    std::string client;           ///< "boto3 1.34": client family and version.
    std::uint64_t record_id = 0;  ///< Of the example, so that merging is exact.

    bool operator==(const KeyOriginHour&) const = default;
};

struct TenantOperationHour {
    std::string tenant;
    std::string service;
    std::string operation;
    base::EventTime hour;
    Sums sums;

    bool operator==(const TenantOperationHour&) const = default;
};

/// What came from a source. Calls count in the minute of their event time; rejected records have
/// none and count in the minute of their arrival.
struct CoverageMinute {
    std::string source;
    base::EventTime minute;
    std::uint64_t received = 0;    ///< parsed + rejected.
    std::uint64_t parsed = 0;      ///< Became a call.
    std::uint64_t attributed = 0;  ///< Of those, with a tenant or a key.
    std::uint64_t late = 0;        ///< Of those, later than the source's lateness.
    std::uint64_t rejected = 0;    ///< Dead-lettered.

    bool operator==(const CoverageMinute&) const = default;
};

/// All rows, each vector ascending by its key in the order of the members above `sums`.
struct Rows {
    std::vector<KeyMinute> key_minutes;
    std::vector<KeyOperationHour> key_operation_hours;
    std::vector<KeyOriginHour> key_origin_hours;
    std::vector<TenantOperationHour> tenant_operation_hours;
    std::vector<CoverageMinute> coverage_minutes;

    [[nodiscard]] std::size_t size() const noexcept {
        return key_minutes.size() + key_operation_hours.size() + key_origin_hours.size() +
               tenant_operation_hours.size() + coverage_minutes.size();
    }
    bool operator==(const Rows&) const = default;
};

}  // namespace rollup
