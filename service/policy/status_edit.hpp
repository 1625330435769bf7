#pragma once

#include "policy/policy.hpp"
#include "policy/problem.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace policy {

/// The file's text with another `status:` in the document of a policy that was loaded from it, and
/// every other byte as it was: comments, order, quotes and line ends. Where the document says no
/// status, a line is added behind its first key. Fails with the place and what to do by hand where
/// that cannot be done in a line, such as a document in braces.
[[nodiscard]] std::expected<std::string, Problem> with_status(const File& file,
                                                              const Policy& policy,
                                                              std::string_view status);

}  // namespace policy
