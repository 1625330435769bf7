#pragma once

#include "journal/block.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace ingest {

/// Cuts lines, each ended by '\n', into blocks within the journal's limits: `head` with other lines
/// and records each. No line is longer than a block (the gate has seen to that). The order stays.
[[nodiscard]] std::vector<journal::Block> split(std::string_view lines, const journal::Block& head);

}  // namespace ingest
