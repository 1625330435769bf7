#pragma once

#include "presence/facts.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace presence {

/// What one group of evidence says for a candidate.
struct Contribution {
    Group group = Group::egress;
    double nats = 0;  ///< ln of how much likelier the clue is for the party than for anybody else.
    std::vector<std::size_t> clues;
    std::uint64_t tenants = 0;  ///< That show the strongest clue of the group.
    std::string text;           ///< One sentence.
};

/// A tenant that the party may be behind.
struct Candidate {
    std::string tenant;  ///< Empty when its calls name none: then there is one for each key.
    std::vector<std::size_t> personas;  ///< That speak for it, the strongest first.
    double prior = 0;                   ///< Nats.
    std::vector<Contribution> contributions;
    double score = 0;              ///< Prior and contributions, after the two-witness rule.
    double posterior = 0;          ///< 0 to 1.
    bool customer_record = false;  ///< The registry says that the tenant is the party's.
    bool two_witnesses = false;
    std::vector<std::string> against;
    /// The posterior without each group that contributes, by place in contributions.
    std::vector<double> without;
    std::uint64_t ok = 0;  ///< Calls that worked, of these personas.
};

/// Weights are those of attribution.md 1.4, in nats. Changed only with a new model name.
inline constexpr std::string_view model = "presence-1";
inline constexpr double witness = 1.5;         ///< A group that says at least so much is a witness.
inline constexpr double alone_at_most = -0.7;  ///< Score when there is one witness: p = 1/3.

/// The tenants that the clues speak for, likeliest first, of equal ones by name. Groups are capped;
/// a value that many tenants show says little; one group alone never passes even odds, whatever it
/// says; geography takes no part. A customer record decides about its tenant by itself.
[[nodiscard]] std::vector<Candidate> weigh(const Question& question, const Facts& facts);

/// ln(p / (1 - p)) and back.
[[nodiscard]] double probability(double nats) noexcept;

/// True when all clues are about keys: then the answer is about the key, and says nothing of who
/// held it.
[[nodiscard]] bool about_a_key(const Question& question) noexcept;

}  // namespace presence
