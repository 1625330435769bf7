#pragma once

#include "base/time.hpp"
#include "call/value.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace decode {

/// An event time as some log wrote it.
struct ReadTime {
    base::EventTime time;
    bool zone_assumed = false;  ///< The text had no zone and was taken as UTC.
};

/// Reads the forms of log-formats.md section 7: RFC 3339 and its relatives (blank for T, 0 to 9 or
/// more decimals, offset with or without colon, or none), the common log format with or without its
/// brackets, US dates with AM or PM, `November 23, 2021T00:18:22 +0000`, and numbers as `epoch`
/// reads them. Ranges are strict: month, day of that month, hour, minute; second 60 is the next
/// second 0. Decimals beyond microseconds are cut. Years 1 to 9999.
[[nodiscard]] std::optional<ReadTime> read_time(std::string_view text) noexcept;

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by magnitude (below
/// 1e11, 1e14, 1e17), or .NET ticks of 100 ns since the year 1 (1970 to 2100). Not before 1970.
[[nodiscard]] std::optional<base::EventTime> epoch(std::int64_t number) noexcept;
/// The same of a number with decimals.
[[nodiscard]] std::optional<base::EventTime> epoch(double number) noexcept;

/// Of a value of a record. Nothing for what is neither text nor number.
[[nodiscard]] std::optional<ReadTime> read_time(const call::Value& value) noexcept;

}  // namespace decode
