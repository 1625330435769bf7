#include "enrich/enricher.hpp"

#include "base/assert.hpp"
#include "enrich/licences.hpp"
#include "enrich/networks.hpp"
#include "enrich/subjects.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <optional>
#include <span>
#include <utility>

namespace enrich {
namespace {

using call::Field;
using call::Slot;
using call::Value;

constexpr std::array network_facts = {Field::src_asn, Field::src_as_name, Field::src_country,
                                      Field::src_kind, Field::src_network};
constexpr std::array tenant_facts = {
    Field::tenant_name,     Field::tenant_tier,    Field::tenant_status, Field::tenant_created,
    Field::tenant_age_days, Field::tenant_country, Field::tenant_party,  Field::party_uid,
    Field::party_name,      Field::party_class,    Field::party_country};
/// Those of them for which a row must be read.
constexpr std::array tenant_row_facts = {
    Field::tenant_name, Field::tenant_status, Field::tenant_created, Field::tenant_country,
    Field::party_name,  Field::party_class,   Field::party_country};
constexpr std::array key_facts = {Field::key_status, Field::key_age_days,
                                  Field::key_tenant, Field::key_origin,
                                  Field::key_leaked, Field::key_hours_since_leak};
constexpr std::array licence_row_facts = {Field::licence_uid, Field::licence_use_case};
constexpr std::array licence_facts = {Field::licence_state, Field::licence_uid,
                                      Field::licence_use_case, Field::licence_ended};

template <std::size_t N>
bool any_wanted(const call::Names& names, const std::array<Field, N>& fields) noexcept {
    return std::ranges::any_of(fields,
                               [&](Field field) { return names.slot(field) != call::no_slot; });
}

/// Calls whose places in the tables are fetched together: memory answers while others are read.
constexpr std::size_t group_size = 16;

/// Whole units of time from one moment to another that is not before it.
template <class Unit>
Value whole(base::EventTime from, base::EventTime to) noexcept {
    return Value::of(std::int64_t{std::chrono::floor<Unit>(to - from).count()});
}

}  // namespace

struct Enricher::State {
    /// A call between the two passes over a group.
    struct Seen {
        std::optional<call::Address> address;
        std::string_view key;
        std::string_view tenant;
        std::uint64_t network = 0;  // hashes
        std::uint64_t subject = 0;
    };

    State(Snapshot given, std::shared_ptr<const call::Names> wanted, const Options& chosen)
        : snapshot(std::move(given)), names(std::move(wanted)), options(chosen) {
        BASE_ASSERT(options.max_remembered >= 16 && options.max_remembered <= 10'000'000);
        const std::size_t size = std::bit_floor(options.max_remembered);
        wants_networks = any_wanted(*names, network_facts);
        const bool about_origin = names->slot(Field::key_origin) != call::no_slot;
        if (wants_networks || about_origin) networks.emplace(snapshot.tables, size, options.seed);
        if (snapshot.registry == nullptr) return;
        const registry::Registry& told = *snapshot.registry;
        wants_tenants = any_wanted(*names, tenant_facts);
        wants_tenant_rows = any_wanted(*names, tenant_row_facts);
        wants_keys = any_wanted(*names, key_facts);
        wants_licence_rows = any_wanted(*names, licence_row_facts);
        const bool wants_licences = !told.no_gates() && any_wanted(*names, licence_facts);
        const bool wants_owner =
            !told.no_keys() && names->slot(Field::tenant_uid) != call::no_slot;
        if (wants_tenants || wants_keys || wants_licences || wants_owner)
            subjects.emplace(told, size, options.seed);
        if (wants_licences) licences.emplace(told, size, options.seed);
        for (std::size_t place = 0; place < told.parameters_read().size(); ++place) {
            const Slot at = slot(registry::parameter_field(place));
            if (told.parameters_read()[place] && at != call::no_slot)
                parameters.emplace_back(place, at);
        }
    }

    [[nodiscard]] Slot slot(Field field) const noexcept { return names->slot(field); }
    [[nodiscard]] std::string_view text(std::span<const Value> row, Field field) const noexcept {
        const Slot at = slot(field);
        return at == call::no_slot ? std::string_view{} : row[at].text_or_empty();
    }
    void put(std::span<Value> row, Field field, Value value) const noexcept {
        if (const Slot at = slot(field); at != call::no_slot && row[at].absent()) row[at] = value;
    }
    /// An empty text is not known, and stays absent.
    void put(std::span<Value> row, Field field, std::string_view text) const noexcept {
        if (!text.empty()) put(row, field, Value::of(text));
    }
    /// A text that is made only where it is wanted.
    template <class Make>
    void put_made(call::Batch& batch, std::span<Value> row, Field field, Make&& make) const {
        if (const Slot at = slot(field); at != call::no_slot && row[at].absent())
            row[at] = Value::of(batch.keep(std::string_view(make())));
    }

    void look(std::span<const Value> row, Seen& seen) const;
    void apply(call::Batch& batch, call::Batch::Row row, const Seen& seen);
    void put_network(call::Batch& batch, std::span<Value> row, const Seen& seen);
    void put_key(call::Batch& batch, call::Batch::Row row, const Seen& seen,
                 const Subject& subject);
    void put_origin(call::Batch& batch, std::span<Value> row, const Seen& seen,
                    const registry::Key& key) const;
    void put_tenant(call::Batch& batch, call::Batch::Row row, const Subject& subject);
    void put_licence(call::Batch& batch, call::Batch::Row row, const Seen& seen,
                     const Subject& subject);

    Snapshot snapshot;
    std::shared_ptr<const call::Names> names;
    Options options;
    bool wants_networks = false;
    bool wants_tenants = false;
    bool wants_tenant_rows = false;
    bool wants_keys = false;
    bool wants_licence_rows = false;
    std::optional<Networks> networks;
    std::optional<Subjects> subjects;
    std::optional<Licences> licences;
    std::vector<std::pair<std::size_t, Slot>> parameters;  // places, and where their values are
    std::array<Seen, group_size> group;
};

void Enricher::State::look(std::span<const Value> row, Seen& seen) const {
    seen = {};
    if (networks) {
        if (const auto address = call::parse_address(text(row, Field::src_ip))) {
            seen.address = call::unmapped(*address);
            seen.network = networks->hash(*seen.address);
            networks->prefetch(seen.network);
        }
    }
    if (!subjects) return;
    seen.key = text(row, Field::key_uid);
    seen.tenant = text(row, Field::tenant_uid);
    seen.subject = subjects->hash(seen.key, seen.tenant);
    subjects->prefetch(seen.subject);
}

void Enricher::State::put_network(call::Batch& batch, std::span<Value> row, const Seen& seen) {
    const call::Address& address = *seen.address;
    const NetworkFacts& facts = networks->of(seen.network, address);
    if (facts.asn) put(row, Field::src_asn, Value::of(std::int64_t{*facts.asn}));
    put(row, Field::src_as_name, facts.as_name);
    put(row, Field::src_country, facts.country);
    put(row, Field::src_kind, facts.kind);
    put_made(batch, row, Field::src_network,
             [&] { return call::to_text(call::network_of(address, address.v6 ? 48 : 24)); });
}

/// The declared network that the call comes from, `outside` when it comes from none of them.
void Enricher::State::put_origin(call::Batch& batch, std::span<Value> row, const Seen& seen,
                                 const registry::Key& key) const {
    const auto inside = std::ranges::find_if(
        key.declared_origin,
        [&](const call::Network& network) { return network.contains(*seen.address); });
    if (inside == key.declared_origin.end())
        put(row, Field::key_origin, std::string_view("outside"));
    else
        put_made(batch, row, Field::key_origin, [&] { return call::to_text(*inside); });
}

void Enricher::State::put_key(call::Batch& batch, call::Batch::Row row, const Seen& seen,
                              const Subject& subject) {
    const base::EventTime at = row.header.time;
    if (subject.key == nullptr) {
        if (!snapshot.registry->no_keys())
            put(row.values, Field::key_status, std::string_view("unknown"));
    } else {
        const bool dead =
            at >= subject.key_dead_from && subject.key_dead_from != base::EventTime::max();
        put(row.values, Field::key_status, std::string_view(dead ? "revoked" : "active"));
        if (slot(Field::key_tenant) != call::no_slot)
            put(row.values, Field::key_tenant, subject.key->tenant);
        if (subject.declares_origin && seen.address && slot(Field::key_origin) != call::no_slot)
            put_origin(batch, row.values, seen, *subject.key);
        if (at >= subject.key_created && subject.key_created != base::EventTime::max())
            put(row.values, Field::key_age_days, whole<std::chrono::days>(subject.key_created, at));
    }
    if (subject.leak != nullptr && at >= *subject.leak->first_seen) {
        put_made(batch, row.values, Field::key_leaked,
                 [&] { return base::to_rfc3339(*subject.leak->first_seen); });
        put(row.values, Field::key_hours_since_leak,
            whole<std::chrono::hours>(*subject.leak->first_seen, at));
    }
}

void Enricher::State::put_tenant(call::Batch& batch, call::Batch::Row row, const Subject& subject) {
    const base::EventTime at = row.header.time;
    put(row.values, Field::tenant_tier, subject.tier);
    put(row.values, Field::tenant_party, subject.party);
    put(row.values, Field::party_uid, subject.party);
    const bool dated = subject.tenant_created != base::EventTime::max();
    if (dated && at >= subject.tenant_created)
        put(row.values, Field::tenant_age_days,
            whole<std::chrono::days>(subject.tenant_created, at));
    if (!wants_tenant_rows) return;
    const registry::Tenant& tenant = *subject.tenant;
    put(row.values, Field::tenant_name, tenant.name);
    put(row.values, Field::tenant_status, tenant.status);
    put(row.values, Field::tenant_country, tenant.country);
    if (dated)
        put_made(batch, row.values, Field::tenant_created,
                 [&] { return base::to_rfc3339(subject.tenant_created); });
    if (const registry::Party* party = snapshot.registry->party(tenant.party)) {
        put(row.values, Field::party_name, party->name);
        put(row.values, Field::party_class, party->party_class);
        put(row.values, Field::party_country, party->country);
    }
}

void Enricher::State::put_licence(call::Batch& batch, call::Batch::Row row, const Seen& seen,
                                  const Subject& subject) {
    std::string_view tenant = seen.tenant;
    if (tenant.empty() && subject.key != nullptr) tenant = subject.key->tenant;
    registry::LicenceQuery query{.tenant = tenant,
                                 .service = text(row.values, Field::service),
                                 .operation = text(row.values, Field::operation),
                                 .region = text(row.values, Field::cloud_region),
                                 .at = row.header.time,
                                 .known_at = options.known_at};
    for (const auto& [place, at] : parameters) query.parameters[place] = row.values[at];
    const Licences::Answer answer = licences->of(query, subject.tenant);
    put(row.values, Field::licence_state, registry::name(answer.state));
    if (answer.licence != nullptr && wants_licence_rows) {
        put(row.values, Field::licence_uid, answer.licence->uid);
        put(row.values, Field::licence_use_case, answer.licence->use_case);
    }
    if (answer.ended != base::EventTime::max())
        put_made(batch, row.values, Field::licence_ended,
                 [&] { return base::to_rfc3339(answer.ended); });
}

void Enricher::State::apply(call::Batch& batch, call::Batch::Row row, const Seen& seen) {
    if (wants_networks && seen.address) put_network(batch, row.values, seen);
    if (!subjects) return;
    const Subject& subject = subjects->of(seen.subject, seen.key, seen.tenant);
    if (wants_keys && !seen.key.empty()) put_key(batch, row, seen, subject);
    // Whose call it is must not stay open where the key says it: alerts and sums would take all such
    // tenants for one.
    if (seen.tenant.empty() && subject.key != nullptr)
        put(row.values, Field::tenant_uid, subject.key->tenant);
    if (wants_tenants && subject.tenant != nullptr) put_tenant(batch, row, subject);
    if (licences) put_licence(batch, row, seen, subject);
}

Enricher::Enricher(Snapshot snapshot, std::shared_ptr<const call::Names> names, Options options)
    : state_(std::make_unique<State>(std::move(snapshot), std::move(names), options)) {}
Enricher::Enricher(Snapshot snapshot, std::shared_ptr<const call::Names> names)
    : Enricher(std::move(snapshot), std::move(names), Options{}) {}
Enricher::~Enricher() = default;
Enricher::Enricher(Enricher&& other) noexcept = default;
Enricher& Enricher::operator=(Enricher&& other) noexcept = default;

void Enricher::want(call::Names& names, const registry::Registry* registry) {
    const bool about_tenant =
        any_wanted(names, tenant_facts) ||
        (registry != nullptr && !registry->no_keys() &&
         names.slot(Field::tenant_uid) != call::no_slot);
    const bool about_licence = any_wanted(names, licence_facts);
    const bool about_origin = names.slot(Field::key_origin) != call::no_slot;
    if (about_origin || any_wanted(names, network_facts)) names.add(Field::src_ip);
    if (about_tenant || about_licence) names.add(Field::tenant_uid);
    if (about_tenant || about_licence || any_wanted(names, key_facts)) names.add(Field::key_uid);
    if (!about_licence) return;
    names.add(Field::service);
    names.add(Field::operation);
    names.add(Field::cloud_region);
    if (registry == nullptr) return;
    for (std::size_t place = 0; place < registry->parameters_read().size(); ++place)
        if (registry->parameters_read()[place]) names.add(registry::parameter_field(place));
}

void Enricher::apply(call::Batch& batch) {
    if (batch.size() == 0) return;
    State& state = *state_;
    batch.keep(state.snapshot.registry);
    for (const auto& table : state.snapshot.tables) batch.keep(table);
    for (std::size_t start = 0; start < batch.size(); start += group_size) {
        const std::size_t count = std::min(group_size, batch.size() - start);
        for (std::size_t i = 0; i < count; ++i)
            state.look(batch.row(start + i).values, state.group[i]);
        for (std::size_t i = 0; i < count; ++i)
            state.apply(batch, batch.row(start + i), state.group[i]);
    }
    if (state.licences) state.licences->make_room();
}

}  // namespace enrich
