#include "http/syntax.hpp"

#include "base/ascii.hpp"
#include "http/head.hpp"

#include <algorithm>
#include <array>

namespace http {

namespace ascii = base::ascii;

namespace syntax {
namespace {

constexpr auto token_table = [] {
    std::array<bool, 256> table{};
    for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789"
                                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) {
        table[static_cast<unsigned char>(c)] = true;
    }
    return table;
}();

}  // namespace

bool is_token_char(char c) noexcept {
    return token_table[static_cast<unsigned char>(c)];
}

bool is_token(std::string_view text) noexcept {
    return !text.empty() && std::ranges::all_of(text, is_token_char);
}

bool is_value(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
    });
}

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    const char letter = ascii::lower(c);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

}  // namespace syntax

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && std::ranges::equal(a, b, {}, ascii::lower, ascii::lower);
}

bool split_field(std::string_view line, Field& field) noexcept {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    field.name = line.substr(0, colon);
    field.value = line.substr(colon + 1);
    if (!syntax::is_token(field.name) || !syntax::is_value(field.value)) return false;
    field.value = ascii::trimmed(field.value, ascii::is_blank);
    return true;
}

}  // namespace http
