#pragma once

#include "call/value.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace policy {

/// A number of a rule or a call, compared by value: integers exactly in 64 bits, an integer with a
/// real without rounding either (2^53 + 1 is not 2^53).
class Number {
public:
    [[nodiscard]] static Number of(std::int64_t value) noexcept;
    [[nodiscard]] static Number of(std::uint64_t value) noexcept;
    /// A real that is whole and fits 64 bits becomes that integer. Must be finite.
    [[nodiscard]] static Number of(double value) noexcept;
    /// The whole text as a decimal number: sign, digits, fraction, exponent. No spaces, no
    /// hexadecimal, nothing infinite.
    [[nodiscard]] static std::optional<Number> parse(std::string_view text) noexcept;
    /// Of a number, or of a text that is wholly one.
    [[nodiscard]] static std::optional<Number> of(const call::Value& value) noexcept;

    [[nodiscard]] std::strong_ordering operator<=>(const Number& other) const noexcept;
    [[nodiscard]] bool operator==(const Number& other) const noexcept;
    /// Equal numbers have equal keys.
    [[nodiscard]] std::uint64_t hash_key() const noexcept;
    [[nodiscard]] std::string text() const;
    [[nodiscard]] double as_double() const noexcept;
    /// True for an integer from -2^63 to 2^64 - 1.
    [[nodiscard]] bool is_integer() const noexcept { return kind_ != Kind::real; }

private:
    enum class Kind : std::uint8_t { integer, big, real };  // big: above INT64_MAX
    Kind kind_ = Kind::integer;
    std::int64_t integer_ = 0;  // of big: the bits of the unsigned number
    double real_ = 0;
};

}  // namespace policy
