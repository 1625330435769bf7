#pragma once

#include "registry/key_hasher.hpp"
#include "registry/rows.hpp"

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace registry {

enum class Format : std::uint8_t {
    ndjson,  ///< One JSON object a line; blank lines are skipped.
    csv,     ///< RFC 4180 with a header line; lists are separated by semicolons.
};

/// What is wrong with a line. The sentence names the column and what to write instead.
struct Problem {
    std::size_t line = 0;  ///< 1-based; the first line of a row that spans several.
    std::string what;
};

/// Reads an import file whole, or reports everything that is wrong with it (at most 1,000 problems)
/// and gives no row. The formats are described in docs/reference/registry.md. `kind` is used for
/// rows without a `kind` column. Rows of the same uid in one file are a problem, except versions of
/// a licence.
///
/// A `secret` never leaves this function: it becomes marks, with a hasher, and its copies here are
/// wiped. The caller wipes the text. Without a hasher it is checked and forgotten.
[[nodiscard]] std::expected<Rows, std::vector<Problem>> parse_rows(
    std::string_view text, Format format, std::optional<Kind> kind = std::nullopt,
    const KeyHasher* hasher = nullptr);

/// CSV when the first character that is not blank is no brace, else NDJSON.
[[nodiscard]] Format detect_format(std::string_view text) noexcept;

/// The rows as NDJSON that parse_rows reads back to the same rows. Times are RFC 3339 in UTC.
[[nodiscard]] std::string print_rows(const Rows& rows);

}  // namespace registry
