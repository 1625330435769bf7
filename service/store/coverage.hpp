#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "coverage/certificate.hpp"
#include "coverage/counters.hpp"
#include "store/policies.hpp"
#include "store/session.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// What the configuration says of a source.
struct DeclaredSource {
    std::string name;
    std::optional<std::chrono::microseconds> every;  ///< Its rhythm, a minute or more.
    /// From when on it keeps it; nothing: from the first time that it is declared.
    std::optional<base::EventTime> since;
};

/// Stores what is expected of each source from now on, where it differs from what was: a change
/// holds from `now`, or from the `since` it names. Sources that are not among them any more are
/// expected to send nothing.
base::Result<void> declare_sources(Session& session, std::span<const DeclaredSource> sources,
                                   base::WallTime now);

/// What could have been seen in [from, to), as known now or at a moment that is not before `to`: of
/// one moment of the database, the same however often it is read while nothing comes in. Gaps are
/// cut to the window; those that are acknowledged say so. Fails with Fault::invalid unless from <
/// to.
base::Result<coverage::Certificate> read_coverage(
    Session& session, base::EventTime from, base::EventTime to,
    std::optional<base::WallTime> as_of = std::nullopt);

/// A policy that could not have seen all that it is about, and the gaps why, each up to where its
/// windows do not reach into it any more.
struct BlindPolicy {
    PolicyNeeds policy;
    std::vector<coverage::Gap> gaps;
};
/// The policies that judge now and were blind at some time in [from, to), in their order.
base::Result<std::vector<BlindPolicy>> blind_policies(Session& session, base::EventTime from,
                                                      base::EventTime to);

/// Notes that `by` knows of what is missing, and why. Fails with Fault::not_found when nothing of
/// that source and cause is missing at that time. Audited.
base::Result<void> acknowledge(Session& session, const coverage::Gap& gap, std::string_view reason,
                               std::string_view by, base::WallTime now);

/// Takes counters in; one for the very time of an earlier one takes its place. Fails with
/// Fault::conflict, and takes none, when one overlaps an earlier one otherwise. Audited.
base::Result<void> import_counters(Session& session, std::span<const coverage::Counter> counters,
                                   std::string_view actor, base::WallTime now);

/// Notes that calls with these keys were sent to a source. Audited.
base::Result<void> register_canaries(Session& session, std::span<const std::string> keys,
                                     std::string_view source, std::string_view actor,
                                     base::WallTime sent);

}  // namespace store
