#pragma once

#include "store/connection.hpp"
#include "store/presence_traffic.hpp"

#include <string>

namespace store {

// Conditions put the clue's values behind the parameters that there are. $1 and $2 are the period,
// $3 the moment.

/// Of a persona's columns. Calls that were kept are not among them: false.
std::string persona_condition(const TrafficClue& clue, Params& params);

/// Of the columns of an hour that was added up, or of a call.
struct TrafficCondition {
    std::string matches;
    std::string exact = "true";
    Fit otherwise = Fit::exact;
    bool of_calls = false;  ///< Over the calls that were kept.
};
TrafficCondition condition_of(const TrafficClue& clue, Params& params);

/// The search: a row for each persona to be shown, by what it shows, with the numbers of all, and
/// such a row without a persona when there is none. $4 is the most personas to look at, $5 the most
/// rows, $6 the keys to keep to.
std::string traffic_statement(const std::string& persona, const TrafficCondition& condition);

/// Keys of personas that two clues fit, as a row each and at most one more than $4.
std::string shared_keys_statement(const std::string& one, const std::string& other);

// For tables of hashes of as many rows as are scanned. The planner takes the parts to be small, and
// for a thousand personas of many hours a nested loop was nine tenths of the time. It also takes
// the lateral joins to be dear enough to compile, which takes longer than to run them.
inline constexpr const char* traffic_settings =
    "SET LOCAL work_mem = '64MB'; SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = "
    "off; SET LOCAL jit = off";

}  // namespace store
