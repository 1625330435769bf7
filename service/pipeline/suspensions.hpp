#pragma once

#include "base/time.hpp"
#include "correlate/codec.hpp"
#include "correlate/sight.hpp"
#include "policy/set.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pipeline {

/// Rules that are not tried for a while, because they cost too much, and the times in which they
/// were not: what did not match then proves nothing. Reads no clock. A rule is known by its digest,
/// so that another text is judged at once.
class Suspensions {
public:
    /// How long; then it is tried again.
    static constexpr std::chrono::minutes lasts{10};

    /// False when it is suspended already. `from`: the event time that was not judged any more.
    bool suspend(std::string_view digest, base::EventTime from, base::WallTime now);
    /// False when it is not.
    bool resume(std::string_view digest, base::EventTime to);

    /// Digests whose time is over.
    [[nodiscard]] std::vector<std::string> due(base::WallTime now) const;
    /// How many are suspended.
    [[nodiscard]] std::size_t active() const noexcept;
    /// None is, nor was in a time that is remembered.
    [[nodiscard]] bool empty() const noexcept { return times_.empty(); }

    /// By policy of the set; empty: none is.
    [[nodiscard]] std::vector<bool> suspended(const policy::Set& set) const;
    /// Whether all calls between two event times were judged by all rules that the policy counts,
    /// where event time has come to `now`.
    [[nodiscard]] correlate::Seen seen(const policy::Set& set, policy::PolicyIndex policy,
                                       base::EventTime from, base::EventTime to,
                                       base::EventTime now) const;
    /// Whether a firing over [from, to] may be there only because a rule was suspended: a share of
    /// what was not counted, a `not` of it, a bound from above.
    [[nodiscard]] bool misled(const policy::Set& set, policy::PolicyIndex policy,
                              base::EventTime from, base::EventTime to) const;

    /// Forgets the rules of other digests. Those among them that were suspended.
    std::vector<std::string> keep(const std::set<std::string>& digests);
    std::vector<std::string> keep(const policy::Set& set);
    /// Forgets times that ended before.
    void forget(base::EventTime before);

    void save(correlate::Writer& out) const;
    void load(correlate::Reader& in);

private:
    struct Time {
        base::WallTime since;               // of the decision
        base::EventTime from;               // of the first time, when it was suspended again
        std::optional<base::EventTime> to;  // none: it is suspended
    };
    [[nodiscard]] const Time* overlap(const policy::Set& set, policy::PolicyIndex rule,
                                      base::EventTime from, base::EventTime to) const;

    std::map<std::string, Time, std::less<>> times_;  // by digest
};

}  // namespace pipeline
