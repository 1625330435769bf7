#pragma once

#include "policy/ast.hpp"
#include "policy/predicate.hpp"

#include <optional>
#include <vector>

namespace policy {

/// The text comparisons of a value: expand, then the other modifiers in the order written.
[[nodiscard]] std::optional<std::vector<Predicate>> read_text_operand(const Item& item,
                                                                      const yaml::Node& value,
                                                                      const Lists& lists,
                                                                      Report& report);

}  // namespace policy
