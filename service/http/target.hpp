#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

/// Undoes %XX. Nothing when an escape is broken, or when the result holds a control byte or is not
/// UTF-8: no name or value of ours has these.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text,
                                                         bool plus_is_blank = false);

/// "a=1&b=x%20y" as pairs in their order; a pair without '=' has an empty value, empty pairs are
/// left out. Nothing when percent_decoded refuses a part.
[[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(
    std::string_view query);

}  // namespace http
