#pragma once

#include <cstddef>
#include <string_view>

namespace erase {

/// What can be a part of a name: letters, digits and what joins them.
[[nodiscard]] bool is_name_part(char32_t code_point) noexcept;
/// What can be a part of an address or of a word around one.
[[nodiscard]] bool is_address_part(char32_t code_point) noexcept;

using Part = bool (*)(char32_t) noexcept;

/// Whether what stands before `at` belongs to the same name: a part of it, or a dot behind one. An
/// escape of JSON or a percent-encoded byte stands for its character.
[[nodiscard]] bool joined_before(std::string_view text, std::size_t at, Part is_part) noexcept;
/// The same of what begins at `end`.
[[nodiscard]] bool joined_behind(std::string_view text, std::size_t end, Part is_part) noexcept;

/// The number that so many hexadecimal digits at `at` make; a negative one when they are not there.
[[nodiscard]] int hex_at(std::string_view text, std::size_t at, std::size_t digits) noexcept;

}  // namespace erase
