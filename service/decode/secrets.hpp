#pragma once

#include "decode/scrubber.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace decode {

/// A secret within a text.
struct Secret {
    std::size_t start = 0, end = 0;
    bool is_key = false;  ///< The value of a member that holds the caller's key.
};

/// The secret that the anchor at `at` (see next_anchor) belongs to, if it belongs to one. It may
/// start before the anchor or behind it. The text is JSON or a log line, so values are looked for
/// behind `name=`, `"name":"` (also with the quotes escaped, in JSON within JSON) and `name: `.
[[nodiscard]] std::optional<Secret> secret_at(std::string_view text, std::size_t at,
                                              const Scrubber::Names& names);

}  // namespace decode
