#include "presence/weigh.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace presence {
namespace {

/// What a group may say at most, in the order of Group (attribution.md 1.4). The registry's 9 is a
/// customer record, which decides by itself.
constexpr std::array<double, groups> cap = {4.5, 6.0, 5.0, 6.0, 9.0};
constexpr double echo = 0.3;    // of each further clue of one group
constexpr double recall = 0.9;  // a clue about the party shows in its calls
// Coherence (attribution.md 1.2): from so many strangers on, a network says little unless those who
// call from it have more in common. A count alone took ten teams of one firm for a crossroads, and
// a block of a cloud with five tenants in it for somebody's own.
constexpr double few_strangers = 3;
constexpr double incoherent = 0.2;
constexpr double incoherent_nats = 0.5;
constexpr double hardly_coherent = 0.4;
constexpr double hardly_coherent_nats = 1.4;
constexpr double coherence_prior = 0.35;  // of Beta(0.35, 0.35)
// Calls from the same /24 as the address, never seen from the address: a neighbour is no witness.
constexpr double near_nats = 1.0;
constexpr double leaked_nats = 1.0;  // a public key may be in anybody's hands
constexpr double other_network = -0.9;
constexpr double other_client = -1.2;
// A key in X's code is X's or a stranger's who let X see it: one in a hundred.
constexpr double key_by_chance = 0.01;

/// Pseudo-counts of tenants that show a value, and of tenants: what is believed of a kind of value
/// before anybody was counted. A single address is shared by one tenant in 2,500, an AS by one in a
/// hundred. Without them a deployment of ten tenants could never tell, or would always.
struct Belief {
    double shows;
    double of;
};
Belief belief_of(Kind kind) {
    switch (kind) {
        case Kind::address:
            return {.shows = 0.02, .of = 50};
        case Kind::cidr:
        case Kind::resource:
            return {.shows = 0.05, .of = 50};
        case Kind::user_agent:
        case Kind::sdk:
            return {.shows = 0.1, .of = 50};
        default:
            return {.shows = 0.5, .of = 50};
    }
}

/// The group in which a sighting in traffic speaks: a party's name is seen there as the holder of a
/// network.
Group group_in_traffic(const Sighting& sighting, const Clue& clue) {
    const Group group = sighting.group.value_or(group_of(clue.kind).value_or(Group::client));
    return group == Group::registry ? Group::egress : group;
}

/// Tenants that show the clue in the way that speaks in the group.
std::uint64_t tenants_in(const ClueFacts& facts, Group group) {
    const auto found = facts.tenants_by_group.find(group);
    return found == facts.tenants_by_group.end() ? facts.tenants : found->second;
}

/// What a network says at most, by who else calls from it.
double nats_of_network(double nats, double friends, double strangers) {
    if (strangers < few_strangers) return nats;
    const double coherence =
        (friends + coherence_prior) / (friends + strangers + 2 * coherence_prior);
    if (coherence < incoherent) return std::min(nats, incoherent_nats);
    if (coherence < hardly_coherent) return std::min(nats, hardly_coherent_nats);
    return nats;
}

/// `friends`: other tenants that show the value and something else of what is asked for; they are
/// the party, too, rather than a coincidence.
double nats_of_value(const Sighting& sighting, const Clue& clue, const ClueFacts& facts,
                     std::uint64_t active, double friends) {
    if (facts.stock) return 0;
    const Belief belief = belief_of(clue.kind);
    const Group group = group_in_traffic(sighting, clue);
    const std::uint64_t tenants = tenants_in(facts, group);
    // The candidate's own tenant is no coincidence either.
    const double others = tenants > 0 ? static_cast<double>(tenants) - 1 : 0;
    const double strangers = std::max(0.0, others - friends);
    const double by_chance =
        (strangers + belief.shows) / (static_cast<double>(std::max(active, tenants)) + belief.of);
    const double nats = std::max(0.0, std::log(recall / by_chance));
    if (group != Group::egress) return nats;
    const double said = nats_of_network(nats, friends, strangers);
    return sighting.exact ? said : std::min(said, near_nats);
}

double nats_of_key(const ClueFacts& facts, const NamedKey& key, const Persona& persona) {
    const double ours = key.characters == 0 ? 1 : 1 / (1 + facts.chance_hits);
    const double nats = std::log(recall * ours / key_by_chance + (1 - ours));
    const bool leaked = key.leaked && *key.leaked <= persona.last;
    return std::max(0.0, leaked ? std::min(nats, leaked_nats) : nats);
}

struct Said {
    std::size_t clue;
    double nats;
};

/// What one persona shows, by group.
struct Shown {
    std::array<std::vector<Said>, groups> by_group;
};

class Weigher {
public:
    Weigher(const Question& question, const Facts& facts) : question_(question), facts_(facts) {
        for (const NamedParty& party : facts.parties) {
            customers_.insert(party.tenants.begin(), party.tenants.end());
        }
        for (std::size_t i = 0; i < question.clues.size(); ++i) {
            const Clue& clue = question.clues[i];
            const auto group = group_of(clue.kind);
            // A name does not say from which networks its party calls.
            if (!group || *group == Group::registry || facts.clues[i].stock) continue;
            asked_[static_cast<std::size_t>(*group)] = true;
        }
        prior_ =
            std::clamp(0.5 / static_cast<double>(std::max<std::uint64_t>(facts.active_tenants, 1)),
                       2.5e-4, 0.01);
        prior_ = std::log(prior_ / (1 - prior_));
    }

    std::vector<Candidate> candidates() const {
        std::vector<Shown> shown(facts_.personas.size());
        note_sightings(shown);
        note_keys(shown);
        // Calls that name no tenant are told apart by their key.
        std::map<std::pair<std::string, std::string>,
                 std::vector<std::pair<Candidate, std::size_t>>>
            by_tenant;
        for (std::size_t i = 0; i < facts_.personas.size(); ++i) {
            if (auto candidate = of_persona(i, shown[i])) {
                const Persona& persona = facts_.personas[i];
                by_tenant[{persona.tenant, persona.tenant.empty() ? persona.key : ""}].emplace_back(
                    std::move(*candidate), i);
            }
        }
        std::vector<Candidate> out;
        for (auto& [who, personas] : by_tenant) out.push_back(merged(personas));
        std::ranges::sort(out, [](const Candidate& a, const Candidate& b) {
            return std::tuple(-a.score, a.personas.front()) <
                   std::tuple(-b.score, b.personas.front());
        });
        return out;
    }

private:
    void note_sightings(std::vector<Shown>& shown) const {
        const Friends friends = friends_by_network();
        for (const Sighting& sighting : facts_.sightings) {
            const Clue& clue = question_.clues[sighting.clue];
            const Group group = group_in_traffic(sighting, clue);
            const double nats =
                nats_of_value(sighting, clue, facts_.clues[sighting.clue], facts_.active_tenants,
                              group == Group::egress ? friends_of(sighting, friends) : 0);
            shown[sighting.persona].by_group[static_cast<std::size_t>(group)].push_back(
                {sighting.clue, nats});
        }
    }

    /// By clue about a network: the tenants that show it and software or a resource that tells.
    using Friends = std::map<std::size_t, std::set<std::string>>;
    Friends friends_by_network() const {
        std::set<std::string> telling;
        for (const Sighting& sighting : facts_.sightings) {
            const Clue& clue = question_.clues[sighting.clue];
            if (group_in_traffic(sighting, clue) == Group::egress) continue;
            const double nats = nats_of_value(sighting, clue, facts_.clues[sighting.clue],
                                              facts_.active_tenants, 0);
            if (nats >= witness) telling.insert(facts_.personas[sighting.persona].tenant);
        }
        Friends out;
        for (const Sighting& sighting : facts_.sightings) {
            const std::string& tenant = facts_.personas[sighting.persona].tenant;
            const Group group = group_in_traffic(sighting, question_.clues[sighting.clue]);
            if (group == Group::egress && telling.contains(tenant))
                out[sighting.clue].insert(tenant);
        }
        return out;
    }

    double friends_of(const Sighting& sighting, const Friends& friends) const {
        const auto found = friends.find(sighting.clue);
        if (found == friends.end()) return 0;
        const bool itself = found->second.contains(facts_.personas[sighting.persona].tenant);
        return static_cast<double>(found->second.size() - (itself ? 1 : 0));
    }

    void note_keys(std::vector<Shown>& shown) const {
        for (std::size_t clue = 0; clue < facts_.clues.size(); ++clue) {
            for (const NamedKey& key : facts_.clues[clue].keys) {
                for (std::size_t i = 0; i < facts_.personas.size(); ++i) {
                    const Persona& persona = facts_.personas[i];
                    if (persona.key != key.key) continue;
                    shown[i].by_group[static_cast<std::size_t>(Group::credential)].push_back(
                        {clue, nats_of_key(facts_.clues[clue], key, persona)});
                }
            }
        }
    }

    std::optional<Candidate> of_persona(std::size_t index, Shown& shown) const {
        const Persona& persona = facts_.personas[index];
        Candidate out;
        out.tenant = persona.tenant;
        out.prior = prior_;
        out.ok = persona.ok;
        // A thief of the customer's key is not the customer.
        out.customer_record =
            customers_.contains(persona.tenant) && !(persona.leaked && persona.undeclared);
        if (out.customer_record) {
            out.contributions.push_back({.group = Group::registry,
                                         .nats = cap[static_cast<std::size_t>(Group::registry)],
                                         .clues = clues_of(Group::registry),
                                         .tenants = customers_.size(),
                                         .text = "the registry has the tenant as the party's own"});
        }
        for (std::size_t g = 0; g < groups; ++g) add_group(out, static_cast<Group>(g), shown);
        if (std::ranges::none_of(out.contributions,
                                 [](const Contribution& each) { return each.nats > 0; })) {
            return std::nullopt;
        }
        judge(out);
        note_against(out, persona);
        return out;
    }

    void add_group(Candidate& out, Group group, Shown& shown) const {
        auto& said = shown.by_group[static_cast<std::size_t>(group)];
        std::ranges::sort(said, [](const Said& a, const Said& b) {
            return std::pair(-a.nats, a.clue) < std::pair(-b.nats, b.clue);
        });
        if (said.empty()) {
            // Nothing against a customer record: a customer may call from anywhere.
            const double nats = out.customer_record || !asked_[static_cast<std::size_t>(group)] ? 0
                                : group == Group::egress ? other_network
                                : group == Group::client ? other_client
                                                         : 0;
            if (nats == 0) return;
            out.contributions.push_back({.group = group,
                                         .nats = nats,
                                         .clues = {},
                                         .tenants = 0,
                                         .text = group == Group::egress
                                                     ? "it calls from other networks"
                                                     : "it calls with other software"});
            return;
        }
        Contribution sum{.group = group, .nats = 0, .clues = {}, .tenants = 0, .text = {}};
        for (const Said& each : said) {
            sum.nats += sum.clues.empty() ? each.nats : echo * each.nats;
            sum.clues.push_back(each.clue);
        }
        sum.nats = std::min(sum.nats, cap[static_cast<std::size_t>(group)]);
        sum.tenants = tenants_in(facts_.clues[said.front().clue], group);
        sum.text = text_of(group, said.front().clue);
        out.contributions.push_back(std::move(sum));
    }

    std::string text_of(Group group, std::size_t clue) const {
        const ClueFacts& facts = facts_.clues[clue];
        if (group == Group::credential) {
            return facts.chance_hits > 0 ? "its key is one that the fragment fits"
                                         : "its key is the one that was shown";
        }
        if (facts.stock) return "a client that everybody has";
        return std::to_string(tenants_in(facts, group)) + " of " +
               std::to_string(facts_.active_tenants) + " active tenants show it";
    }

    /// Score and posterior out of the contributions that are left when `without` is struck out.
    static double score_of(const Candidate& candidate, std::size_t without, bool& two) {
        double score = candidate.prior;
        int witnesses = 0;
        bool customer = false;
        bool evidence = false;
        for (std::size_t i = 0; i < candidate.contributions.size(); ++i) {
            if (i == without) continue;
            const Contribution& each = candidate.contributions[i];
            score += each.nats;
            witnesses += each.nats >= witness;
            evidence = evidence || each.nats > 0;
            customer = customer || each.group == Group::registry;
        }
        two = witnesses >= 2;
        if (!evidence) return candidate.prior;
        // A customer record is a fact we were told, not a coincidence that was weighed.
        if (customer) return std::max(score, 4.6);
        return two ? score : std::min(score, alone_at_most);
    }

    static void judge(Candidate& candidate) {
        constexpr auto none = static_cast<std::size_t>(-1);
        candidate.score = score_of(candidate, none, candidate.two_witnesses);
        candidate.posterior = probability(candidate.score);
        for (std::size_t i = 0; i < candidate.contributions.size(); ++i) {
            bool two = false;
            candidate.without.push_back(probability(score_of(candidate, i, two)));
        }
    }

    void note_against(Candidate& candidate, const Persona& persona) const {
        if (persona.leaked) candidate.against.emplace_back("the key was public before these calls");
        if (persona.ok == 0) candidate.against.emplace_back("no call worked");
        for (const Contribution& each : candidate.contributions) {
            if (each.nats < 0) candidate.against.push_back(each.text);
        }
        if (!candidate.customer_record && !candidate.two_witnesses) {
            candidate.against.emplace_back("one kind of evidence only");
        }
    }

    std::vector<std::size_t> clues_of(Group group) const {
        std::vector<std::size_t> out;
        for (std::size_t i = 0; i < question_.clues.size(); ++i) {
            if (group_of(question_.clues[i].kind) == group) out.push_back(i);
        }
        return out;
    }

    /// The strongest persona speaks for the tenant; personas are not added up, since those of one
    /// key are not independent of each other.
    static Candidate merged(std::vector<std::pair<Candidate, std::size_t>>& personas) {
        std::ranges::sort(personas, [](const auto& a, const auto& b) {
            return std::tuple(a.first.ok == 0, -a.first.score, a.second) <
                   std::tuple(b.first.ok == 0, -b.first.score, b.second);
        });
        Candidate out = std::move(personas.front().first);
        out.personas.push_back(personas.front().second);
        for (std::size_t i = 1; i < personas.size(); ++i) {
            if (personas[i].first.posterior < 0.5) continue;
            out.personas.push_back(personas[i].second);
            out.ok += personas[i].first.ok;
        }
        return out;
    }

    const Question& question_;
    const Facts& facts_;
    std::set<std::string> customers_;
    std::array<bool, groups> asked_{};
    double prior_ = 0;
};

}  // namespace

double probability(double nats) noexcept {
    return 1 / (1 + std::exp(-nats));
}

bool about_a_key(const Question& question) noexcept {
    return std::ranges::all_of(
        question.clues, [](const Clue& clue) { return group_of(clue.kind) == Group::credential; });
}

std::vector<Candidate> weigh(const Question& question, const Facts& facts) {
    return Weigher(question, facts).candidates();
}

}  // namespace presence
