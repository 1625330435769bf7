#pragma once

#include "base/time.hpp"
#include "policy/problem.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace correlate {

/// Where a record is kept: journal LSN and its index there. In a replay, a file's records count
/// from block 0, 65,536 to a block.
struct RecordRef {
    std::uint64_t block = 0;
    std::uint32_t record = 0;
    auto operator<=>(const RecordRef&) const = default;
};

/// One part of a group key. Two groups are the same when all parts are, by text, case and all.
struct GroupValue {
    std::string name;                  ///< As the policy writes it: a field or an alias.
    std::optional<std::string> value;  ///< Nothing: the field was absent, a key of its own.
    auto operator<=>(const GroupValue&) const = default;
};

/// One of the numbers behind the one that was compared.
struct Figure {
    std::string_view name;  ///< Ours, never a stranger's: lives for ever.
    double value = 0;
    auto operator<=>(const Figure&) const = default;
};

/// A full window: a policy's condition became true for a group.
struct Firing {
    policy::PolicyIndex policy = 0;
    base::EventTime at;            ///< Time of the match that completed the condition.
    base::EventTime window_start;  ///< `at` less the timespan; `at` itself for a plain rule.
    std::vector<GroupValue> group;
    double value = 0;         ///< The number compared with the policy's bounds; 1 for a rule.
    std::uint64_t total = 0;  ///< Of a ratio: its denominator; else 0.
    std::vector<std::uint32_t> held;  ///< Of a joint policy: places of the rules with a hit.
    std::uint64_t episode = 0;      ///< Earlier firings of this group since it was last forgotten.
    std::vector<RecordRef> sample;  ///< The newest of the matches counted, at most 5, oldest first.
    std::vector<Figure> figures;    ///< What else some types have to say, in a fixed order.
    /// False when the window held more than an exact one may (docs/explanation/event-time.md).
    bool exact = true;
    /// Given only when Options::repeat_every asks: not a new firing, but word that matches go on in
    /// an episode that has fired. `at` is the newest of them and `episode` is that of the firing.
    bool repeat = false;
    /// Of a late call: the watermark when it was observed, which had passed `at`. Such a firing is
    /// out of the order of the others, and no quiet time was applied to it.
    std::optional<base::EventTime> behind;
    std::uint64_t matches = 1;  ///< 1; for a repeat, the matches since the firing or last repeat.
};

/// Orders firings by time, then policy, then group: an order that no sharding and no arrival order
/// can change. `advance` keeps it; merge the firings of several shards by it.
[[nodiscard]] bool before(const Firing& a, const Firing& b) noexcept;

}  // namespace correlate
