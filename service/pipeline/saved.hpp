#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pipeline {

/// Several saved states as one, for the window_state column: "cps1", then each with its length.
[[nodiscard]] std::string pack(const std::vector<std::string>& parts);

/// The parts, or nothing when the text was not made by pack.
[[nodiscard]] std::optional<std::vector<std::string>> unpack(std::string_view packed);

}  // namespace pipeline
