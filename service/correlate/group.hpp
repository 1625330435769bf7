#pragma once

#include "correlate/window.hpp"

#include <cstdint>
#include <string_view>

namespace correlate {

using GroupId = std::uint32_t;

/// One group of one policy: the header of a single block that goes on with the key's bytes and then
/// with what its kind of counter keeps. A million groups cost a million small blocks, no more.
struct Group {
    std::uint32_t counter = 0;
    std::uint32_t waiting = 0;  ///< Buffered matches that name this group.
    std::uint32_t key_size = 0;
    std::uint32_t episode = 0;   ///< Firings so far.
    std::uint32_t matches = 0;   ///< Since the last firing or repeat.
    std::uint32_t told = 0;      ///< The repeat period of the last firing or repeat, its low bits.
    std::uint16_t size = 0;      ///< Of a Ring its hits, of Values its values.
    std::uint16_t head = 0;      ///< Of a Ring: place of the oldest.
    std::uint16_t capacity = 0;  ///< Of both: places, at most exact_hits.
    bool fired = false;          ///< The condition has held since the last firing.
    bool live = false;           ///< It has hits, or a memory; else only matches wait for it.

    [[nodiscard]] std::string_view key() const noexcept {
        return {reinterpret_cast<const char*>(this + 1), key_size};
    }
    /// Where the kind's part begins, 8-aligned.
    [[nodiscard]] char* tail() noexcept {
        return reinterpret_cast<char*>(this + 1) + (key_size + 7u) / 8 * 8;
    }
    [[nodiscard]] const char* tail() const noexcept { return const_cast<Group*>(this)->tail(); }

    // What follows the key: of a plain rule a Memory, of a count the Ring, of few distinct values
    // the Values, of others a Window*.
    struct Memory {
        std::int64_t fired_at = no_time;
        std::int64_t newest = no_time;
    };
    [[nodiscard]] Memory& memory() noexcept { return *reinterpret_cast<Memory*>(tail()); }
    [[nodiscard]] Window*& window() noexcept { return *reinterpret_cast<Window**>(tail()); }
};
static_assert(sizeof(Group) == 32 && exact_hits < 65'536);

}  // namespace correlate
