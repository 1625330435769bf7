#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "store/session.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

namespace store {

/// Calls of one journal block as they were kept, in their order; or a source that was declared
/// silent there.
struct KeptBlock {
    std::uint64_t block = 0;
    std::string source;
    std::string format;
    base::WallTime received;
    std::uint32_t records = 0;
    bool silence = false;  ///< Then there are no lines.
    std::string lines;     ///< Records as journalled, one a line.
};

/// What the database still has of a time, and how that compares to what was evaluated.
struct Kept {
    std::uint64_t calls = 0;       ///< Kept in such a way that they can be evaluated again.
    std::uint64_t unreadable = 0;  ///< Kept without their record, or without its format.
    std::uint64_t late = 0;        ///< Of `calls`: came later than their source's lateness.
    /// Calls evaluated at the time, by the coverage of the minutes that `calls` and `unreadable`
    /// are of. More than calls: the others were not kept.
    std::uint64_t evaluated = 0;
    std::optional<base::EventTime> first, last;  ///< Of `calls`.
    std::uint64_t first_block = 0, last_block = 0;
    /// Digests of the policies that judged all of these blocks. None when it is not known which
    /// revisions judged them.
    std::optional<std::set<std::string>> in_force;
};

/// Half open; whole minutes. Nothing: as far as there is something.
struct Period {
    std::optional<base::EventTime> from, to;
};

/// Reads the calls of a period again, in the order of the journal, in one snapshot of the database.
/// First `begin` is told what there is; false ends it without reading. Fault::unavailable when the
/// server is away; what was given until then is to be forgotten.
base::Result<Kept> read_history(Session& session, const Period& period,
                                const std::function<bool(const Kept&)>& begin,
                                const std::function<void(const KeptBlock&)>& use);

/// Time of the oldest call that can be evaluated again; nothing when there is none.
base::Result<std::optional<base::EventTime>> oldest_kept(Session& session);

}  // namespace store
