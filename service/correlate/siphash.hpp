#pragma once

#include <cstdint>
#include <string_view>

namespace correlate {

/// SipHash-2-4 (Aumasson and Bernstein, 2012): a 64-bit hash that nobody without the key can make
/// collide, so that texts chosen by strangers cannot slow the tables down or merge two values.
[[nodiscard]] std::uint64_t siphash(std::uint64_t key0, std::uint64_t key1,
                                    std::string_view bytes) noexcept;

/// The same with one round a word and three at the end, half the work: for tables in memory, whose
/// hashes are never stored and never shown. No way is known to make its collisions without the key;
/// the authors name it for hash tables, and Rust, Ruby and Python use it there.
[[nodiscard]] std::uint64_t siphash_13(std::uint64_t key0, std::uint64_t key1,
                                       std::string_view bytes) noexcept;

}  // namespace correlate
