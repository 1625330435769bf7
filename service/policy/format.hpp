#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace policy {

/// A policy file in its canonical layout: top-level keys in the order of the language page, two
/// spaces a level, no blanks at line ends, at most one empty line in a row, no carriage returns.
/// Comments stay with what they stand above; quotes, flow style and line breaks stay as written.
///
/// Works on lines, and proves what it did: the text is given out only if it parses to the same
/// values, holds the same comments, and would not be changed again. Fails with Fault::invalid and
/// `line:column: what` when it is no YAML or cannot be laid out so.
[[nodiscard]] base::Result<std::string> format(std::string_view text);

}  // namespace policy
