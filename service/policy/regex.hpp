#pragma once

#include "policy/modifier.hpp"
#include "policy/rule.hpp"

#include <memory>
#include <span>
#include <string>

namespace policy {

/// "(?im)" for the modifiers given, or "".
[[nodiscard]] std::string regex_flags(std::span<const Modifier> modifiers);

/// Compiles in RE2's semantics (sigma.md section 11): linear time, `.` stops at a line break, ASCII
/// classes. At most 1 KB of pattern and 1 MB of program. Null after reporting why not.
[[nodiscard]] std::shared_ptr<const re2::RE2> compile_regex(const std::string& source,
                                                            yaml::Mark mark, RuleContext& context,
                                                            Report& report);

/// A literal that every matching text contains, folded; may be empty. Cautious: an alternation, a
/// class or a quantifier ends what it is sure of.
[[nodiscard]] std::string required_literal(std::string_view source);

}  // namespace policy
