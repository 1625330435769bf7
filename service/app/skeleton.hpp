#pragma once

#include "base/result.hpp"

#include <span>
#include <string>
#include <string_view>

namespace app {

struct SkeletonOptions {
    std::string name;           ///< Lower-case words joined by `_`; at most 64 characters.
    std::string type = "rule";  ///< One of skeleton_types.
    std::string family = "abuse";
};

/// "rule", and every type of correlation.
[[nodiscard]] std::span<const std::string_view> skeleton_types() noexcept;

/// A policy to start from: it loads without a warning, its tests (a positive, a near miss, a benign
/// twin) pass and reach everything, it is laid out as `policy fmt` does it, and its status makes it
/// tell nobody. Ids are random. Fails with Fault::invalid when the name is none.
[[nodiscard]] base::Result<std::string> skeleton(const SkeletonOptions& options);

}  // namespace app
