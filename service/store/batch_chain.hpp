#pragma once

#include "base/result.hpp"
#include "store/session.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace store {

/// What was found walking the chain of batches of the journal.
struct ChainWalk {
    std::uint64_t entries = 0;
    std::uint64_t first = 0;  ///< Number of the oldest entry that is kept; above 1, those before it
                              ///< are past their retention, and its own head is taken as given.
    std::uint64_t records = 0;
    std::string head;  ///< Hex, of the last entry.
    struct Fault {
        std::uint64_t n = 0;  ///< The first bad entry.
        std::string what;     ///< One sentence.
    };
    std::optional<Fault> fault;
};

/// Computes every entry's root and head again, and whether each goes on where the one before ended,
/// up to the committed position. Stops at the first that does not.
base::Result<ChainWalk> walk_chain(Session& session);

}  // namespace store
