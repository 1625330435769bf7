#pragma once

#include "policy/ast.hpp"
#include "policy/predicate.hpp"
#include "policy/rule.hpp"

#include <optional>
#include <vector>

namespace policy {

/// The comparisons that one value of an item stands for, any of which may hold (sigma.md section
/// 10). Nothing when something is wrong, which has been reported.
[[nodiscard]] std::optional<std::vector<Predicate>> read_operand(const Item& item,
                                                                 const yaml::Node& value,
                                                                 RuleContext& context,
                                                                 Report& report);

}  // namespace policy
