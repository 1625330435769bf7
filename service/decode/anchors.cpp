#include "decode/anchors.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#if defined(__SSSE3__)
#include <tmmintrin.h>
#endif

namespace decode {
namespace {

constexpr std::size_t width = 3;

/// Letters stand for both cases; a group is what the vector search cannot tell apart.
struct Anchor {
    std::string_view text;
    unsigned group;
    bool any_case;
};

// Which anchors share a group was searched for: of 210 KB of records and configuration, 370 places
// have the halves of one and are none; grouped by what they are of, it was 5,600, and each costs a
// branch that nothing predicts.
constexpr std::array<Anchor, 29> anchors = {{
    {"xox", 0, false}, {"ecr", 0, true},  {"hor", 0, true},   // Slack, secret, authorization
    {"hf_", 1, false}, {"ghp", 1, false}, {"gho", 1, false},  // Hugging Face, GitHub
    {"ghu", 1, false}, {"ghs", 1, false}, {"ghr", 1, false},
    {"hub", 2, false}, {"oke", 2, true},  {"kie", 2, true},   // github_pat_, token, cookie
    {"eyJ", 3, false}, {"AIz", 3, false},                     // JWT, Google
    {"ey=", 3, true},  {"ey\"", 3, true}, {"ey\\", 3, true},  // names that end in key
    {"ssw", 4, true},  {"sic", 4, true},                      // password, basic
    {"cp_", 5, false}, {"glp", 5, false}, {"ig=", 5, true},   // glpat-, signature
    {"re=", 6, true},  {"rer", 6, true},                      // signature, bearer
    {"---", 7, false}, {"sk-", 7, false}, {"sk_", 7, false},  // PEM
    {"rk_", 7, false}, {"SG.", 7, false},
}};

/// By position and by half of a byte: the groups that may have such a half there.
struct Tables {
    std::array<std::array<std::uint8_t, 16>, width> low{}, high{};

    constexpr void add(const Anchor& anchor) {
        for (std::size_t i = 0; i < width; ++i) {
            const char c = anchor.text[i];
            put(i, c, anchor.group);
            if (anchor.any_case && base::ascii::is_letter(c))
                put(i, static_cast<char>(c ^ 0x20), anchor.group);
        }
    }
    constexpr void put(std::size_t i, char c, unsigned group) {
        const auto byte = static_cast<std::uint8_t>(c);
        const auto bit = static_cast<std::uint8_t>(1u << group);
        low[i][byte & 15] |= bit;
        high[i][byte >> 4] |= bit;
    }
};

constexpr Tables make_tables() {
    Tables out;
    for (const Anchor& anchor : anchors) out.add(anchor);
    return out;
}

constexpr Tables tables = make_tables();

/// The anchors of a group as numbers of three bytes, compared under a mask that ignores case.
struct Group {
    struct Entry {
        std::uint32_t value = 0, mask = 0;
    };
    std::array<Entry, 8> entries{};
    std::size_t count = 0;
};

constexpr std::array<Group, 8> make_groups() {
    std::array<Group, 8> out{};
    const auto add = [&](const Anchor& anchor) {
        Group::Entry entry;
        for (std::size_t i = 0; i < width; ++i) {
            const auto byte = static_cast<std::uint8_t>(anchor.text[i]);
            const std::uint32_t mask =
                anchor.any_case && base::ascii::is_letter(anchor.text[i]) ? 0xdf : 0xff;
            entry.mask |= mask << (8 * i);
            entry.value |= (byte & mask) << (8 * i);
        }
        Group& group = out[anchor.group];
        group.entries[group.count++] = entry;
    };
    for (const Anchor& anchor : anchors) add(anchor);
    return out;
}

constexpr auto groups_of_anchors = make_groups();

bool anchor_at(std::string_view text, std::size_t at, unsigned groups) {
    const auto byte = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<std::uint8_t>(text[at + i]));
    };
    const std::uint32_t here = byte(0) | byte(1) << 8 | byte(2) << 16;
    for (; groups != 0; groups &= groups - 1) {
        const Group& group = groups_of_anchors[static_cast<std::size_t>(__builtin_ctz(groups))];
        for (std::size_t i = 0; i < group.count; ++i) {
            if ((here & group.entries[i].mask) == group.entries[i].value) return true;
        }
    }
    return false;
}

unsigned groups_at(std::string_view text, std::size_t at) {
    unsigned groups = 0xff;
    for (std::size_t i = 0; i < width; ++i) {
        const auto byte = static_cast<std::uint8_t>(text[at + i]);
        groups &= tables.low[i][byte & 15] & unsigned{tables.high[i][byte >> 4]};
    }
    return groups;
}

std::size_t next_slow(std::string_view text, std::size_t at) {
    for (; at + width <= text.size(); ++at) {
        const unsigned groups = groups_at(text, at);
        if (groups != 0 && anchor_at(text, at, groups)) return at;
    }
    return text.size();
}

}  // namespace

#if defined(__SSSE3__)

std::size_t next_anchor(std::string_view text, std::size_t from) noexcept {
    const auto load = [](const void* at) {
        return _mm_loadu_si128(static_cast<const __m128i*>(at));
    };
    const __m128i half = _mm_set1_epi8(15);
    __m128i low[width];
    __m128i high[width];
    for (std::size_t i = 0; i < width; ++i) {
        low[i] = load(tables.low[i].data());
        high[i] = load(tables.high[i].data());
    }
    constexpr std::size_t step = 16;
    if (from + step + width > text.size()) return next_slow(text, from);
    // The last block overlaps the one before; what was looked at is looked at again and found to be
    // none again.
    const std::size_t last = text.size() - step - (width - 1);
    for (std::size_t at = from;; at = std::min(at + step, last)) {
        __m128i groups = _mm_set1_epi8(-1);
        for (std::size_t i = 0; i < width; ++i) {
            const __m128i bytes = load(text.data() + at + i);
            const __m128i by_low = _mm_shuffle_epi8(low[i], _mm_and_si128(bytes, half));
            const __m128i by_high =
                _mm_shuffle_epi8(high[i], _mm_and_si128(_mm_srli_epi16(bytes, 4), half));
            groups = _mm_and_si128(groups, _mm_and_si128(by_low, by_high));
        }
        const int none = _mm_movemask_epi8(_mm_cmpeq_epi8(groups, _mm_setzero_si128()));
        if (none != 0xffff) [[unlikely]] {
            alignas(16) std::array<std::uint8_t, step> each;
            _mm_store_si128(reinterpret_cast<__m128i*>(each.data()), groups);
            for (unsigned found = ~static_cast<unsigned>(none) & 0xffffu; found != 0;
                 found &= found - 1) {
                const auto place = static_cast<std::size_t>(__builtin_ctz(found));
                if (anchor_at(text, at + place, each.data()[place])) return at + place;
            }
        }
        if (at == last) return text.size();
    }
}

#else

std::size_t next_anchor(std::string_view text, std::size_t from) noexcept {
    return next_slow(text, from);
}

#endif

}  // namespace decode
