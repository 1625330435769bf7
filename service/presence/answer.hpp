#pragma once

#include "presence/power.hpp"
#include "presence/rank.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace presence {

/// Whether the party uses the API. The two parts of an answer never mix.
enum class UseVerdict : std::uint8_t {
    used,          ///< Posterior >= 0.95, and two kinds of evidence or a customer record.
    likely_used,   ///< Posterior >= 0.8 likewise.
    inconclusive,  ///< Something fits, nobody is named.
    not_observed,  ///< Nothing fits, where it would have been seen; bounded by the power.
    not_issued,    ///< The key was never ours.
    cannot_say,    ///< Nothing fits, and it might not have been seen.
};
[[nodiscard]] std::string_view name(UseVerdict verdict) noexcept;

/// Whether that use is under a licence, by the licence in force at call time.
enum class LicenceVerdict : std::uint8_t { licensed, unlicensed, unclear, not_applicable };
[[nodiscard]] std::string_view name(LicenceVerdict verdict) noexcept;

inline constexpr double used_from = 0.95;
/// Less coverage than this (probability that a session was kept) certifies nothing.
inline constexpr double covered_at_least = 0.5;

struct LicenceAnswer {
    LicenceVerdict known_then = LicenceVerdict::not_applicable;  ///< As the registry said then.
    LicenceVerdict known_now = LicenceVerdict::not_applicable;   ///< As of the question.
    std::vector<std::string> reasons;
};

struct Answer {
    UseVerdict use = UseVerdict::cannot_say;
    double confidence = 0;  ///< Posterior of `use`; of not_observed, 0.95.
    LicenceAnswer licence;
    /// Named: only those at or above likely_from, so that a yes names nobody who merely fits.
    std::vector<Candidate> candidates;
    std::uint64_t others = 0;      ///< Candidates that are not named.
    double best_of_others = 0;     ///< Posterior of the likeliest of them.
    bool customer_record = false;  ///< The party is a customer by its own name.
    Power power;
    std::vector<std::string> because;       ///< Why this verdict and no other.
    std::vector<std::string> would_change;  ///< What would change it.
    std::vector<std::string> near_misses;
    std::vector<std::string> limits;
    std::string statement;  ///< For a person: it can be pasted into a letter.
};

/// The answer, as a function of question and facts alone.
[[nodiscard]] Answer answer(const Question& question, const Facts& facts);

/// What the licences say of the calls that worked, for the named candidates. A licence of the
/// tenant covers the party only when the tenant is the party's.
[[nodiscard]] LicenceAnswer judge_licence(const Facts& facts,
                                          const std::vector<Candidate>& candidates);

}  // namespace presence
