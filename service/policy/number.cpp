#include "policy/number.hpp"

#include <bit>
#include <charconv>
#include <cmath>

namespace policy {
namespace {

bool digit(char c) {
    return c >= '0' && c <= '9';
}

/// from_chars takes a leading dot, but also "inf" and "nan"; a sign plus it refuses.
bool decimal_start(std::string_view text) {
    if (text.empty()) return false;
    if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
    if (text.empty()) return false;
    return digit(text[0]) || (text[0] == '.' && text.size() > 1 && digit(text[1]));
}

constexpr double two_to_63 = 9223372036854775808.0;
constexpr double two_to_64 = 18446744073709551616.0;

}  // namespace

Number Number::of(std::int64_t value) noexcept {
    Number out;
    out.integer_ = value;
    return out;
}

Number Number::of(std::uint64_t value) noexcept {
    Number out;
    out.kind_ = value > INT64_MAX ? Kind::big : Kind::integer;
    out.integer_ = static_cast<std::int64_t>(value);
    return out;
}

Number Number::of(double value) noexcept {
    if (value == std::trunc(value)) {
        if (value >= -two_to_63 && value < two_to_63) return of(static_cast<std::int64_t>(value));
        if (value > 0 && value < two_to_64) return of(static_cast<std::uint64_t>(value));
    }
    Number out;
    out.kind_ = Kind::real;
    out.real_ = value;
    return out;
}

std::optional<Number> Number::parse(std::string_view text) noexcept {
    if (!decimal_start(text)) return std::nullopt;
    if (text[0] == '+') text.remove_prefix(1);
    const char* const end = text.data() + text.size();
    std::int64_t integer = 0;
    if (const auto [stop, error] = std::from_chars(text.data(), end, integer);
        error == std::errc{} && stop == end)
        return of(integer);
    std::uint64_t big = 0;
    if (const auto [stop, error] = std::from_chars(text.data(), end, big);
        error == std::errc{} && stop == end)
        return of(big);
    double real = 0;
    const auto [last, fault] = std::from_chars(text.data(), end, real);
    if (fault != std::errc{} || last != end || !std::isfinite(real)) return std::nullopt;
    return of(real);
}

std::optional<Number> Number::of(const call::Value& value) noexcept {
    switch (value.kind()) {
        case call::Value::Kind::integer:
            return of(value.integer());
        case call::Value::Kind::big_integer:
            return of(value.big_integer());
        case call::Value::Kind::real:
            if (!std::isfinite(value.real())) return std::nullopt;
            return of(value.real());
        case call::Value::Kind::text:
            return parse(value.text());
        default:
            return std::nullopt;
    }
}

bool Number::operator==(const Number& other) const noexcept {
    // `of` makes the form unique, so equal numbers look alike.
    return kind_ == other.kind_ &&
           (kind_ == Kind::real ? real_ == other.real_ : integer_ == other.integer_);
}

std::strong_ordering Number::operator<=>(const Number& other) const noexcept {
    if (*this == other) return std::strong_ordering::equal;
    if (kind_ == Kind::integer && other.kind_ == Kind::integer) return integer_ <=> other.integer_;
    if (kind_ == Kind::big && other.kind_ == Kind::big)
        return static_cast<std::uint64_t>(integer_) <=> static_cast<std::uint64_t>(other.integer_);
    if (kind_ == Kind::real && other.kind_ == Kind::real)
        return real_ < other.real_ ? std::strong_ordering::less : std::strong_ordering::greater;
    if (kind_ != Kind::real && other.kind_ != Kind::real)
        return kind_ == Kind::integer ? std::strong_ordering::less : std::strong_ordering::greater;
    if (kind_ == Kind::real) return 0 <=> (other <=> *this);
    // An integer against a real: either the real is outside the integers, or it has a fraction,
    // and then its magnitude is below 2^53 and its floor is an exact integer.
    if (other.real_ >= two_to_64) return std::strong_ordering::less;
    if (other.real_ < -two_to_63) return std::strong_ordering::greater;
    if (kind_ == Kind::big) return std::strong_ordering::greater;
    const auto floor = static_cast<std::int64_t>(std::floor(other.real_));
    return integer_ <= floor ? std::strong_ordering::less : std::strong_ordering::greater;
}

std::uint64_t Number::hash_key() const noexcept {
    if (kind_ == Kind::real) return std::bit_cast<std::uint64_t>(real_) ^ 0x9e3779b97f4a7c15u;
    return static_cast<std::uint64_t>(integer_) * 2 + (kind_ == Kind::big ? 1 : 0);
}

double Number::as_double() const noexcept {
    if (kind_ == Kind::real) return real_;
    if (kind_ == Kind::big) return static_cast<double>(static_cast<std::uint64_t>(integer_));
    return static_cast<double>(integer_);
}

std::string Number::text() const {
    char buffer[32];
    char* end = buffer;
    if (kind_ == Kind::real)
        end = std::to_chars(buffer, buffer + sizeof buffer, real_).ptr;
    else if (kind_ == Kind::big)
        end =
            std::to_chars(buffer, buffer + sizeof buffer, static_cast<std::uint64_t>(integer_)).ptr;
    else
        end = std::to_chars(buffer, buffer + sizeof buffer, integer_).ptr;
    return {buffer, end};
}

}  // namespace policy
