#pragma once

#include "policy/pattern.hpp"
#include "policy/report.hpp"
#include "yaml/node.hpp"

#include <optional>
#include <string>
#include <vector>

namespace policy {

/// `%name%` replaced by each value of the list, several placeholders as a product, at most 10,000
/// results; `\%` is a percent sign. The values of lists are Sigma strings, so wildcards in them
/// work. Nothing after reporting a list that is not there.
[[nodiscard]] std::optional<std::vector<Pattern>> expand_text(const yaml::Node& value,
                                                              const Lists& lists, Report& report);

/// The same for a regular expression, where the values of lists are literal text.
[[nodiscard]] std::optional<std::vector<std::string>> expand_regex(const yaml::Node& value,
                                                                   const Lists& lists,
                                                                   Report& report);

}  // namespace policy
