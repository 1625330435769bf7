#include "presence/parties.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace presence {
namespace {

constexpr std::uint32_t half_ppm = 500'000;
constexpr std::size_t shortest_resemblance = 4;  // "ab" is part of too many names

/// How a party is meant by a clue; empty when it is not.
std::string meant_by(const Clue& clue, const registry::Party& party) {
    const auto same_name = [&](const std::string& name) {
        return !name.empty() && name_key(name) == name_key(clue.value);
    };
    switch (clue.kind) {
        case Kind::party:
            if (party.uid == clue.value) return "uid";
            if (same_name(party.name)) return "name";
            if (std::ranges::any_of(party.aliases, same_name)) return "alias";
            return {};
        case Kind::domain:
            for (const std::string& domain : party.domains) {
                if (clue.value == domain || clue.value.ends_with("." + domain)) return "domain";
            }
            return {};
        case Kind::address:
        case Kind::cidr: {
            const auto asked = network_of(clue);
            for (const call::Network& network : party.networks) {
                if (asked && asked->prefix >= network.prefix && network.contains(asked->start)) {
                    return "network";
                }
            }
            return {};
        }
        default:
            return {};
    }
}

/// "Orchard" asked, "Orchard Analytics" registered: worth a look, no match.
bool resembles(const Clue& clue, const registry::Party& party) {
    if (clue.kind != Kind::party) return false;
    const std::string asked = name_key(clue.value);
    const std::string has = name_key(party.name);
    if (asked.size() < shortest_resemblance || has.size() < shortest_resemblance) return false;
    return has.find(asked) != std::string::npos || asked.find(has) != std::string::npos;
}

bool overlaps(const registry::Owner& owner, const Question& question) {
    return (!owner.valid_from || *owner.valid_from < question.to) &&
           (!owner.valid_to || *owner.valid_to > question.from) &&
           (!owner.known_to || (question.as_of && *question.as_of < *owner.known_to)) &&
           (!owner.known_from || !question.as_of || *owner.known_from <= *question.as_of);
}

std::string percent_of(std::uint32_t ppm) {
    return std::to_string(ppm / 10'000) + " %";
}

}  // namespace

std::vector<NamedParty> parties_of(const Question& question, const registry::Registry& registry,
                                   std::vector<ClueFacts>& facts) {
    std::map<std::string, std::string> by;
    for (std::size_t i = 0; i < question.clues.size(); ++i) {
        for (const registry::Party& party : registry.rows().parties) {
            const std::string meant = meant_by(question.clues[i], party);
            if (!meant.empty()) {
                by.emplace(party.uid, meant);
            } else if (resembles(question.clues[i], party) && facts[i].near_miss.empty()) {
                facts[i].near_miss = "party " + party.uid + " is called " + party.name +
                                     ": another name, so no match";
            }
        }
    }
    // What a party owns by more than half acts for it; and so on down.
    for (bool grown = true; grown;) {
        grown = false;
        for (const registry::Owner& owner : registry.rows().owners) {
            if (!by.contains(owner.owner) || by.contains(owner.party)) continue;
            if (!owner.share_ppm || *owner.share_ppm <= half_ppm || !overlaps(owner, question)) {
                continue;
            }
            by.emplace(owner.party,
                       "owned by " + owner.owner + " (" + percent_of(*owner.share_ppm) + ")");
            grown = true;
        }
    }
    std::vector<NamedParty> out;
    for (const auto& [uid, meant] : by) {
        NamedParty named{.uid = uid, .name = {}, .by = meant, .tenants = {}, .covered = {}};
        if (const auto* party = registry.party(uid)) named.name = party->name;
        for (const registry::Tenant& tenant : registry.rows().tenants) {
            if (tenant.party == uid) named.tenants.push_back(tenant.uid);
        }
        std::ranges::sort(named.tenants);
        out.push_back(std::move(named));
    }
    return out;
}

std::vector<Clue> registered_clues(const Question& question, const std::vector<NamedParty>& parties,
                                   const registry::Registry& registry) {
    std::vector<Clue> out;
    std::set<std::string> names;
    for (const Clue& clue : question.clues) {
        if (clue.kind == Kind::party) names.insert(name_key(clue.value));
    }
    for (const NamedParty& named : parties) {
        names.insert(name_key(named.name));
        const auto* party = registry.party(named.uid);
        if (!party) continue;
        for (const call::Network& network : party->networks) {
            auto clue = make_clue(Kind::cidr, call::to_text(network));
            if (!clue) continue;
            clue->note = "network registered to party " + named.uid;
            out.push_back(std::move(*clue));
        }
    }
    for (const registry::Claim& claim : registry.rows().claims) {
        const bool about =
            std::ranges::any_of(parties,
                                [&](const auto& each) { return each.uid == claim.party; }) ||
            (!claim.name.empty() && names.contains(name_key(claim.name)));
        if (!about) continue;
        for (const std::string& text : claim.clues) {
            const auto colon = text.find(':');
            const auto kind = kind_of(text.substr(0, colon));
            if (colon == std::string::npos || !kind) continue;
            auto clue = make_clue(*kind, text.substr(colon + 1));
            if (!clue) continue;
            clue->note = "clue of claim " + claim.uid;
            out.push_back(std::move(*clue));
        }
    }
    return out;
}

}  // namespace presence
