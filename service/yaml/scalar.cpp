#include "yaml/scalar.hpp"

#include <charconv>
#include <cmath>

namespace yaml::scalar {
namespace {

bool digit(char c) {
    return c >= '0' && c <= '9';
}

std::size_t digits(std::string_view text, std::size_t at) {
    std::size_t end = at;
    while (end < text.size() && digit(text[end])) ++end;
    return end - at;
}

bool all_of_base(std::string_view text, int base) {
    if (text.empty()) return false;
    for (const char c : text) {
        const bool good = base == 8 ? c >= '0' && c <= '7'
                                    : digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!good) return false;
    }
    return true;
}

int base_of(std::string_view text) {
    if (text.starts_with("0o")) return 8;
    if (text.starts_with("0x")) return 16;
    return 10;
}

bool special(std::string_view text) {
    if (!text.empty() && (text.front() == '+' || text.front() == '-')) text.remove_prefix(1);
    return text == ".inf" || text == ".Inf" || text == ".INF" || text == ".nan" || text == ".NaN" ||
           text == ".NAN";
}

bool finite_form(std::string_view text) {
    std::size_t at = !text.empty() && (text[0] == '+' || text[0] == '-') ? 1 : 0;
    const std::size_t whole = digits(text, at);
    at += whole;
    std::size_t fraction = 0;
    if (at < text.size() && text[at] == '.') {
        fraction = digits(text, at + 1);
        at += 1 + fraction;
    }
    if (whole == 0 && fraction == 0) return false;
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
        const std::size_t exponent = digits(text, at);
        if (exponent == 0) return false;
        at += exponent;
    }
    return at == text.size();
}

template <class Integer>
std::optional<Integer> convert(std::string_view text) {
    if (!is_integer(text)) return std::nullopt;
    const int base = base_of(text);
    if (base != 10) text.remove_prefix(2);
    if (text.front() == '+') text.remove_prefix(1);
    Integer value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

bool is_null(std::string_view text) noexcept {
    return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

std::optional<bool> boolean(std::string_view text) noexcept {
    if (text == "true" || text == "True" || text == "TRUE") return true;
    if (text == "false" || text == "False" || text == "FALSE") return false;
    return std::nullopt;
}

bool is_integer(std::string_view text) noexcept {
    const int base = base_of(text);
    if (base != 10) return all_of_base(text.substr(2), base);
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) text.remove_prefix(1);
    return !text.empty() && digits(text, 0) == text.size();
}

std::optional<std::int64_t> integer(std::string_view text) noexcept {
    return convert<std::int64_t>(text);
}

std::optional<std::uint64_t> unsigned_integer(std::string_view text) noexcept {
    return convert<std::uint64_t>(text);
}

bool is_real(std::string_view text) noexcept {
    return special(text) || finite_form(text);
}

std::optional<double> real(std::string_view text) noexcept {
    if (const auto whole = integer(text)) return static_cast<double>(*whole);
    if (const auto whole = unsigned_integer(text)) return static_cast<double>(*whole);
    if (base_of(text) != 10 || !finite_form(text)) return std::nullopt;
    if (text.front() == '+') text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

}  // namespace yaml::scalar
