#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "store/session.hpp"

#include <cstdint>

namespace store {

/// Merges the table `activity`, to which batches append, into the rollups by key, tenant and
/// origin.
///
/// Goes through the table once, some pages a step; rows appended meanwhile are met too. A step is
/// one transaction that deletes rows there and adds them here, so the views, which show both, never
/// change by it. Any number of processes may merge; a crash loses nothing.
class Merge {
public:
    explicit Merge(Session& session) : session_(session) {}  // borrowed

    struct Step {
        std::uint64_t rows = 0;         ///< Merged.
        std::uint64_t table_bytes = 0;  ///< Of the table, with room that is free again.
        bool done = false;              ///< The end of the table was reached.
    };
    /// Takes the next `pages` pages of 8 KB, about 30 rows each; at least 1. Fails as the database
    /// does; the same step is then taken again.
    base::Result<Step> step(std::uint32_t pages, base::WallTime now);

private:
    Session& session_;
    std::uint32_t next_page_ = 0;
    std::uint64_t merged_ = 0;  // rows since the end of the table was last reached
};

}  // namespace store
