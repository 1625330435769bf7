#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <filesystem>

namespace store {

/// What batches and merges leave free on the disk of an embedded cluster, so that a disk which is
/// full of our own records is no trap: PostgreSQL needs a segment of its log, 16 MB, to recover
/// from a crash, and retention needs some to delete what is old.
struct Reserve {
    std::filesystem::path folder;  ///< Of the cluster.
    std::uint64_t bytes = 0;       ///< 0: none is kept.
};

/// Fault::exhausted when less than that is free. A disk that does not say has room.
[[nodiscard]] base::Result<void> room_above(const Reserve& reserve);

}  // namespace store
