#pragma once

#include <string_view>

/// Character classes of RFC 9110 and 9112; no locale.
namespace http::syntax {

/// tchar: what names of fields and methods are made of.
[[nodiscard]] bool is_token_char(char c) noexcept;
/// A non-empty token.
[[nodiscard]] bool is_token(std::string_view text) noexcept;
/// What a field value may hold: HTAB, blank, visible ASCII, and bytes from 0x80.
[[nodiscard]] bool is_value(std::string_view text) noexcept;
/// 0 to 15, or -1.
[[nodiscard]] int hex_digit(char c) noexcept;

}  // namespace http::syntax
