#pragma once

#include "policy/modifier.hpp"
#include "policy/pattern.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace policy {

/// The bytes of a UTF-8 text as UTF-16; `wide` little-endian, `utf16be`, `utf16` little-endian
/// behind FF FE.
[[nodiscard]] std::string to_utf16(std::string_view text, Modifier form);

/// What base64 text holds of the bytes at each of the three offsets a surrounding text may put them
/// (sigma.md section 10): the characters that depend on nothing else.
[[nodiscard]] std::array<std::string, 3> base64_offsets(std::string_view bytes);

/// Each `-` and `/` at the start of a word becomes a dash place. Nothing when there are more than
/// 8.
[[nodiscard]] std::optional<Pattern> with_dashes(const Pattern& pattern);

/// The texts of a pattern that has dash places and no wildcards: all combinations. Nothing when it
/// has wildcards.
[[nodiscard]] std::optional<std::vector<std::string>> texts_of(const Pattern& pattern);

}  // namespace policy
