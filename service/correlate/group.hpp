#pragma once

#include "correlate/window.hpp"

#include <cstdint>
#include <cstring>
#include <string_view>

namespace correlate {

using GroupId = std::uint32_t;

/// One group of one policy: the header of a single block that goes on with its Story if it has one,
/// the size of a long key, the key's bytes, and from the next multiple of 8 with what its kind of
/// counter keeps. A million groups cost a million small blocks, no more.
struct Group {
    static constexpr std::size_t max_counters = std::size_t{1} << 24;

    /// Of a group that has fired, or soon will: most never do.
    struct Story {
        std::uint32_t episode = 0;  ///< Firings so far.
        std::uint32_t matches = 0;  ///< Since the last firing or repeat.
        std::uint32_t told = 0;     ///< The repeat period of the last firing or repeat, low bits.
    };

    std::uint32_t counter : 24 = 0;
    std::uint32_t time_bytes : 4 = 8;  ///< Counter::time_bytes.
    bool fired : 1 = false;            ///< The condition has held since the last firing.
    bool live : 1 = false;             ///< It has hits, or a memory; else only matches wait for it.
    bool has_story : 1 = false;  ///< Always when it has fired, unless it forgets that at once.
    bool has_long_key : 1 = false;
    std::uint32_t waiting = 0;         ///< Buffered matches that name this group.
    std::uint16_t short_key_size = 0;  ///< Unless the key is long.
    std::uint16_t size = 0;            ///< Of a Ring its hits, of Values its values.
    std::uint16_t head = 0;            ///< Of a Ring: place of the oldest.
    std::uint16_t capacity = 0;        ///< Of both: places, at most exact_hits.

    [[nodiscard]] std::size_t key_size() const noexcept {
        if (!has_long_key) return short_key_size;
        std::uint32_t long_size = 0;
        std::memcpy(&long_size, bytes() + key_at() - sizeof long_size, sizeof long_size);
        return long_size;
    }
    [[nodiscard]] std::string_view key() const noexcept { return {bytes() + key_at(), key_size()}; }
    /// Into a block whose header has taken its size.
    void put_key(std::string_view text) noexcept {
        const auto long_size = static_cast<std::uint32_t>(text.size());
        char* at = const_cast<char*>(bytes()) + key_at();
        if (has_long_key) std::memcpy(at - sizeof long_size, &long_size, sizeof long_size);
        text.copy(at, text.size());
    }
    void take_size_of(std::string_view text) noexcept {
        has_long_key = text.size() > 0xffff;
        short_key_size = static_cast<std::uint16_t>(has_long_key ? 0 : text.size());
    }

    [[nodiscard]] Story& story() noexcept { return *reinterpret_cast<Story*>(this + 1); }
    /// All zero without one.
    [[nodiscard]] Story known_story() const noexcept {
        return has_story ? *reinterpret_cast<const Story*>(this + 1) : Story{};
    }

    /// Bytes before the kind's part, were the key of this size.
    [[nodiscard]] std::size_t tail_at(std::size_t key_bytes) const noexcept {
        return (key_at() + key_bytes + 7) / 8 * 8;
    }
    [[nodiscard]] char* tail() noexcept { return const_cast<char*>(bytes()) + tail_at(key_size()); }

    // What the tail is: of a plain rule a Memory, of a count the Ring, of few distinct values the
    // Values, of others a Window*.
    struct Memory {
        std::int64_t fired_at = no_time;
        std::int64_t newest = no_time;
    };
    [[nodiscard]] Memory& memory() noexcept { return *reinterpret_cast<Memory*>(tail()); }
    [[nodiscard]] Window*& window() noexcept { return *reinterpret_cast<Window**>(tail()); }

private:
    [[nodiscard]] const char* bytes() const noexcept { return reinterpret_cast<const char*>(this); }
    [[nodiscard]] std::size_t key_at() const noexcept {
        return sizeof(Group) + (has_story ? sizeof(Story) : 0) +
               (has_long_key ? sizeof(std::uint32_t) : 0);
    }
};
static_assert(sizeof(Group) == 16 && exact_hits < 65'536);

/// The records of the newest hits that a block of so many places keeps.
[[nodiscard]] inline std::uint32_t kept_refs(std::uint32_t capacity) noexcept {
    return capacity < sample_size ? capacity : std::uint32_t{sample_size};
}

}  // namespace correlate
