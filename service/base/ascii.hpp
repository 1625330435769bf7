#pragma once

#include <algorithm>
#include <string>
#include <string_view>

/// Characters of ASCII, whatever the locale is: <cctype> asks it, and is undefined for bytes from
/// 0x80 on.
namespace base::ascii {

[[nodiscard]] constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_upper(char c) noexcept {
    return c >= 'A' && c <= 'Z';
}
[[nodiscard]] constexpr bool is_lower(char c) noexcept {
    return c >= 'a' && c <= 'z';
}
[[nodiscard]] constexpr bool is_letter(char c) noexcept {
    return is_upper(c) || is_lower(c);
}
[[nodiscard]] constexpr bool is_alnum(char c) noexcept {
    return is_letter(c) || is_digit(c);
}
[[nodiscard]] constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t';
}
[[nodiscard]] constexpr bool is_space(char c) noexcept {
    return is_blank(c) || c == '\r' || c == '\n';
}

[[nodiscard]] constexpr char lower(char c) noexcept {
    return is_upper(c) ? static_cast<char>(c | 0x20) : c;
}
[[nodiscard]] inline std::string lowered(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

/// Without what `drops` names at both ends.
template <class Drops>
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text, Drops drops) noexcept {
    while (!text.empty() && drops(text.front())) text.remove_prefix(1);
    while (!text.empty() && drops(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace base::ascii
