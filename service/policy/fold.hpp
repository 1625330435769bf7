#pragma once

#include <string>
#include <string_view>

/// Ignoring case: simple case folding, code point by code point, as Unicode's CaseFolding.txt gives
/// it (statuses C and S). No length in code points changes, nothing is normalised, and bytes that
/// are no UTF-8 stay as they are (sigma.md section 5).
namespace policy {

[[nodiscard]] char32_t fold(char32_t code_point) noexcept;

/// Appends the folded text.
void fold(std::string_view text, std::string& out);

[[nodiscard]] std::string folded(std::string_view text);

}  // namespace policy
