#pragma once

#include <cstdint>
#include <cstring>

/// Times of one group in few bytes: their low ones. None is further from the group's newest hit
/// than a span, so that one whole time tells what the others' high bytes are.
namespace correlate {

/// Low bytes in which times at most `span` apart differ: 4 up to 71 minutes, 5 up to 12 days, or 8.
[[nodiscard]] constexpr std::uint32_t time_bytes_for(std::int64_t span) noexcept {
    if (span < std::int64_t{1} << 32) return 4;
    return span < std::int64_t{1} << 40 ? 5 : 8;
}

/// Whether two times are at most `span` apart, the first being the earlier one.
[[nodiscard]] constexpr bool within(std::int64_t earlier, std::int64_t later,
                                    std::int64_t span) noexcept {
    // Unsigned, for times of a saved state that may be anything.
    return static_cast<std::uint64_t>(later) - static_cast<std::uint64_t>(earlier) <=
           static_cast<std::uint64_t>(span);
}

inline void put_low_time(char* at, std::uint32_t time_bytes, std::int64_t time) noexcept {
    if (time_bytes == 8) {
        std::memcpy(at, &time, 8);
        return;
    }
    std::memcpy(at, &time, 4);
    if (time_bytes == 5) at[4] = static_cast<char>(time >> 32);
}

/// The time whose low bytes are at `at`; at most 2^32 - 1, 2^40 - 1 or any number before `newest`.
[[nodiscard]] inline std::int64_t low_time(const char* at, std::uint32_t time_bytes,
                                           std::int64_t newest) noexcept {
    std::int64_t whole = 0;
    if (time_bytes == 8) {
        std::memcpy(&whole, at, 8);
        return whole;
    }
    std::uint32_t low = 0;
    std::memcpy(&low, at, 4);
    if (time_bytes == 4) return newest - (static_cast<std::uint32_t>(newest) - low);
    const std::uint64_t both =
        (std::uint64_t{static_cast<unsigned char>(at[4])} << 32) | std::uint64_t{low};
    constexpr std::uint64_t mask = (std::uint64_t{1} << 40) - 1;
    return newest - static_cast<std::int64_t>((static_cast<std::uint64_t>(newest) - both) & mask);
}

}  // namespace correlate
