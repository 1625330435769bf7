#include "presence/gather.hpp"

#include "presence/looks.hpp"
#include "presence/parties.hpp"
#include "presence/rank.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace presence {
namespace {

/// Cuts of the period by licences; beyond them a use is judged at its last call alone.
constexpr std::size_t most_moments = 200;
/// Personas of which records are cited.
constexpr std::size_t most_cited = 50;

/// Collects personas from several searches, each once.
class Gatherer {
public:
    Gatherer(Question& question, Source& source) : question_(question), source_(source) {}

    base::Result<Facts> run() {
        auto registry = source_.registry();
        if (!registry) return std::unexpected(registry.error());
        registry_ = *registry;
        facts_.registry_version = registry_->version();
        derive_from_texts();
        facts_.clues.resize(question_.clues.size());
        facts_.parties = parties_of(question_, *registry_, facts_.clues);
        derive_from_registry();
        for (auto step :
             {&Gatherer::whole, &Gatherer::clues, &Gatherer::customers, &Gatherer::compare,
              &Gatherer::name, &Gatherer::uses, &Gatherer::records}) {
            if (auto done = (this->*step)(); !done) return std::unexpected(done.error());
        }
        return std::move(facts_);
    }

private:
    void derive_from_texts() {
        const std::size_t given = question_.clues.size();
        for (std::size_t i = 0; i < given; ++i) {
            if (question_.clues[i].kind != Kind::text) continue;
            for (Clue& clue : clues_in(question_.clues[i].value, i)) add(std::move(clue));
        }
    }

    void derive_from_registry() {
        for (Clue& clue : registered_clues(question_, facts_.parties, *registry_))
            add(std::move(clue));
        facts_.clues.resize(question_.clues.size());
    }

    void add(Clue clue) {
        const bool known = std::ranges::any_of(question_.clues, [&](const Clue& each) {
            return each.kind == clue.kind && each.value == clue.value;
        });
        if (known) return;
        if (question_.clues.size() < most_clues) return question_.clues.push_back(std::move(clue));
        ++facts_.clues_left_off;
    }

    base::Result<void> whole() {
        auto tenants = source_.active_tenants();
        if (!tenants) return std::unexpected(tenants.error());
        facts_.active_tenants = *tenants;
        auto coverage = source_.coverage();
        if (!coverage) return std::unexpected(coverage.error());
        facts_.coverage = std::move(*coverage);
        auto position = source_.position();
        if (!position) return std::unexpected(position.error());
        facts_.data_position = std::move(*position);
        return {};
    }

    base::Result<void> clues() {
        for (std::size_t i = 0; i < question_.clues.size(); ++i) {
            const auto group = group_of(question_.clues[i].kind);
            if (!group) continue;
            auto done = *group == Group::credential ? key(i) : sightings(i);
            if (!done) return done;
        }
        return {};
    }

    base::Result<void> key(std::size_t i) {
        auto matches = source_.keys(question_.clues[i]);
        if (!matches) return std::unexpected(matches.error());
        facts_.issued_keys = std::max(facts_.issued_keys, matches->compared);
        facts_.clues[i].chance_hits =
            static_cast<double>(matches->compared) * matches->chance * question_.clues[i].spellings;
        std::vector<std::string> uids;
        for (std::size_t k = 0; k < matches->keys.size(); ++k) {
            NamedKey named = std::move(matches->keys[k]);
            if (const auto* leak = registry_->leak(named.key)) named.leaked = leak->first_seen;
            std::set<std::string> names(matches->credential_uids[k].begin(),
                                        matches->credential_uids[k].end());
            names.insert(named.key);
            for (const std::string& name : names) {
                uids.push_back(name);
                facts_.clues[i].keys.push_back(named);
                facts_.clues[i].keys.back().key = name;
            }
        }
        if (uids.empty()) return {};
        Search search{.by = Search::By::keys, .uids = std::move(uids)};
        auto traffic = source_.traffic(search);
        if (!traffic) return std::unexpected(traffic.error());
        for (auto& row : traffic->rows) place(std::move(row.persona));
        facts_.clues[i].tenants = traffic->tenants;
        return {};
    }

    base::Result<void> sightings(std::size_t i) {
        const auto looks = looks_of(question_.clues[i], *registry_, facts_.clues[i]);
        std::map<std::optional<Group>, Found> found;
        for (const Look& look : looks) {
            auto traffic = source_.traffic(look.search);
            if (!traffic) return std::unexpected(traffic.error());
            found[look.group].add(*traffic);
            see(i, look.group, *traffic);
            if (!traffic->whole) facts_.clues[i].more = true;
        }
        for (const auto& [group, each] : found) {
            if (group) facts_.clues[i].tenants_by_group[*group] = each.count();
            facts_.clues[i].tenants = std::max(facts_.clues[i].tenants, each.count());
        }
        return {};
    }

    /// Tenants that one or several searches found. One that two of them show is one; those whose
    /// rows were left out may be counted twice, which only makes evidence weaker.
    struct Found {
        std::set<std::string> tenants;
        std::uint64_t left_out = 0;

        void add(const Traffic& traffic) {
            std::set<std::string> its;
            for (const auto& row : traffic.rows) {
                if (!row.persona.tenant.empty()) its.insert(row.persona.tenant);
            }
            left_out += traffic.tenants - std::min<std::uint64_t>(traffic.tenants, its.size());
            tenants.merge(its);
        }
        [[nodiscard]] std::uint64_t count() const { return tenants.size() + left_out; }
    };

    /// A persona shows a clue once, however often it was looked for.
    void see(std::size_t clue, std::optional<Group> group, Traffic& traffic) {
        for (auto& row : traffic.rows) {
            const std::size_t persona = place(std::move(row.persona));
            if (!seen_.emplace(clue, group, persona).second) continue;
            facts_.sightings.push_back(
                {.clue = clue, .persona = persona, .exact = row.exact, .group = group});
        }
    }

    /// Of a clue that fits too many to look at each, those count that something else speaks of:
    /// each of them is looked for again.
    base::Result<void> compare() {
        if (auto done = pair(); !done) return done;
        for (std::size_t i = 0; i < facts_.clues.size(); ++i) {
            if (!facts_.clues[i].more) continue;
            std::set<std::string> keys = keys_beside(i);
            if (const auto shared = shared_.find(i); shared != shared_.end())
                keys.insert(shared->second.begin(), shared->second.end());
            if (keys.empty()) continue;
            for (Look& look : looks_of(question_.clues[i], *registry_, facts_.clues[i])) {
                look.search.within = {keys.begin(), keys.end()};
                auto traffic = source_.traffic(look.search);
                if (!traffic) return std::unexpected(traffic.error());
                see(i, look.group, *traffic);
            }
        }
        return {};
    }

    /// Two clues that each fit too many may fit few together: a common client from a large network.
    base::Result<void> pair() {
        for (std::size_t i = 0; i < facts_.clues.size(); ++i) {
            for (std::size_t j = i + 1; j < facts_.clues.size(); ++j) {
                const bool apart =
                    group_of(question_.clues[i].kind) != group_of(question_.clues[j].kind);
                if (!facts_.clues[i].more || !facts_.clues[j].more || !apart) continue;
                if (auto done = pair(i, j); !done) return done;
            }
        }
        return {};
    }

    base::Result<void> pair(std::size_t i, std::size_t j) {
        for (const Look& one : looks_of(question_.clues[i], *registry_, facts_.clues[i])) {
            for (const Look& other : looks_of(question_.clues[j], *registry_, facts_.clues[j])) {
                const auto keys = source_.keys_of_both(one.search, other.search);
                if (!keys) return std::unexpected(keys.error());
                shared_[i].insert(keys->begin(), keys->end());
                shared_[j].insert(keys->begin(), keys->end());
            }
        }
        return {};
    }

    /// Keys of personas that are there for another reason than this clue.
    std::set<std::string> keys_beside(std::size_t clue) const {
        std::vector<bool> only(facts_.personas.size(), false);
        for (const Sighting& sighting : facts_.sightings) {
            if (sighting.clue == clue) only[sighting.persona] = true;
        }
        for (const Sighting& sighting : facts_.sightings) {
            if (sighting.clue != clue) only[sighting.persona] = false;
        }
        std::set<std::string> keys;
        for (std::size_t i = 0; i < only.size(); ++i) {
            if (!only[i]) keys.insert(facts_.personas[i].key);
        }
        return keys;
    }

    base::Result<void> customers() {
        Search search{.by = Search::By::tenants};
        for (const NamedParty& party : facts_.parties) {
            search.uids.insert(search.uids.end(), party.tenants.begin(), party.tenants.end());
        }
        if (search.uids.empty()) return {};
        auto traffic = source_.traffic(search);
        if (!traffic) return std::unexpected(traffic.error());
        for (auto& row : traffic->rows) place(std::move(row.persona));
        return {};
    }

    /// Of whom the rest is told. What a key was used for takes long to add up, and matters only
    /// when it is held against somebody.
    base::Result<void> name() {
        for (Persona& persona : facts_.personas) mark(persona);
        for (const Candidate& candidate : rank(question_, facts_).named)
            named_.insert(named_.end(), candidate.personas.begin(), candidate.personas.end());
        return {};
    }

    base::Result<void> uses() {
        std::set<std::string> keys;
        for (const std::size_t persona : named_) keys.insert(facts_.personas[persona].key);
        if (keys.empty()) return {};
        auto uses = source_.uses({keys.begin(), keys.end()}, licence_moments());
        if (!uses) return std::unexpected(uses.error());
        for (Use& use : *uses) {
            judge(use);
            add_use(std::move(use));
        }
        for (NamedParty& party : facts_.parties) cover(party);
        return {};
    }

    /// A stretch that the licences judge like the one before it is one use with it.
    void add_use(Use use) {
        const auto about = [](const Use& each) {
            return std::tie(each.key, each.tenant, each.service, each.operation, each.known_then,
                            each.known_now, each.licence);
        };
        if (facts_.uses.empty() || about(facts_.uses.back()) != about(use)) {
            facts_.uses.push_back(std::move(use));
            return;
        }
        Use& last = facts_.uses.back();
        last.first = std::min(last.first, use.first);
        last.last = std::max(last.last, use.last);
        last.ok += use.ok;
    }

    base::Result<void> records() {
        if (facts_.personas.empty()) return {};
        const std::vector<std::size_t> places = cited();
        std::vector<Persona> personas;
        for (const std::size_t place : places) personas.push_back(facts_.personas[place]);
        auto records = source_.records(personas);
        if (!records) return std::unexpected(records.error());
        facts_.records = std::move(*records);
        for (CitedRecord& record : facts_.records) record.persona = places[record.persona];
        auto gone = source_.records_gone();
        if (!gone) return std::unexpected(gone.error());
        facts_.records_gone = *gone;
        return {};
    }

    /// Personas whose records are cited, by place: of whoever is named, and of others while there
    /// is room.
    std::vector<std::size_t> cited() const {
        std::vector<std::size_t> out = named_;
        for (std::size_t i = 0; i < facts_.personas.size(); ++i) {
            if (std::ranges::find(named_, i) == named_.end()) out.push_back(i);
        }
        out.resize(std::min(out.size(), most_cited));
        std::ranges::sort(out);
        return out;
    }

    /// When a licence begins or ends within the period: no use is of two states.
    std::vector<base::EventTime> licence_moments() const {
        std::set<base::EventTime> out;
        const auto add = [&](const std::optional<base::EventTime>& time) {
            if (time && *time > question_.from && *time < question_.to) out.insert(*time);
        };
        for (const registry::Licence& licence : registry_->rows().licences) {
            add(licence.valid_from);
            add(licence.valid_to);
            if (licence.valid_to) add(*licence.valid_to + licence.grace);
            add(licence.known_from);
        }
        std::vector<base::EventTime> moments(out.begin(), out.end());
        if (moments.size() > most_moments) moments.resize(most_moments);
        return moments;
    }

    /// The licence at the last call: by what was known then, and by what is known now.
    void judge(Use& use) const {
        registry::LicenceQuery query{.tenant = use.tenant,
                                     .service = use.service,
                                     .operation = use.operation,
                                     .region = {},
                                     .at = use.last};
        const auto now = registry_->licence(query);
        use.known_now = registry::name(now.state);
        if (now.licence) use.licence = now.licence->uid;
        query.known_at = use.last;
        use.known_then = registry::name(registry_->licence(query).state);
    }

    /// Operations that a licence of the party itself covers, whoever's key was used.
    void cover(NamedParty& party) const {
        std::set<std::string> covered;
        for (const Use& use : facts_.uses) {
            for (const registry::Licence& licence : registry_->rows().licences) {
                const bool its = licence.subject_kind == registry::Licence::Subject::party &&
                                 licence.subject == party.uid && !licence.known_to;
                const bool then = (!licence.valid_from || *licence.valid_from <= use.first) &&
                                  (!licence.valid_to || use.last < *licence.valid_to);
                const bool plain = licence.parameters.empty() && licence.regions.empty();
                const bool this_one =
                    std::ranges::any_of(licence.operations, [&](const std::string& glob) {
                        return registry::glob_matches(glob, use.operation);
                    });
                if (its && then && plain && this_one) covered.insert(use.operation);
            }
        }
        party.covered.assign(covered.begin(), covered.end());
    }

    std::size_t place(Persona persona) {
        const auto [at, added] = places_.emplace(
            std::tuple(persona.tenant, persona.key, persona.origin), facts_.personas.size());
        if (added) facts_.personas.push_back(std::move(persona));
        return at->second;
    }

    void mark(Persona& persona) const {
        if (const auto* leak = registry_->leak(persona.key)) {
            persona.leaked = leak->first_seen && *leak->first_seen <= persona.last;
        }
        const auto* key = registry_->key(persona.key);
        const auto address = call::parse_address(persona.address);
        if (!key || key->declared_origin.empty() || !address) return;
        persona.undeclared = std::ranges::none_of(
            key->declared_origin,
            [&](const call::Network& network) { return network.contains(*address); });
    }

    Question& question_;
    Source& source_;
    std::shared_ptr<const registry::Registry> registry_;
    Facts facts_;
    std::vector<std::size_t> named_;  // personas of the named
    std::map<std::tuple<std::string, std::string, std::string>, std::size_t> places_;
    std::map<std::size_t, std::set<std::string>> shared_;  // by clue: keys that another fits, too
    /// Clue, kind and persona of each sighting.
    std::set<std::tuple<std::size_t, std::optional<Group>, std::size_t>> seen_;
};

}  // namespace

base::Result<Facts> gather(Question& question, Source& source) {
    return Gatherer(question, source).run();
}

}  // namespace presence
