#pragma once

#include "decode/format_model.hpp"

#include <expected>
#include <memory>
#include <string>
#include <vector>

namespace decode {

/// Reads a format file; else all its problems, each as `file:line:column: what`.
[[nodiscard]] std::expected<std::unique_ptr<FormatModel>, std::vector<std::string>> read_format(
    const FormatFile& file);

}  // namespace decode
