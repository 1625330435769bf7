#include "presence/answer.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>

namespace presence {
namespace {

/// The worst of what the uses say: one unlicensed use is unlicensed use.
struct Tally {
    bool licensed = false;
    bool unlicensed = false;
    bool unclear = false;

    void add(std::string_view state, bool ours) {
        if (state == "not_gated") return;
        if (state == "covered") {
            (ours ? licensed : unclear) = true;
        } else if (state == "missing" || state == "lapsed") {
            unlicensed = true;
        } else {
            unclear = true;
        }
    }
    [[nodiscard]] LicenceVerdict verdict() const {
        return unlicensed ? LicenceVerdict::unlicensed
               : unclear  ? LicenceVerdict::unclear
               : licensed ? LicenceVerdict::licensed
                          : LicenceVerdict::not_applicable;
    }
};

/// Who made the calls with the keys of the candidates. Sums are by key and operation and by key and
/// origin, so what one operation was called from is not known. With a key that others use as well,
/// an operation is surely the candidate's only where the others' calls are too few to be all of it;
/// or the gated calls of a reseller's other customer would be held against the party.
class Shares {
public:
    Shares(const Facts& facts, const std::vector<Candidate>& candidates) {
        for (const Use& use : facts.uses) others_[use.key] += use.ok;
        for (const Candidate& candidate : candidates) {
            for (const std::size_t persona : candidate.personas) {
                std::uint64_t& left = others_[facts.personas[persona].key];
                left -= std::min(left, facts.personas[persona].ok);
            }
        }
    }
    [[nodiscard]] bool surely_theirs(const Use& use) const {
        const auto others = others_.find(use.key);
        return others == others_.end() || use.ok > others->second;
    }

private:
    std::map<std::string, std::uint64_t> others_;  // calls that worked, by key
};

/// What a reason says of a state.
std::string words(const std::string& state, bool ours) {
    if (state == "covered" && !ours) {
        return "covered by the tenant's licence, which does not say that it extends to the party";
    }
    if (state == "covered") return "covered by a licence";
    if (state == "missing") return "no licence covers it";
    if (state == "lapsed") return "the licence had ended";
    if (state == "not_gated") return "needs no licence";
    return "the registry does not say";
}

}  // namespace

LicenceAnswer judge_licence(const Facts& facts, const std::vector<Candidate>& candidates) {
    std::set<std::string> keys;
    std::set<std::string> ours;
    for (const Candidate& candidate : candidates) {
        for (const std::size_t persona : candidate.personas) {
            keys.insert(facts.personas[persona].key);
            if (candidate.customer_record) ours.insert(facts.personas[persona].key);
        }
    }
    const Shares shares(facts, candidates);
    Tally then;
    Tally now;
    LicenceAnswer out;
    for (const Use& use : facts.uses) {
        if (!keys.contains(use.key) || use.ok == 0) continue;
        const bool party_covers = std::ranges::any_of(facts.parties, [&](const NamedParty& party) {
            return std::ranges::find(party.covered, use.operation) != party.covered.end();
        });
        // A licence of the party holds for its calls, however many of them are its.
        if (use.known_now != "not_gated" && !party_covers && !shares.surely_theirs(use)) {
            then.add("unclear", false);
            now.add("unclear", false);
            out.reasons.push_back(use.operation + ", " + std::to_string(use.ok) +
                                  " calls that worked: perhaps all by others, who use the key too");
            continue;
        }
        const bool by_party = ours.contains(use.key) || party_covers;
        const std::string& state_now = party_covers ? "covered" : use.known_now;
        then.add(use.known_then, by_party);
        now.add(state_now, by_party);
        if (state_now == "not_gated") continue;
        out.reasons.push_back(
            use.operation + ", " + std::to_string(use.ok) +
            " calls that worked: " + words(state_now, by_party) +
            (use.known_then == state_now
                 ? ""
                 : " (at the time we knew otherwise: " + words(use.known_then, by_party) + ")"));
    }
    out.known_then = then.verdict();
    out.known_now = now.verdict();
    if (!candidates.empty() && out.reasons.empty()) {
        out.reasons.emplace_back("no operation that needs a licence worked");
    }
    return out;
}

}  // namespace presence
