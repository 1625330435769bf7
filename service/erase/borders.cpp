#include "erase/borders.hpp"

#include "base/utf8.hpp"

#include <algorithm>

namespace erase {
namespace {

constexpr char32_t blank = U' ';  // stands for whatever separates

bool is_alphanumeric(char32_t c) noexcept {
    return (c >= U'0' && c <= U'9') || (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z');
}

// Blocks of Unicode that are punctuation; all else above ASCII counts as a letter.
bool is_foreign_letter(char32_t c) noexcept {
    const bool punctuation = (c >= 0xa0 && c <= 0xbf) || (c >= 0x2000 && c <= 0x206f) ||
                             (c >= 0x3000 && c <= 0x303f) || (c >= 0xff00 && c <= 0xff0f);
    return c >= 0x80 && !punctuation;
}

std::size_t backslashes_before(std::string_view text, std::size_t at) noexcept {
    std::size_t count = 0;
    while (count < at && text[at - 1 - count] == '\\') ++count;
    return count;
}

/// The character that ends before `at`, which is above 0.
char32_t before(std::string_view text, std::size_t at) noexcept {
    if (at >= 3 && text[at - 3] == '%') {
        if (const int byte = hex_at(text, at - 2, 2); byte >= 0) return static_cast<char32_t>(byte);
    }
    if (at >= 6 && text[at - 5] == 'u' && backslashes_before(text, at - 5) % 2 == 1) {
        if (const int unit = hex_at(text, at - 4, 4); unit >= 0) return static_cast<char32_t>(unit);
    }
    if (at >= 2 && std::string_view("nrtbf").contains(text[at - 1]) &&
        backslashes_before(text, at - 1) % 2 == 1)
        return blank;
    std::size_t start = at - 1;
    while (start > 0 && at - start < 4 && (static_cast<unsigned char>(text[start]) & 0xc0) == 0x80)
        --start;
    const auto [code_point, size] = base::utf8::decode(text, start);
    return code_point == base::utf8::invalid || start + size != at ? blank : code_point;
}

/// The character that begins at `at`, which is in the text.
char32_t behind(std::string_view text, std::size_t at) noexcept {
    if (text[at] == '%') {
        if (const int byte = hex_at(text, at + 1, 2); byte >= 0) return static_cast<char32_t>(byte);
    }
    if (text[at] == '\\') {
        const int unit = text.substr(at).starts_with("\\u") ? hex_at(text, at + 2, 4) : -1;
        return unit >= 0 ? static_cast<char32_t>(unit) : blank;
    }
    const char32_t code_point = base::utf8::decode(text, at).code_point;
    return code_point == base::utf8::invalid ? blank : code_point;
}

}  // namespace

bool is_name_part(char32_t c) noexcept {
    return is_alphanumeric(c) || c == U'_' || c == U'-' || c == U'@' || is_foreign_letter(c);
}

bool is_address_part(char32_t c) noexcept {
    return is_alphanumeric(c);
}

bool joined_before(std::string_view text, std::size_t at, Part is_part) noexcept {
    if (at == 0) return false;
    const char32_t c = before(text, at);
    if (c == U'.' && text[at - 1] == '.') return at >= 2 && is_part(before(text, at - 1));
    return is_part(c);
}

bool joined_behind(std::string_view text, std::size_t end, Part is_part) noexcept {
    if (end >= text.size()) return false;
    const char32_t c = behind(text, end);
    if (text[end] == '.') return end + 1 < text.size() && is_part(behind(text, end + 1));
    return is_part(c);
}

int hex_at(std::string_view text, std::size_t at, std::size_t digits) noexcept {
    if (at + digits > text.size()) return -1;
    int value = 0;
    for (const char c : text.substr(at, digits)) {
        const int lower = c | 0x20;
        if (c >= '0' && c <= '9')
            value = value * 16 + (c - '0');
        else if (lower >= 'a' && lower <= 'f')
            value = value * 16 + (lower - 'a' + 10);
        else
            return -1;
    }
    return value;
}

}  // namespace erase
