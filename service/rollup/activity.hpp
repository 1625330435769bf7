#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <string_view>

namespace rollup {

/// Calls added up. All counters only grow; rows of the same identity are merged by adding.
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

/// Calls of one tenant, key, service, operation and origin in one minute of event time. Everything
/// the store shows by key, tenant and origin is added up from these. Texts are lent by the Rows;
/// an empty one means that the calls do not say.
struct Activity {
    base::EventTime minute;
    std::string_view tenant;
    std::string_view key;
    std::string_view service;
    std::string_view operation;
    std::string_view origin;        ///< origin.place, the L1 token.
    std::uint64_t origin_hash = 0;  ///< XXH3-64 of the origin: distinct ones are told by it.
    Sums sums;
    base::EventTime first_seen;  ///< First and last call.
    base::EventTime last_seen;
    // An example: of the earliest call, and of the least record id among those of the same time.
    std::string_view address;
    std::int64_t asn = 0;  ///< 0: not known.
    std::string_view as_name;
    std::string_view country;
    std::string_view client_family;
    std::string_view client_version;
    std::string_view client_app;
    std::uint64_t record_id = 0;  ///< Of the example, so that merging is exact.

    bool operator==(const Activity&) const = default;
};

}  // namespace rollup
