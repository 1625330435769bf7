#include "http/syntax.hpp"

#include "http/head.hpp"

#include <algorithm>
#include <array>

namespace http {
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

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

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

std::string_view trim(std::string_view text) noexcept {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    const char letter = lower(c);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

}  // namespace syntax

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && std::ranges::equal(a, b, {}, syntax::lower, syntax::lower);
}

bool split_field(std::string_view line, Field& field) noexcept {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    field.name = line.substr(0, colon);
    field.value = line.substr(colon + 1);
    if (!syntax::is_token(field.name) || !syntax::is_value(field.value)) return false;
    field.value = syntax::trim(field.value);
    return true;
}

}  // namespace http
