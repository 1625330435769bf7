#include "generate/random.hpp"

#include <algorithm>

namespace generate {
namespace {

__extension__ using Wide = unsigned __int128;

std::uint64_t split_mix(std::uint64_t& state) noexcept {
    std::uint64_t z = (state += 0x9E3779B97F4A7C15U);
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
}

constexpr std::uint64_t rotate(std::uint64_t value, unsigned by) noexcept {
    return (value << by) | (value >> (64U - by));
}

}  // namespace

Random::Random(std::uint64_t seed) noexcept {
    for (auto& word : state_) word = split_mix(seed);
}

std::uint64_t Random::next() noexcept {
    const auto result = rotate(state_[1] * 5, 7) * 9;
    const auto shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
}

std::uint64_t Random::below(std::uint64_t bound) noexcept {
    return static_cast<std::uint64_t>((Wide{next()} * bound) >> 64U);
}

std::uint64_t Random::between(std::uint64_t low, std::uint64_t high) noexcept {
    return low + below(high - low + 1);
}

std::size_t Random::pick(std::span<const std::uint64_t> totals) noexcept {
    const auto draw = below(totals.back());
    return static_cast<std::size_t>(std::ranges::upper_bound(totals, draw) - totals.begin());
}

std::uint64_t mix(std::uint64_t seed, std::string_view name) noexcept {
    for (const char c : name) {  // FNV-1a, then one round to spread it
        seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    }
    return split_mix(seed);
}

std::vector<std::uint64_t> zipf_totals(std::size_t n) {
    constexpr std::uint64_t one = std::uint64_t{1} << 32U;
    std::vector<std::uint64_t> totals(n);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < n; ++i) totals[i] = total += one / (i + 1);
    return totals;
}

void append_uuid(std::string& out, Random& random) {
    constexpr std::string_view digits = "0123456789abcdef";
    auto high = random.next();
    auto low = random.next();
    high = (high & ~std::uint64_t{0xF000}) | 0x4000;                       // version 4
    low = (low & ~(std::uint64_t{3} << 62U)) | (std::uint64_t{2} << 62U);  // variant 1
    for (unsigned i = 0; i < 32; ++i) {
        if (i == 8 || i == 12 || i == 16 || i == 20) out += '-';
        const auto word = i < 16 ? high : low;
        out += digits[(word >> (60U - 4U * (i % 16))) & 15U];
    }
}

}  // namespace generate
