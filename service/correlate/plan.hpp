#pragma once

#include "call/names.hpp"
#include "correlate/low_time.hpp"
#include "policy/set.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace correlate {

/// Hits of one group window that are counted one by one. Beyond it, counts and sums are exact to a
/// 4,096th of the span, distinct values are estimated, percentiles see the newest ones.
inline constexpr std::size_t exact_hits = 10'000;
/// Distinct values that decide a bound and are still kept in the group's block.
inline constexpr std::size_t few_values = 24;

/// One policy that keeps groups: a correlation, or a rule that fires by itself.
struct Counter {
    enum class Kind : std::uint8_t {
        plain,
        count,
        sum,
        average,
        rank,
        few,  ///< value_count with a limit of at most few_values
        distinct,
        temporal,
        ordered,
        new_value,
        ratio,
        cadence,
        absence,
        baseline,
        joint
    };

    Kind kind = Kind::plain;
    policy::PolicyIndex policy = 0;
    const policy::Correlation* correlation = nullptr;  ///< Lent by the set; null for plain.
    std::string key;                                   ///< Policy::key().
    std::string signature;  ///< Windows outlive a reload when this stays the same. 32 bytes.
    std::int64_t span = 0;  ///< Microseconds; of a plain rule its quiet time, 0 for none.
    std::int64_t keep = 0;  ///< How long a group is live after its newest hit, at least `span`.
    /// Groups are forgotten at multiples of this event time, never in between, so that what is
    /// forgotten does not depend on how the matches were cut into batches.
    std::int64_t sweep_every = 1'000'000;
    std::size_t limit = 1;  ///< Hits or values that decide every bound: one above the highest.
    std::size_t rules = 1;
    bool emits = true;  ///< False when the firings only feed other correlations.
    std::vector<std::string> group_names;
    std::uint64_t seed = 0;        ///< Tells this policy's groups from others' in hashes.
    std::uint64_t shard_seed = 0;  ///< The same for all policies chained to each other.
    bool one_shard = false;        ///< Chained over different group keys: not to be divided.

    /// A hit carries the place of its rule.
    [[nodiscard]] bool by_rule() const noexcept {
        return kind == Kind::temporal || kind == Kind::ordered || kind == Kind::absence ||
               kind == Kind::joint;
    }
    /// A hit carries the hash of a value.
    [[nodiscard]] bool by_value() const noexcept {
        return kind == Kind::few || kind == Kind::distinct || kind == Kind::new_value;
    }
    /// One call that matches two listed rules is one hit of a group.
    [[nodiscard]] bool once_a_call() const noexcept {
        return rules > 1 && !by_rule() && (kind != Kind::ratio || correlation->over_all);
    }
    /// Its condition is true of a hit alone, and the next one may fire as well.
    [[nodiscard]] bool of_one_hit() const noexcept { return kind == Kind::new_value; }
    /// What it keeps is a Window; that of the other kinds is in the group's block.
    [[nodiscard]] bool has_window() const noexcept {
        return kind != Kind::plain && kind != Kind::count && kind != Kind::few;
    }
    /// Its windows read what the correlation says, all the time.
    [[nodiscard]] bool lends() const noexcept {
        return kind == Kind::baseline || kind == Kind::joint;
    }
    /// Low bytes that tell the times in one window apart.
    [[nodiscard]] std::uint32_t time_bytes() const noexcept { return time_bytes_for(span); }
    /// The condition, on a number; of the temporal types without an expression too.
    [[nodiscard]] bool holds(double value) const noexcept;
};

/// Where a rule's matches go.
struct Feed {
    std::uint32_t counter = 0;
    std::uint32_t rule = 0;  ///< Place in Correlation::rules.
    std::vector<call::Slot> group;
    std::vector<call::Slot> fields;
};

/// Where a correlation's firings go: parts of the outer key, by place in the inner key.
struct Chain {
    static constexpr std::uint32_t absent = 0xffffffff;

    std::uint32_t counter = 0;
    std::uint32_t rule = 0;
    std::vector<std::uint32_t> group;
    std::vector<std::uint32_t> fields;
};

/// What an engine does with a set, resolved once: slots instead of names, places instead of ids.
struct Plan {
    std::shared_ptr<const policy::Set> set;
    std::vector<Counter> counters;         ///< Plain rules, then correlations, inner before outer.
    std::vector<std::vector<Feed>> feeds;  ///< By policy; empty for correlations.
    std::vector<std::vector<Chain>> chains;  ///< By counter.
};

/// Finds the counters whose windows go on: those of the same key and signature, of several in their
/// order. Borrows the counters.
class SameCounters {
public:
    explicit SameCounters(const std::vector<Counter>& counters);
    /// The place of the next one; Chain::absent when there is none.
    [[nodiscard]] std::uint32_t take(std::string_view key, std::string_view signature);

private:
    std::map<std::pair<std::string_view, std::string_view>, std::vector<std::uint32_t>>
        places_;  // those of one backwards
};

[[nodiscard]] Plan plan_of(std::shared_ptr<const policy::Set> set, const call::Names& names);

}  // namespace correlate
