#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What was expected, what came, what is missing, and how much a "no" is worth: a no is only worth
/// what could have been seen (docs/reference/coverage.md).
namespace coverage {

/// Why something could not have been seen.
enum class Cause : std::uint8_t {
    silent,          ///< A source with a declared rhythm sent neither record nor heartbeat.
    sequence,        ///< Numbers of a producer never came.
    counter,         ///< The gateway counted more calls than came.
    dead_letters,    ///< More records were refused than read.
    not_retained,    ///< What came is no longer kept.
    no_expectation,  ///< Nothing says what should have come, so nobody knows whether it did.
    clock,           ///< The source's times were wrong, or the time is not evaluated yet.
    suspended,       ///< Of a policy alone: a rule of it cost too much and was not tried.
};

/// A time for which something is missing or may be.
struct Gap {
    std::string source;  ///< Empty: all of them.
    base::EventTime from;
    base::EventTime to;  ///< Behind `from`; not part of it.
    Cause cause = Cause::silent;
    std::optional<std::uint64_t> lost;  ///< Records, when it is known how many.
    bool acknowledged = false;          ///< A person knows of it; the records are still missing.
    std::string note;                   ///< One sentence for a person.

    bool operator==(const Gap&) const = default;
};

/// What is known of one source over the window.
struct SourceLine {
    std::string source;
    std::uint64_t received = 0;    ///< Records: parsed + rejected.
    std::uint64_t parsed = 0;      ///< Became a call.
    std::uint64_t attributed = 0;  ///< Of those, with a tenant or a key.
    std::uint64_t late = 0;        ///< Of those, later than the source's lateness.
    std::uint64_t rejected = 0;    ///< Could not be read. Set aside on purpose does not count.
    std::optional<std::uint64_t> expected;  ///< received + lost, where somebody else counted too.
    std::uint64_t lost = 0;                 ///< Known not to have come, or under a wrong time.
    bool expectation_declared = false;      ///< For all of the window.

    bool operator==(const SourceLine&) const = default;
};

/// Made-up calls with known clues, sent through the real door, and how many were found again.
struct Canaries {
    std::uint64_t sent = 0;
    std::uint64_t found = 0;

    bool operator==(const Canaries&) const = default;
};

/// What could have been seen between two times. The input of every negative answer.
struct Certificate {
    base::EventTime from;
    base::EventTime to;               ///< Not part of the window.
    std::vector<SourceLine> sources;  ///< By name.
    std::vector<Gap> gaps;            ///< By (source, from, cause, to); inside the window.
    std::optional<Canaries> canaries;
    /// The earliest event time from which all rollups are kept; nothing: none was ever dropped.
    std::optional<base::EventTime> retained_from;
    double share = 0;        ///< See measure().
    double lower95 = 0;      ///< See measure().
    std::string chain_head;  ///< Hex, newest entry of the chain of batches; empty: none.

    bool operator==(const Certificate&) const = default;
};

/// "silent", "sequence", "counter", "dead_letters", "not_retained", "no_expectation", "clock",
/// "suspended".
[[nodiscard]] std::string_view name(Cause cause) noexcept;
[[nodiscard]] std::optional<Cause> parse_cause(std::string_view text) noexcept;

/// Sets `share` and `lower95` from sources and gaps.
///
/// A source's share is what was read of what is known to have been sent, parsed / (parsed + lost +
/// rejected), times the part of the window outside its gaps of unknown loss. `share` is the mean of
/// them, each weighted by how much the source would have sent; a source of which that cannot be
/// known weighs as much as the mean of the others. 1 when nothing is missing; 0 without sources.
/// Acknowledging a gap changes nothing here.
///
/// `lower95` is the same mean of each source's share_lower95 in place of its quotient. All sources
/// at once are better than the sum of their 5 % quantiles with more than 95 %.
void measure(Certificate& certificate);

/// The 5 % quantile of Beta(received + 1, missing + 1): the share of what was sent that we receive
/// is at least this, with 95 %. 0.05 when nothing was sent.
[[nodiscard]] double share_lower95(std::uint64_t received, std::uint64_t missing);

/// True when the certificate has a gap that nobody acknowledged, or not one source: a "no" over it
/// would be a guess.
[[nodiscard]] bool has_unacknowledged_hole(const Certificate& certificate) noexcept;

/// A bound on the chance that one burst of calls of this length falls into the gaps, at a time that
/// is as likely as any other: (g + m d) / W for m gaps of total length g in a window of length W,
/// at most 1. Gaps of all sources count, acknowledged or not; where they overlap, once.
[[nodiscard]] double burst_in_gaps(const Certificate& certificate,
                                   base::EventTime::duration length);

/// How many independent calls (or sessions) it takes to be seen with 95 % when each is seen with
/// probability q: ln 0.05 / ln(1 - q). Also, when none was seen, the most that can have been made.
/// Infinite for q <= 0, and 1 for q >= 1.
[[nodiscard]] double calls_seen95(double q) noexcept;

}  // namespace coverage
