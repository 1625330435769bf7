#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// Plain scalars by the YAML 1.2 core schema (specification, section 10.3.2).
namespace yaml::scalar {

/// `~`, `null`, `Null`, `NULL` and nothing.
[[nodiscard]] bool is_null(std::string_view text) noexcept;
/// `true`, `True`, `TRUE`, `false`, `False`, `FALSE`.
[[nodiscard]] std::optional<bool> boolean(std::string_view text) noexcept;
/// `[-+]?[0-9]+`, `0o[0-7]+`, `0x[0-9a-fA-F]+`, whatever its size.
[[nodiscard]] bool is_integer(std::string_view text) noexcept;
/// An integer, if it fits.
[[nodiscard]] std::optional<std::int64_t> integer(std::string_view text) noexcept;
[[nodiscard]] std::optional<std::uint64_t> unsigned_integer(std::string_view text) noexcept;
/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`; `.inf` and `.nan` too.
[[nodiscard]] bool is_real(std::string_view text) noexcept;
/// Any number as a double; nothing when it is infinite, not a number, or overflows.
[[nodiscard]] std::optional<double> real(std::string_view text) noexcept;

}  // namespace yaml::scalar
