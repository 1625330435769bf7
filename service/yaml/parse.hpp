#pragma once

#include "yaml/node.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

/// YAML 1.2 files written by strangers, as values of our own. The home of yaml-cpp: it gives us
/// events, and what may not stand in a file is refused before any node exists (a 400-byte file of
/// aliases is otherwise 50 million nodes, and one that refers to itself a stack overflow).
namespace yaml {

/// What one text may hold. Going over any of them is a Problem at the place where it happened.
struct Limits {
    std::size_t bytes = 256 * 1024;
    std::size_t nodes = 100'000;     ///< In all documents together, each alias counted in full.
    std::size_t depth = 50;          ///< Collections inside one another.
    std::size_t key_bytes = 1024;    ///< A key.
    std::size_t documents = 10'000;  ///< Where `many_documents` allows more than one.
    bool many_documents = false;     ///< Else a second document is a Problem.
    bool aliases = false;            ///< Else anchors and aliases are Problems.
};

/// Why a text was refused, and where.
struct Problem {
    Mark mark;
    std::string what;
};

/// The documents of a text; an empty document is a null node, a text of comments alone has none.
/// Refused besides YAML errors: text that is not UTF-8 or holds NUL, tags, merge keys (`<<`),
/// duplicate keys, keys that are not text, unknown directives, whatever Limits forbid. No
/// exception leaves.
[[nodiscard]] std::expected<std::vector<Node>, Problem> parse(std::string_view text,
                                                              const Limits& limits);

}  // namespace yaml
