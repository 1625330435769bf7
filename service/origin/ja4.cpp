#include "origin/ja4.hpp"

#include <algorithm>

namespace origin {
namespace {

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool is_hash(std::string_view text) noexcept {
    return text.size() == 12 &&
           std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_a(std::string_view text) noexcept {
    const auto alphanumeric = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z'); };
    return text.size() == 10 && (text[0] == 't' || text[0] == 'q' || text[0] == 'd') &&
           std::ranges::all_of(text.substr(1, 2), alphanumeric) &&
           (text[3] == 'd' || text[3] == 'i') && std::ranges::all_of(text.substr(4, 4), is_digit) &&
           std::ranges::all_of(text.substr(8, 2), alphanumeric);
}

}  // namespace

std::optional<Ja4> parse_ja4(std::string_view text) noexcept {
    if (text.size() != 36 || text[10] != '_' || text[23] != '_') return std::nullopt;
    const Ja4 out{text.substr(0, 10), text.substr(11, 12), text.substr(24, 12)};
    if (!is_a(out.a) || !is_hash(out.b) || !is_hash(out.c)) return std::nullopt;
    return out;
}

std::string stable_part(const Ja4& ja4) {
    std::string out(ja4.a.substr(0, 3));
    out += ja4.a.substr(4, 4);
    return out;
}

}  // namespace origin
