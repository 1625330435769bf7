#pragma once

#include "policy/report.hpp"
#include "yaml/node.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace policy {

/// What stands behind a field name, in the order of sigma.md section 10.
enum class Modifier : std::uint8_t {
    contains,
    startswith,
    endswith,
    all,
    cased,
    neq,
    exists,
    re,
    ignorecase,  ///< `i`
    multiline,   ///< `m`
    dotall,      ///< `s`
    cidr,
    lt,
    lte,
    gt,
    gte,
    base64,
    base64offset,
    wide,  ///< also `utf16le`
    utf16be,
    utf16,
    windash,
    fieldref,
    expand,
    minute,
    hour,
    day,
    week,
    month,
    year,
};

[[nodiscard]] std::string_view name(Modifier modifier) noexcept;

/// Reads `a|b|c`, the part behind the field. Reports unknown modifiers, with what was meant, and
/// every combination that means nothing; then nothing is returned.
[[nodiscard]] std::optional<std::vector<Modifier>> read_modifiers(std::string_view text,
                                                                  yaml::Mark mark, Report& report);

[[nodiscard]] bool has(std::span<const Modifier> modifiers, Modifier wanted) noexcept;

}  // namespace policy
