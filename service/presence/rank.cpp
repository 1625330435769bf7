#include "presence/rank.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace presence {
namespace {

/// The candidates for a question about keys alone: each key that was named and used is its own
/// witness, since the question asks for nothing else.
std::vector<Candidate> of_keys(const Question& question, const Facts& facts) {
    std::vector<Candidate> out = weigh(question, facts);
    for (Candidate& candidate : out) {
        double best = 0;
        for (const ClueFacts& clue : facts.clues) {
            for (const NamedKey& key : clue.keys) {
                if (key.key != facts.personas[candidate.personas.front()].key) continue;
                best = std::max(best, key.characters == 0 ? 0.9999 : 1 / (1 + clue.chance_hits));
            }
        }
        candidate.posterior = best;
        candidate.without.assign(candidate.contributions.size(), 0.0);
        std::erase(candidate.against, std::string("one kind of evidence only"));
    }
    std::ranges::sort(out, [](const Candidate& a, const Candidate& b) {
        return std::tuple(-a.posterior, a.personas.front()) <
               std::tuple(-b.posterior, b.personas.front());
    });
    return out;
}

/// Use that is evidence enough to name somebody.
bool named(const Candidate& candidate, bool about_key) {
    const bool decided = about_key || candidate.customer_record || candidate.two_witnesses;
    return decided && candidate.ok > 0 && candidate.posterior >= likely_from;
}

}  // namespace

Ranking rank(const Question& question, const Facts& facts) {
    const bool about_key = about_a_key(question);
    Ranking out;
    for (Candidate& candidate : about_key ? of_keys(question, facts) : weigh(question, facts)) {
        if (named(candidate, about_key)) {
            out.named.push_back(std::move(candidate));
        } else {
            ++out.others;
            out.best_of_others = std::max(out.best_of_others, candidate.posterior);
        }
    }
    for (const ClueFacts& clue : facts.clues) {
        if (clue.more)
            out.others = std::max(
                out.others, clue.tenants - std::min<std::uint64_t>(clue.tenants, out.named.size()));
    }
    return out;
}

}  // namespace presence
