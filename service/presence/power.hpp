#pragma once

#include "coverage/certificate.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace presence {

/// What a search that found nothing would have found (attribution.md 4.2). The unit is a session:
/// the calls of one persona in one hour, since calls come in runs and a gap swallows whole runs.
struct Power {
    /// Shares of the party's sessions that would show one of the clues: all, half, a tenth.
    static constexpr std::array<double, 3> recalls = {1.0, 0.5, 0.1};

    double covered = 0;  ///< Probability that a session at a random time is in what we kept.
    /// Sessions from which on one would have been seen with 95 %, also when all of them go to one
    /// source; none: no number reaches that.
    std::array<std::optional<std::uint64_t>, 3> n95;
    /// Sessions that may have stayed unseen all the same, at 95 %: one fewer.
    std::array<std::optional<std::uint64_t>, 3> unseen95;
    double burst_missed = 0;  ///< Probability that a single burst of an hour is wholly in gaps.
};

/// Sessions until one is seen with 95 %, each with probability `q`: ln 0.05 / ln(1 - q), rounded
/// up. None when that is more than 1e9; 1 for q >= 0.95.
[[nodiscard]] std::optional<std::uint64_t> sessions_for_95(double q);

/// The power of a search over what the certificate describes. Canaries that were not found lower
/// it: they fell where calls fall.
[[nodiscard]] Power power_of(const coverage::Certificate& certificate);

}  // namespace presence
