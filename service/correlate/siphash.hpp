#pragma once

#include <cstdint>
#include <string_view>

namespace correlate {

/// SipHash-2-4 (Aumasson and Bernstein, 2012): a 64-bit hash that nobody without the key can make
/// collide, so that texts chosen by strangers cannot slow the tables down or merge two values.
[[nodiscard]] std::uint64_t siphash(std::uint64_t key0, std::uint64_t key1,
                                    std::string_view bytes) noexcept;

}  // namespace correlate
