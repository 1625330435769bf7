#pragma once

#include "base/time.hpp"
#include "rollup/activities.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// Calls added up on their way to the store, and coverage per source.
namespace rollup {

/// What came from a source. Calls count in the minute of their event time; the rest has none and
/// counts in the minute of its arrival.
struct CoverageMinute {
    std::string source;
    base::EventTime minute;
    std::uint64_t received = 0;    ///< parsed + rejected.
    std::uint64_t parsed = 0;      ///< Became a call.
    std::uint64_t attributed = 0;  ///< Of those, with a tenant or a key.
    std::uint64_t late = 0;        ///< Of those, later than the source's lateness.
    std::uint64_t rejected = 0;    ///< Dead-lettered.
    std::uint64_t heartbeats = 0;  ///< Empty batches: the source had nothing to say.
    std::uint64_t set_aside = 0;   ///< Of rejected: no records, left out on purpose.
    std::uint64_t ahead = 0;       ///< Calls with a time too far ahead; `parsed` under that time.

    bool operator==(const CoverageMinute&) const = default;
};

/// What was added up, in the order in which it was first met.
struct Rows {
    Activities activity;
    std::vector<CoverageMinute> coverage;

    [[nodiscard]] std::size_t size() const noexcept { return activity.size() + coverage.size(); }
};

}  // namespace rollup
