#pragma once

#include "policy/report.hpp"
#include "yaml/node.hpp"
#include "yaml/parse.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace policy {

/// First stage: one YAML document of a file, not yet understood.
struct Document {
    enum class Kind : std::uint8_t { rule, correlation, filter };

    Kind kind = Kind::rule;
    yaml::Node root;     ///< A map.
    std::string digest;  ///< SHA-256 of its text, hexadecimal.
};

inline constexpr yaml::Limits source_limits{
    .bytes = most_file_bytes, .nodes = 50'000, .many_documents = true, .aliases = true};

/// The text of the document around a line of the file: what its digest is of.
[[nodiscard]] std::string_view document_text(std::string_view text, unsigned line);

/// The documents of a file; those that are empty are left out. Reports what is no YAML, no map, or
/// a legacy collection (`action:`).
[[nodiscard]] std::vector<Document> read_source(const File& file, Report& report);

}  // namespace policy
