#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// The policy language: Sigma 2.1 rules, correlations and filters, and our `callerprint:` and
/// `tests:` blocks. A policy passes through stages that are values with a file each: Document
/// (source.hpp), Ast (ast.hpp), Rule (rule.hpp), Set (set.hpp); Matcher (matcher.hpp) runs the set.
/// The language is docs/reference/policy-language.md.
namespace policy {

/// Of a policy file. 256 KB would do but for one community rule that lists 4,432 driver hashes.
inline constexpr std::size_t most_file_bytes = 512 * 1024;

/// A policy file as it was read.
struct File {
    std::string name;  ///< Shown in problems; not opened.
    std::string text;  ///< At most most_file_bytes.
};

/// What is wrong with a file, or odd about it.
struct Problem {
    std::string file;
    unsigned line = 0;    ///< From 1; 0 when the file as a whole is meant.
    unsigned column = 0;  ///< From 1.
    bool warning = false;
    std::string what;  ///< What, and what to write instead.
};

/// "file:line:column: what"; a warning says "file:line:column: warning: what".
[[nodiscard]] std::string to_text(const Problem& problem);

/// A problem's text in two: what is wrong, and what to write instead.
struct Advice {
    std::string message;
    std::string hint;  ///< "did you mean 'x'?" or "write ..."; empty when the text has none.
};
[[nodiscard]] Advice advice_of(const Problem& problem);

/// Values for `%name%` of the modifier `expand`, by name without the percent signs.
using Lists = std::map<std::string, std::vector<std::string>>;

/// Which policy of a Set.
using PolicyIndex = std::uint32_t;

}  // namespace policy
