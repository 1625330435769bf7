#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace decode {

/// The most that max_depth may be.
inline constexpr std::uint32_t most_depth = 64;

/// Bounds on one record (reliability.md 6.3). What is beyond them is one reject, never a failure of
/// the batch.
struct Limits {
    std::uint32_t max_line_bytes = 256 * 1024;  ///< 1 KB to 1 MB.
    std::uint32_t max_depth = 32;               ///< Nesting of a record; 1 to 64.
    std::uint32_t max_keys = 512;  ///< Keys of a record, all objects together; 1 to 65,536.
    std::chrono::seconds skew_future{300};  ///< A later event time than arrival + this is noted.
};

/// True when each limit is within its range.
[[nodiscard]] constexpr bool within_range(const Limits& limits) noexcept {
    return limits.max_line_bytes >= 1024 && limits.max_line_bytes <= 1024 * 1024 &&
           limits.max_depth >= 1 && limits.max_depth <= most_depth && limits.max_keys >= 1 &&
           limits.max_keys <= 65'536 && limits.skew_future.count() >= 0;
}

}  // namespace decode
