#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace generate {

/// xoshiro256** seeded through splitmix64. Only integer arithmetic, so that one seed gives the same
/// world on every platform and compiler; the standard's distributions promise no such thing.
class Random {
public:
    explicit Random(std::uint64_t seed) noexcept;

    [[nodiscard]] std::uint64_t next() noexcept;

    /// Uniform in [0, bound); `bound` at least 1. The bias is below bound / 2^64.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept;

    /// Uniform in [low, high]; `low` at most `high`.
    [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high) noexcept;

    /// True `permille` times in a thousand.
    [[nodiscard]] bool chance(std::uint64_t permille) noexcept { return below(1000) < permille; }

    /// Index of the first running total above a uniform draw; `totals` ascending, last one above 0.
    [[nodiscard]] std::size_t pick(std::span<const std::uint64_t> totals) noexcept;

    template <class T, std::size_t N>
    [[nodiscard]] const T& one_of(const std::array<T, N>& values) noexcept {
        return values[below(N)];
    }

private:
    std::array<std::uint64_t, 4> state_{};
};

/// Stable 64-bit hash of a name, to give each actor its own stream of random numbers.
[[nodiscard]] std::uint64_t mix(std::uint64_t seed, std::string_view name) noexcept;

/// Running totals of 1/1, 1/2 ... 1/n in fixed point: Zipf's law with exponent 1.
[[nodiscard]] std::vector<std::uint64_t> zipf_totals(std::size_t n);

/// A random UUID of version 4 in lower case.
void append_uuid(std::string& out, Random& random);

}  // namespace generate
