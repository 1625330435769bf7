#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace registry {

/// Reads a value list of config/lists: one value a line, blanks around it dropped; lines that start
/// with `#` and empty lines are skipped; a value may contain `#`. At most 1,000,000 values of at
/// most 1,024 bytes. Fails with Fault::invalid, naming the list and every bad line: not UTF-8,
/// control characters, too long, twice in the list, or no value at all.
[[nodiscard]] base::Result<std::vector<std::string>> parse_list(std::string_view name,
                                                                std::string_view text);

}  // namespace registry
