#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "store/connection.hpp"

#include <cstdint>
#include <set>
#include <string>

namespace store {

/// A weekly partition of a table.
struct Week {
    std::string parent;       ///< The table, without its schema.
    std::int64_t monday = 0;  ///< Days since 1970-01-01.
    auto operator<=>(const Week&) const = default;
};

/// Makes those that are missing, in transactions of their own: empty ones do no harm when what
/// wanted them then fails. Weeks far from `now` get none; their rows go to the default partition.
base::Result<void> ensure_partitions(Connection& connection, const std::set<Week>& weeks,
                                     base::WallTime now);

}  // namespace store
