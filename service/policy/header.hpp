#pragma once

#include "policy/policy.hpp"
#include "policy/report.hpp"
#include "policy/source.hpp"

namespace policy {

/// Everything a document says of itself: the metadata of sigma.md section 2, the log source, our
/// blocks. A bad value of an optional key warns; what our blocks say must be right.
[[nodiscard]] Policy read_header(const Document& document, Report& report);

/// `logsource:`, which must name at least one dimension.
[[nodiscard]] LogSource read_log_source(const yaml::Node& root, Report& report);

/// The `callerprint:` block. An unknown key is an error, since it would have no effect.
[[nodiscard]] Meta read_callerprint(const yaml::Node& block, Report& report);

/// The `tests:` block.
[[nodiscard]] std::vector<TestCase> read_tests(const yaml::Node& block, Report& report);

/// A list of texts, or a single text; anything else is reported as a warning or as an error.
[[nodiscard]] std::vector<std::string> read_texts(const yaml::Node& node, std::string_view key,
                                                  bool strict, Report& report);

}  // namespace policy
