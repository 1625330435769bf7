#include "correlate/siphash.hpp"

#include <bit>
#include <cstddef>
#include <cstring>

namespace correlate {
namespace {

struct Lanes {
    std::uint64_t a, b, c, d;

    void round() noexcept {
        a += b;
        b = std::rotl(b, 13) ^ a;
        a = std::rotl(a, 32);
        c += d;
        d = std::rotl(d, 16) ^ c;
        a += d;
        d = std::rotl(d, 21) ^ a;
        c += b;
        b = std::rotl(b, 17) ^ c;
        c = std::rotl(c, 32);
    }
    template <int rounds>
    void take(std::uint64_t word) noexcept {
        d ^= word;
        for (int i = 0; i < rounds; ++i) round();
        a ^= word;
    }
};

std::uint64_t word_at(std::string_view bytes, std::size_t at) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, 8);
    return word;
}

template <int rounds, int last_rounds>
std::uint64_t hash_of(std::uint64_t key0, std::uint64_t key1, std::string_view bytes) noexcept {
    static_assert(std::endian::native == std::endian::little);
    Lanes lanes{key0 ^ 0x736f6d6570736575, key1 ^ 0x646f72616e646f6d, key0 ^ 0x6c7967656e657261,
                key1 ^ 0x7465646279746573};
    const std::size_t whole = bytes.size() / 8 * 8;
    for (std::size_t at = 0; at < whole; at += 8) lanes.take<rounds>(word_at(bytes, at));
    const std::size_t rest = bytes.size() - whole;
    std::uint64_t last = std::uint64_t{bytes.size()} << 56;
    if (rest > 0 && whole > 0) {
        // The last eight bytes hold the rest above some that were taken: no loop to mispredict.
        last |= word_at(bytes, bytes.size() - 8) >> (64 - 8 * rest);
    } else {
        for (std::size_t i = 0; i < rest; ++i) {
            last |= std::uint64_t{static_cast<unsigned char>(bytes[whole + i])} << (8 * i);
        }
    }
    lanes.take<rounds>(last);
    lanes.c ^= 0xff;
    for (int i = 0; i < last_rounds; ++i) lanes.round();
    return lanes.a ^ lanes.b ^ lanes.c ^ lanes.d;
}

}  // namespace

std::uint64_t siphash(std::uint64_t key0, std::uint64_t key1, std::string_view bytes) noexcept {
    return hash_of<2, 4>(key0, key1, bytes);
}

std::uint64_t siphash_13(std::uint64_t key0, std::uint64_t key1, std::string_view bytes) noexcept {
    return hash_of<1, 3>(key0, key1, bytes);
}

}  // namespace correlate
