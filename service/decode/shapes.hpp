#pragma once

#include "decode/path_trie.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace decode {

/// The keys that objects were seen to have, in the order they came in: records of one log are
/// alike, so the next key is nearly always the one expected, and one comparison replaces finding
/// out what the key is and whether the object had it before.
///
/// One shape a path of the record; its keys are distinct, so keys that are met in its order are,
/// too. Bounded: what does not fit is not learnt, and when that has happened often all is
/// forgotten, so that a log that changed is learnt anew. Not thread-safe.
class Shapes {
public:
    using Id = std::uint16_t;
    static constexpr Id none = 0;  ///< A shape without keys that learns none.
    static constexpr Id root = 1;

    /// A key, what the trie has for it, and the shape of objects behind it.
    struct Member {
        static constexpr std::size_t room = 48;
        /// What a text says of a key: it stands there; and a string follows, without a blank.
        enum Match : std::uint8_t { no, yes, with_string };

        alignas(16) std::array<char, room> pattern{};  ///< The key in quotes, then `:"`.
        std::uint32_t size = 0;                        ///< Of the pattern; 0 for a key not kept.
        std::uint32_t hash = 0;
        std::uint64_t pattern_bytes = 0;       ///< A bit for each byte of the pattern.
        std::uint64_t key_bytes = 0;           ///< Of the key in quotes.
        const PathTrie::Node* node = nullptr;  ///< None where nothing behind the key is wanted.
        Id shape = none;
        /// Where a string behind the key goes and nothing else is to be done with it: a cell,
        /// `no_cell` when more is to be done, `nowhere` when it is not wanted.
        Cell cell = no_cell;
        bool is_path = true;  ///< False for a key that is the whole or the rest of a path.

        static constexpr Cell nowhere = no_cell - 1;

        /// `room` bytes of the text are readable.
        [[nodiscard]] Match match(const char* text) const noexcept;
    };

    Shapes() { forget(); }

    /// The keys of a shape in their order, until one is learnt.
    [[nodiscard]] std::span<const Member> members(Id shape) const noexcept {
        return shapes_.data()[shape].members;
    }
    /// The place of a key, or nothing.
    [[nodiscard]] std::optional<std::size_t> find(Id shape, std::string_view key,
                                                  std::uint32_t hash) const noexcept;
    /// Whether a key is to be learnt: there is room, and it was met before, since what comes once
    /// only stands between the keys that come again.
    [[nodiscard]] bool worth(Id shape, std::string_view key, std::uint32_t hash) noexcept {
        if (shape == none || key.size() + 4 > Member::room) return false;
        // Two keys that share a slot would keep each other out, so slots change now and then.
        const std::uint32_t slot = (hash ^ (unknown_++ >> 8)) * 0x9e37'79b1u >> 24;
        if (std::exchange(met_[slot], hash) != hash) return false;
        const bool room = shapes_[shape].members.size() < most_members;
        missed_ += room ? 0u : 1u;
        return room;
    }
    /// Puts a key that is not there yet and is worth it at a place of the order.
    void learn(Id shape, std::size_t place, std::string_view key, Member made);
    /// The shape of objects that stand behind a member, made when there is none and there is room.
    Id behind(Id shape, const Member& member);

    /// Forgets all when too much could not be learnt. Between records only.
    void refresh() {
        if (missed_ > most_missed) [[unlikely]]
            forget();
    }

private:
    static constexpr std::size_t most_members = 64;  // of one shape
    static constexpr std::size_t most_shapes = 128;
    static constexpr std::uint32_t most_missed = 1u << 18;
    static constexpr std::size_t slots = 256;

    struct Shape {
        std::vector<Member> members;
        // By hash: a place plus one below, 0 where none is; above it more of the hash, so that few
        // members are looked at in vain.
        std::array<std::uint16_t, slots> places{};
    };
    void forget();
    static void place_all(Shape& shape);
    static std::uint16_t tag(std::uint32_t hash) noexcept {
        return static_cast<std::uint16_t>(hash >> 8 & 0xff00);
    }

    std::vector<Shape> shapes_;
    std::array<std::uint32_t, 256> met_{};  // Hashes of keys that were not learnt.
    std::uint32_t unknown_ = 0;             // How often a key was not known.
    std::uint32_t missed_ = 0;              // How often there was no room for one.
};

inline Shapes::Member::Match Shapes::Member::match(const char* text) const noexcept {
#if defined(__SSE2__)
    const auto equal = [&](std::size_t from) {
        const void* ours = pattern.data() + from;
        const void* theirs = text + from;
        return static_cast<unsigned>(_mm_movemask_epi8(
            _mm_cmpeq_epi8(_mm_load_si128(static_cast<const __m128i*>(ours)),
                           _mm_loadu_si128(static_cast<const __m128i*>(theirs)))));
    };
    // Two vectors always: most keys need one, but whether cannot be predicted.
    std::uint64_t same = equal(0) | equal(16) << 16;
    if (size > 32) [[unlikely]]
        same |= std::uint64_t{equal(32)} << 32;
    if ((pattern_bytes & ~same) == 0) [[likely]]
        return with_string;
    return (key_bytes & ~same) == 0 ? yes : no;
#else
    if (std::memcmp(pattern.data(), text, size - 2) != 0) return no;
    return std::memcmp(pattern.data() + size - 2, text + size - 2, 2) == 0 ? with_string : yes;
#endif
}

}  // namespace decode
