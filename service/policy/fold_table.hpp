#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace policy {

/// Code points first, first + step, ... last fold to themselves plus `distance`.
struct FoldRun {
    std::uint32_t first;
    std::uint32_t last;
    std::uint32_t step;
    std::int32_t distance;
};

/// Ascending and not overlapping.
extern const FoldRun fold_runs[];
extern const std::size_t fold_run_count;

}  // namespace policy
