#pragma once

#include "presence/weigh.hpp"

#include <cstdint>
#include <vector>

namespace presence {

/// From this posterior on a candidate may be named.
inline constexpr double likely_from = 0.8;

/// The candidates, parted by whether the evidence is enough to name them.
struct Ranking {
    std::vector<Candidate> named;  ///< Likeliest first.
    /// Those that are not; of a clue that fits too many to look at, all that show it.
    std::uint64_t others = 0;
    double best_of_others = 0;  ///< Posterior of the likeliest of them.
};

/// Named is who two kinds of evidence or a customer record speak for, at or above likely_from, and
/// who made calls that worked. Of a question about keys alone each key that was named and used is
/// its own witness, since it asks for nothing else. Of the facts, uses and records take no part.
[[nodiscard]] Ranking rank(const Question& question, const Facts& facts);

}  // namespace presence
