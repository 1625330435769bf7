#pragma once

#include "policy/ast.hpp"
#include "policy/expression.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace policy {

/// Reads a condition (sigma.md section 12):
///
///     expr       = and_expr { "or" and_expr }
///     and_expr   = not_expr { "and" not_expr }
///     not_expr   = "not" not_expr | primary
///     primary    = "(" expr ")" | selector | identifier
///     selector   = ( number | "any" | "all" ) "of" ( "them" | pattern )
///     identifier = 1*( letter | digit | "_" | "-" )
///     pattern    = 1*( letter | digit | "_" | "-" | "*" )
///
/// Operators also in upper case; parentheses and `not` at most 64 deep. The leaves are indexes into
/// `identifiers`. Reports what is wrong, with its place, and then returns nothing.
[[nodiscard]] std::optional<Expression> read_condition(const ConditionText& condition,
                                                       std::span<const std::string> identifiers,
                                                       Report& report);

/// The same grammar without selectors, for temporal correlations. Names may also hold `.` and `:`.
/// `index_of` numbers a name, or returns nothing after reporting it.
[[nodiscard]] std::optional<Expression> read_rule_condition(
    const ConditionText& condition,
    const std::function<std::optional<std::size_t>(std::string_view name)>& index_of,
    Report& report);

}  // namespace policy
