#pragma once

#include "base/time.hpp"
#include "call/value.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace policy {

/// RFC 3339; also `YYYY-MM-DD HH:MM:SS` and the same with `T`, fraction or not, taken as UTC; also
/// a date alone, its midnight. Years 1 to 9999.
[[nodiscard]] std::optional<base::EventTime> parse_time(std::string_view text) noexcept;

/// A time as rules with date parts see it: what parse_time reads, or a number of seconds since the
/// epoch, or of milliseconds when above 10^12.
[[nodiscard]] std::optional<base::EventTime> time_of(const call::Value& value) noexcept;

enum class DatePart : std::uint8_t { minute, hour, day, week, month, year };

/// The least and the greatest number that a part can be.
[[nodiscard]] std::pair<std::int64_t, std::int64_t> range_of(DatePart part) noexcept;

/// In UTC; the week is ISO 8601's.
[[nodiscard]] std::int64_t part_of(base::EventTime time, DatePart part) noexcept;

/// "90s", "5m", "2h", "1d", "1w", "1M" (2,629,746 s), "1y" (31,556,952 s), as Sigma writes time
/// spans. Nothing for any other text, for 0, and above 100 years.
[[nodiscard]] std::optional<std::chrono::microseconds> parse_span(std::string_view text) noexcept;

}  // namespace policy
