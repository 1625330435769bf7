#include "enrich/enricher.hpp"

#include "base/assert.hpp"
#include "call/memo.hpp"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace enrich {
namespace {

using call::Field;
using call::Joined;
using call::Memo;
using call::Slot;
using call::Texts;
using call::Value;

constexpr std::array network_facts = {Field::src_asn, Field::src_as_name, Field::src_country,
                                      Field::src_kind, Field::src_network};
constexpr std::array tenant_facts = {
    Field::tenant_name,     Field::tenant_tier,    Field::tenant_status, Field::tenant_created,
    Field::tenant_age_days, Field::tenant_country, Field::tenant_party,  Field::party_uid,
    Field::party_name,      Field::party_class,    Field::party_country};
constexpr std::array key_facts = {Field::key_status, Field::key_age_days,
                                  Field::key_tenant, Field::key_origin,
                                  Field::key_leaked, Field::key_hours_since_leak};
constexpr std::array licence_facts = {Field::licence_state, Field::licence_uid,
                                      Field::licence_use_case, Field::licence_ended};

template <std::size_t N>
bool any_wanted(const call::Names& names, const std::array<Field, N>& fields) noexcept {
    return std::ranges::any_of(fields,
                               [&](Field field) { return names.slot(field) != call::no_slot; });
}

/// A wanted slot and what goes there: the facts that do not depend on the time of the call.
/// Few enough to stand beside the entry: one cache miss less for each call.
using Fixed = boost::container::small_vector<std::pair<Slot, Value>, 4>;

void put(std::span<Value> row, Slot slot, Value value) noexcept {
    if (slot != call::no_slot && row[slot].absent()) row[slot] = value;
}

void put(std::span<Value> row, const Fixed& facts) noexcept {
    for (const auto& [slot, value] : facts) {
        if (row[slot].absent()) row[slot] = value;
    }
}

/// Whole units of time from one moment to another that is not before it.
template <class Unit>
Value whole(base::EventTime from, base::EventTime to) noexcept {
    return Value::of(std::int64_t{std::chrono::floor<Unit>(to - from).count()});
}

struct NetworkEntry {
    std::optional<call::Address> address;
    Fixed facts;
};

struct TenantEntry {
    const registry::Tenant* row = nullptr;
    Fixed facts;
};

struct KeyEntry {
    const registry::Key* row = nullptr;
    const registry::Leak* leak = nullptr;
    std::string_view leaked_at;
    Fixed facts;
};

/// Most operations need no licence: these are told apart before anybody asks who called.
struct GateEntry {
    bool gated = false;
    Fixed facts;
};

/// A licence answer holds for a span of call times.
struct LicenceEntry {
    base::EventTime from = base::EventTime::max();
    base::EventTime until = base::EventTime::min();
    Fixed facts;
};

}  // namespace

struct Enricher::State {
    State(Snapshot given, std::shared_ptr<const call::Names> wanted, Options chosen)
        : snapshot(std::move(given)),
          names(std::move(wanted)),
          options(chosen),
          networks(options.seed),
          tenants(options.seed),
          keys(options.seed),
          declared(options.seed),
          gates(options.seed),
          licences(options.seed) {
        BASE_ASSERT(options.max_remembered >= 16 && options.max_remembered <= 10'000'000);
        const bool told = snapshot.registry != nullptr;
        wants_networks = any_wanted(*names, network_facts);
        wants_tenants = told && any_wanted(*names, tenant_facts);
        wants_keys = told && any_wanted(*names, key_facts);
        wants_licences =
            told && !snapshot.registry->no_gates() && any_wanted(*names, licence_facts);
    }

    [[nodiscard]] Slot slot(Field field) const noexcept { return names->slot(field); }

    void fix(Fixed& facts, Field field, Value value) const {
        if (const Slot at = slot(field); at != call::no_slot) facts.emplace_back(at, value);
    }
    /// An empty text is not known, and stays absent.
    void fix(Fixed& facts, Field field, std::string_view text) const {
        if (!text.empty()) fix(facts, field, Value::of(text));
    }
    std::string_view keep(std::string text) { return texts->emplace_back(std::move(text)); }

    NetworkEntry& network(std::string_view ip);
    TenantEntry& tenant(std::string_view uid);
    KeyEntry& key(std::string_view uid);
    Value declared_origin(const registry::Key& key, std::string_view ip);
    const Fixed& licence(const registry::LicenceQuery& query);
    GateEntry& gate(const registry::LicenceQuery& query);

    void apply(call::Batch::Row row);
    void apply_key(call::Batch::Row row, const KeyEntry& entry, std::string_view ip);
    void make_room();

    Snapshot snapshot;
    std::shared_ptr<const call::Names> names;
    Options options;
    bool wants_networks = false;
    bool wants_tenants = false;
    bool wants_keys = false;
    bool wants_licences = false;
    std::shared_ptr<Texts> texts = std::make_shared<Texts>();
    Memo<NetworkEntry> networks;
    Memo<TenantEntry> tenants;
    Memo<KeyEntry> keys;
    Memo<Value> declared;  // by key and address
    Memo<GateEntry> gates;
    Memo<LicenceEntry> licences;
};

NetworkEntry& Enricher::State::network(std::string_view ip) {
    if (auto* found = networks.find(ip)) return *found;
    NetworkEntry& entry = networks.add(ip);
    const auto parsed = call::parse_address(ip);
    if (!parsed) return entry;
    const call::Address address = call::unmapped(*parsed);
    entry.address = address;
    NetworkFacts facts;
    for (const auto& table : snapshot.tables) table->look_up(address, facts);
    if (facts.asn) fix(entry.facts, Field::src_asn, Value::of(std::int64_t{*facts.asn}));
    fix(entry.facts, Field::src_as_name, facts.as_name);
    fix(entry.facts, Field::src_country, facts.country);
    fix(entry.facts, Field::src_kind, facts.kind);
    if (slot(Field::src_network) != call::no_slot) {
        const auto around = call::network_of(address, address.v6 ? 48 : 24);
        fix(entry.facts, Field::src_network, keep(call::to_text(around)));
    }
    return entry;
}

TenantEntry& Enricher::State::tenant(std::string_view uid) {
    if (auto* found = tenants.find(uid)) return *found;
    TenantEntry& entry = tenants.add(uid);
    entry.row = snapshot.registry->tenant(uid);
    if (entry.row == nullptr) return entry;
    const registry::Tenant& row = *entry.row;
    fix(entry.facts, Field::tenant_name, row.name);
    fix(entry.facts, Field::tenant_tier, row.tier);
    fix(entry.facts, Field::tenant_status, row.status);
    fix(entry.facts, Field::tenant_country, row.country);
    fix(entry.facts, Field::tenant_party, row.party);
    if (row.created && slot(Field::tenant_created) != call::no_slot)
        fix(entry.facts, Field::tenant_created, keep(base::to_rfc3339(*row.created)));
    fix(entry.facts, Field::party_uid, row.party);
    if (const registry::Party* party = snapshot.registry->party(row.party)) {
        fix(entry.facts, Field::party_name, party->name);
        fix(entry.facts, Field::party_class, party->party_class);
        fix(entry.facts, Field::party_country, party->country);
    }
    return entry;
}

KeyEntry& Enricher::State::key(std::string_view uid) {
    if (auto* found = keys.find(uid)) return *found;
    KeyEntry& entry = keys.add(uid);
    entry.row = snapshot.registry->key(uid);
    entry.leak = snapshot.registry->leak(uid);
    if (entry.leak != nullptr) entry.leaked_at = keep(base::to_rfc3339(*entry.leak->first_seen));
    if (entry.row == nullptr) return entry;
    fix(entry.facts, Field::key_tenant, entry.row->tenant);
    return entry;
}

/// The declared network that the call comes from, `outside` when it comes from none of them.
Value Enricher::State::declared_origin(const registry::Key& key, std::string_view ip) {
    const NetworkEntry& from = network(ip);
    if (key.declared_origin.empty() || !from.address) return {};
    const Joined about{key.uid, ip};
    if (const Value* found = declared.find(about.text())) return *found;
    const auto inside = std::ranges::find_if(
        key.declared_origin,
        [&](const call::Network& network) { return network.contains(*from.address); });
    const bool outside = inside == key.declared_origin.end();
    return declared.add(about.text()) =
               Value::of(outside ? std::string_view("outside") : keep(call::to_text(*inside)));
}

GateEntry& Enricher::State::gate(const registry::LicenceQuery& query) {
    const Joined about{query.service, query.operation};
    if (auto* found = gates.find(about.text())) return *found;
    GateEntry& entry = gates.add(about.text());
    const auto state = snapshot.registry->licence(query).state;
    entry.gated = state != registry::LicenceState::not_gated;
    if (!entry.gated) fix(entry.facts, Field::licence_state, registry::name(state));
    return entry;
}

const Fixed& Enricher::State::licence(const registry::LicenceQuery& query) {
    if (const GateEntry& asked = gate(query); !asked.gated) return asked.facts;
    const Joined about{query.tenant, query.service, query.operation, query.region};
    LicenceEntry* entry = licences.find(about.text());
    if (entry == nullptr) entry = &licences.add(about.text());
    if (query.at >= entry->from && query.at < entry->until) return entry->facts;
    const registry::LicenceAnswer answer = snapshot.registry->licence(query);
    entry->from = answer.from;
    entry->until = answer.until;
    entry->facts.clear();
    fix(entry->facts, Field::licence_state, registry::name(answer.state));
    if (answer.licence != nullptr) {
        fix(entry->facts, Field::licence_uid, answer.licence->uid);
        fix(entry->facts, Field::licence_use_case, answer.licence->use_case);
    }
    if (answer.ended && slot(Field::licence_ended) != call::no_slot)
        fix(entry->facts, Field::licence_ended, keep(base::to_rfc3339(*answer.ended)));
    return entry->facts;
}

void Enricher::State::apply_key(call::Batch::Row row, const KeyEntry& entry, std::string_view ip) {
    put(row.values, entry.facts);
    const base::EventTime at = row.header.time;
    if (entry.row == nullptr) {
        if (!snapshot.registry->no_keys())
            put(row.values, slot(Field::key_status), Value::of(std::string_view("unknown")));
    } else {
        const auto& revoked = entry.row->revoked;
        const bool dead = revoked ? at >= *revoked : entry.row->status == "revoked";
        put(row.values, slot(Field::key_status),
            Value::of(dead ? std::string_view("revoked") : std::string_view("active")));
        if (slot(Field::key_origin) != call::no_slot && !ip.empty())
            put(row.values, slot(Field::key_origin), declared_origin(*entry.row, ip));
        const auto& created = entry.row->created;
        if (created && at >= *created) {
            put(row.values, slot(Field::key_age_days), whole<std::chrono::days>(*created, at));
        }
    }
    if (entry.leak != nullptr && at >= *entry.leak->first_seen) {
        put(row.values, slot(Field::key_leaked), Value::of(entry.leaked_at));
        put(row.values, slot(Field::key_hours_since_leak),
            whole<std::chrono::hours>(*entry.leak->first_seen, at));
    }
}

void Enricher::State::apply(call::Batch::Row row) {
    const auto text = [&](Field field) {
        const Slot at = slot(field);
        return at == call::no_slot ? std::string_view{} : row.values[at].text_or_empty();
    };
    const std::string_view ip = text(Field::src_ip);
    if (wants_networks && !ip.empty()) put(row.values, network(ip).facts);
    if (!wants_tenants && !wants_keys && !wants_licences) return;

    const std::string_view key_uid = text(Field::key_uid);
    std::string_view tenant_uid = text(Field::tenant_uid);
    if (!key_uid.empty() && (wants_keys || tenant_uid.empty())) {
        const KeyEntry& entry = key(key_uid);
        if (wants_keys) apply_key(row, entry, ip);
        if (tenant_uid.empty() && entry.row != nullptr) tenant_uid = entry.row->tenant;
    }
    if (wants_tenants && !tenant_uid.empty()) {
        const TenantEntry& entry = tenant(tenant_uid);
        put(row.values, entry.facts);
        if (entry.row != nullptr && entry.row->created && row.header.time >= *entry.row->created) {
            put(row.values, slot(Field::tenant_age_days),
                whole<std::chrono::days>(*entry.row->created, row.header.time));
        }
    }
    if (wants_licences) {
        put(row.values, licence({.tenant = tenant_uid,
                                 .service = text(Field::service),
                                 .operation = text(Field::operation),
                                 .region = text(Field::cloud_region),
                                 .at = row.header.time,
                                 .known_at = options.known_at}));
    }
}

/// Forgets everything once any memory is full. Batches keep the texts they were given.
void Enricher::State::make_room() {
    const std::size_t most =
        std::max({networks.size(), tenants.size(), keys.size(), declared.size(), gates.size(),
                  licences.size(), texts->size() / 4});
    if (most < options.max_remembered) return;
    networks.clear();
    tenants.clear();
    keys.clear();
    declared.clear();
    gates.clear();
    licences.clear();
    texts = std::make_shared<Texts>();
}

Enricher::Enricher(Snapshot snapshot, std::shared_ptr<const call::Names> names, Options options)
    : state_(std::make_unique<State>(std::move(snapshot), std::move(names), options)) {}
Enricher::Enricher(Snapshot snapshot, std::shared_ptr<const call::Names> names)
    : Enricher(std::move(snapshot), std::move(names), Options{}) {}
Enricher::~Enricher() = default;
Enricher::Enricher(Enricher&& other) noexcept = default;
Enricher& Enricher::operator=(Enricher&& other) noexcept = default;

void Enricher::want(call::Names& names) {
    const bool about_tenant = any_wanted(names, tenant_facts);
    const bool about_licence = any_wanted(names, licence_facts);
    const bool about_origin = names.slot(Field::key_origin) != call::no_slot;
    if (about_origin || any_wanted(names, network_facts)) names.add(Field::src_ip);
    if (about_tenant || about_licence) names.add(Field::tenant_uid);
    if (about_tenant || about_licence || any_wanted(names, key_facts)) names.add(Field::key_uid);
    if (about_licence) {
        names.add(Field::service);
        names.add(Field::operation);
        names.add(Field::cloud_region);
    }
}

void Enricher::apply(call::Batch& batch) {
    if (batch.size() == 0) return;
    batch.keep(state_->snapshot.registry);
    for (const auto& table : state_->snapshot.tables) batch.keep(table);
    batch.keep(state_->texts);
    for (std::size_t i = 0; i < batch.size(); ++i) state_->apply(batch.row(i));
    state_->make_room();
}

}  // namespace enrich
