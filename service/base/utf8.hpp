#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// UTF-8 as RFC 3629 defines it: no surrogates, no overlong forms, nothing above U+10FFFF.
namespace base::utf8 {

inline constexpr char32_t invalid = 0xffffffff;

struct Decoded {
    char32_t code_point;  ///< `invalid` when the bytes at this place are no code point.
    std::size_t size;     ///< Bytes taken; 1 for an invalid byte.
};

/// The code point that starts at `at`, which is below text.size().
[[nodiscard]] Decoded decode(std::string_view text, std::size_t at) noexcept;

[[nodiscard]] bool valid(std::string_view text) noexcept;

/// Appends the code point, which must be valid.
void append(std::string& out, char32_t code_point);

/// The text with invalid bytes and NUL replaced by U+FFFD: what PostgreSQL's text can hold.
[[nodiscard]] std::string storable(std::string_view text);

}  // namespace base::utf8
