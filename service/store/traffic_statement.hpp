#pragma once

#include "store/connection.hpp"
#include "store/presence_traffic.hpp"

#include <string>

namespace store {

/// The parts of the statement for a search that depend on the clue. Parameters from $7 on are its
/// own; $1 and $2 are the period, $3 the moment, $4 the most personas to look at, $5 the most rows,
/// $6 the keys to keep to.
struct TrafficCondition {
    std::string persona;  ///< Of a persona's columns.
    std::string matches;  ///< Of the columns of an hour that was added up, or of a call.
    std::string exact = "true";
    Fit otherwise = Fit::exact;
    bool of_calls = false;  ///< Over the calls that were kept.
};

/// Reads a clue into a condition, and its values into the parameters.
TrafficCondition condition_of(const TrafficClue& clue, Params& params);

/// The search: a row for each persona to be shown, by what it shows, with the numbers of all, and
/// such a row without a persona when there is none.
std::string traffic_statement(const TrafficCondition& condition);

// For tables of hashes of as many rows as are scanned. The planner takes the parts to be small, and
// for a thousand personas of many hours a nested loop was nine tenths of the time. It also takes
// the lateral joins to be dear enough to compile, which takes longer than to run them.
inline constexpr const char* traffic_settings =
    "SET LOCAL work_mem = '64MB'; SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = "
    "off; SET LOCAL jit = off";

}  // namespace store
