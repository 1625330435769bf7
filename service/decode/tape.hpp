#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace decode {

/// A parsed JSON text in simdjson's tape form (its doc/tape.md): one 64-bit word a scalar, key or
/// bracket, the type in the top byte; strings unescaped in a buffer, each preceded by its length.
///
/// Read directly, because the walk is the hottest loop we have: a look-up per field through the
/// library's elements costs twice as much. A view: dies with the parser's next text.
struct Tape {
    const std::uint64_t* words = nullptr;
    const std::uint8_t* strings = nullptr;

    static constexpr std::size_t root = 1;  ///< Index of the outermost value.

    [[nodiscard]] char type(std::size_t at) const noexcept {
        return static_cast<char>(words[at] >> 56);
    }
    /// Index behind the value that starts at `at`.
    [[nodiscard]] std::size_t next(std::size_t at) const noexcept {
        switch (type(at)) {
            case '{':
            case '[':
                return static_cast<std::uint32_t>(words[at]);
            case 'l':
            case 'u':
            case 'd':
                return at + 2;
            default:
                return at + 1;
        }
    }
    /// Index of the bracket that closes the object or array at `at`.
    [[nodiscard]] std::size_t close(std::size_t at) const noexcept {
        return static_cast<std::uint32_t>(words[at]) - std::size_t{1};
    }
    [[nodiscard]] std::string_view text(std::size_t at) const noexcept {
        const std::uint8_t* start = strings + (words[at] & 0x00ff'ffff'ffff'ffffu);
        std::uint32_t size = 0;
        std::memcpy(&size, start, sizeof size);
        return {reinterpret_cast<const char*>(start) + sizeof size, size};
    }
    [[nodiscard]] std::int64_t integer(std::size_t at) const noexcept {
        std::int64_t out = 0;
        std::memcpy(&out, &words[at + 1], sizeof out);
        return out;
    }
    [[nodiscard]] std::uint64_t big_integer(std::size_t at) const noexcept { return words[at + 1]; }
    [[nodiscard]] double real(std::size_t at) const noexcept {
        double out = 0;
        std::memcpy(&out, &words[at + 1], sizeof out);
        return out;
    }
};

}  // namespace decode
