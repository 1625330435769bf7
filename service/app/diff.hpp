#pragma once

#include <string>
#include <string_view>

namespace app {

/// The change from one text to another in the unified form that `patch -p0` takes, with three lines
/// around each change; empty when there is none. Where both differ in thousands of lines it may be
/// longer than it had to be, never wrong.
[[nodiscard]] std::string unified_diff(std::string_view name, std::string_view from,
                                       std::string_view to);

}  // namespace app
