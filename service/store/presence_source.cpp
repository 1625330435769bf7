#include "store/presence_source.hpp"

#include "store/connection.hpp"
#include "store/coverage.hpp"
#include "store/key_index.hpp"
#include "store/presence_traffic.hpp"
#include "store/read_registry.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace store {
namespace {

constexpr const char* select_newest =
    "SELECT callerprint.micros(max(watermark)) FROM callerprint.source_position";
// The first two and the last: where it begins and that it goes on. The calls of a key are found by
// its index.
constexpr const char* select_records =
    "SELECT source, block, record, callerprint.micros(time),"
    " encode(sha256(convert_to(raw, 'UTF8')), 'hex') FROM ("
    " (SELECT source, block, record, time, raw FROM callerprint.calls"
    "  WHERE key_uid = $1 AND coalesce(tenant_uid, '') = $2 AND coalesce(origin, '') = $3"
    "  AND time >= callerprint.at($4) AND time < callerprint.at($5) AND raw IS NOT NULL"
    "  ORDER BY time, source, block, record LIMIT 2)"
    " UNION (SELECT source, block, record, time, raw FROM callerprint.calls"
    "  WHERE key_uid = $1 AND coalesce(tenant_uid, '') = $2 AND coalesce(origin, '') = $3"
    "  AND time >= callerprint.at($4) AND time < callerprint.at($5) AND raw IS NOT NULL"
    "  ORDER BY time DESC, source DESC, block DESC, record DESC LIMIT 1)) AS its"
    " ORDER BY time, source, block, record";
constexpr std::size_t most_cited_personas = 50;
// For personas that another clue has found already, all of which are to be compared.
constexpr TrafficLimits compared_with{.max_rows = 50'000, .max_personas = 50'000};
constexpr const char* select_head_of_then =
    "SELECT encode(head, 'hex') FROM callerprint.batch_chain WHERE source = 'main'"
    " AND partition = 0 AND at <= callerprint.at($1) ORDER BY n DESC LIMIT 1";
constexpr const char* select_position =
    "SELECT source, partition, next_offset FROM callerprint.source_position ORDER BY 1, 2";

registry::KeyClue::Kind kind_of(presence::Kind kind) {
    switch (kind) {
        case presence::Kind::key_prefix:
            return registry::KeyClue::Kind::prefix;
        case presence::Kind::key_suffix:
            return registry::KeyClue::Kind::suffix;
        case presence::Kind::key_sha256:
            return registry::KeyClue::Kind::sha256;
        default:
            return registry::KeyClue::Kind::key;
    }
}

presence::Persona persona_of(TrafficRow& row) {
    return {.key = std::move(row.key),
            .tenant = std::move(row.tenant),
            .origin = std::move(row.origin),
            .address = std::move(row.address),
            .asn = static_cast<std::uint32_t>(row.asn),
            .as_name = std::move(row.as_name),
            .client = std::move(row.client),
            .first = row.first_seen,
            .last = row.last_seen,
            .calls = row.calls,
            .ok = row.ok,
            .sessions = row.sessions};
}

}  // namespace

base::Result<base::EventTime> newest_event(Session& session) {
    return session.connection().look(
        "reading how far event time is", [&](pqxx::work& tx) -> base::Result<base::EventTime> {
            const auto rows = run(tx, select_newest);
            if (rows[0][0].is_null()) {
                return base::fail(base::Fault::not_found,
                                  "no call was evaluated yet: send logs first, or give --to");
            }
            return base::event_time(rows[0][0].as<std::int64_t>());
        });
}

std::optional<base::WallTime> PresenceSource::as_of() const {
    if (!as_of_) return {};
    return base::wall_time(base::micros(*as_of_));
}

base::Result<std::shared_ptr<const registry::Registry>> PresenceSource::registry() {
    auto rows = read_registry(session_, as_of());
    if (!rows) return std::unexpected(rows.error());
    return registry::Registry::build(std::move(*rows));
}

base::Result<presence::KeyMatches> PresenceSource::keys(const presence::Clue& clue) {
    const auto looked_up = hasher_.clue(kind_of(clue.kind), clue.value);
    if (!looked_up) return std::unexpected(looked_up.error());
    auto hits = find_keys(session_, *looked_up);
    if (!hits) return std::unexpected(hits.error());
    const auto compared = indexed_keys(session_, *looked_up);
    if (!compared) return std::unexpected(compared.error());
    presence::KeyMatches out{.keys = {}, .credential_uids = {}, .compared = *compared, .chance = 0};
    if (looked_up->length > 0) {
        out.chance = std::pow(looked_up->alphabet, -static_cast<double>(looked_up->length));
    }
    for (KeyHit& hit : *hits) {
        out.keys.push_back({.key = std::move(hit.key),
                            .tenant = std::move(hit.tenant),
                            .characters = hit.length,
                            .leaked = {}});
        out.credential_uids.push_back(std::move(hit.credential_uids));
    }
    return out;
}

base::Result<presence::Traffic> PresenceSource::traffic(const presence::Search& search) {
    using By = presence::Search::By;
    switch (search.by) {
        case By::network:
            return find(ByNetwork{*search.network}, search.within);
        case By::as_number:
            return find(ByAs{{search.as_number}}, search.within);
        case By::as_name:
            return of_holder(search.names, search.within);
        case By::client:
            return find(ByClient{search.text, search.version}, search.within);
        case By::resource:
            return find(ByResource{search.text}, search.within);
        case By::domain:
            return find(ByDomain{search.text}, search.within);
        case By::tenants:
            return find(ByTenants{search.uids}, search.within);
        case By::keys:
            return find(ByKeys{search.uids}, search.within);
    }
    return presence::Traffic{};
}

base::Result<presence::Traffic> PresenceSource::find(const TrafficClue& clue,
                                                     const std::vector<std::string>& within) {
    const TrafficLimits limits = within.empty() ? TrafficLimits() : compared_with;
    auto found = find_traffic(session_, clue, from_, to_, as_of(), within, limits);
    if (!found) return std::unexpected(found.error());
    presence::Traffic out{.rows = {},
                          .tenants = found->tenants,
                          .whole = !found->some && found->personas == found->rows.size()};
    for (TrafficRow& row : found->rows) {
        out.rows.push_back({.persona = persona_of(row), .exact = row.fit == Fit::exact});
    }
    std::ranges::sort(out.rows, {}, [](const presence::Traffic::Row& row) {
        return std::tie(row.persona.tenant, row.persona.key, row.persona.origin);
    });
    return out;
}

/// How names are compared is the question's business, so the list of networks is compared here.
base::Result<presence::Traffic> PresenceSource::of_holder(const std::vector<std::string>& names,
                                                          const std::vector<std::string>& within) {
    const auto networks = seen_networks(session_);
    if (!networks) return std::unexpected(networks.error());
    ByHolder its;
    for (const NamedAs& network : *networks) {
        const std::string name = presence::name_key(network.name);
        if (std::ranges::find(names, name) == names.end()) continue;
        its.numbers.push_back(network.number);
        its.names.push_back(network.name);
    }
    if (its.numbers.empty()) return presence::Traffic{};
    return find(its, within);
}

base::Result<std::vector<presence::Use>> PresenceSource::uses(
    const std::vector<std::string>& keys, const std::vector<base::EventTime>& moments) {
    auto found = key_operations(session_, keys, from_, to_, moments, as_of());
    if (!found) return std::unexpected(found.error());
    std::vector<presence::Use> out;
    for (KeyOperation& row : *found) {
        out.push_back({.key = std::move(row.key),
                       .tenant = std::move(row.tenant),
                       .service = std::move(row.service),
                       .operation = std::move(row.operation),
                       .first = row.first,
                       .last = row.last,
                       .ok = row.ok,
                       .known_then = {},
                       .known_now = {},
                       .licence = {}});
    }
    return out;
}

base::Result<std::vector<presence::CitedRecord>> PresenceSource::records(
    const std::vector<presence::Persona>& personas) {
    return session_.connection().look(
        "reading records behind an answer",
        [&](pqxx::work& tx) -> base::Result<std::vector<presence::CitedRecord>> {
            std::vector<presence::CitedRecord> out;
            for (std::size_t i = 0; i < std::min(personas.size(), most_cited_personas); ++i) {
                const auto& persona = personas[i];
                const auto rows = run(tx, select_records,
                                      Params()
                                          .text(persona.key)
                                          .text(persona.tenant)
                                          .text(persona.origin)
                                          .time(from_)
                                          .time(to_));
                for (const auto& row : rows) {
                    out.push_back({.persona = i,
                                   .source = row[0].as<std::string>(),
                                   .block = row[1].as<std::uint64_t>(),
                                   .record = row[2].as<std::uint32_t>(),
                                   .time = base::event_time(row[3].as<std::int64_t>()),
                                   .sha256 = row[4].as<std::string>()});
                }
            }
            return out;
        });
}

base::Result<std::uint64_t> PresenceSource::active_tenants() {
    return store::active_tenants(session_, from_, to_, as_of());
}

base::Result<coverage::Certificate> PresenceSource::coverage() {
    auto certificate = read_coverage(session_, from_, to_);
    if (!certificate || !as_of_) return certificate;
    // The chain goes on; what was known then ends at the batch of then.
    return session_.connection().look(
        "reading the chain of batches", [&](pqxx::work& tx) -> base::Result<coverage::Certificate> {
            const auto heads = run(tx, select_head_of_then, Params().time(*as_of()));
            certificate->chain_head = heads.empty() ? "" : heads[0][0].as<std::string>();
            return std::move(*certificate);
        });
}

base::Result<std::string> PresenceSource::position() {
    return session_.connection().look(
        "reading positions", [&](pqxx::work& tx) -> base::Result<std::string> {
            std::string out;
            for (const auto& row : run(tx, select_position)) {
                out.append(out.empty() ? "" : " ")
                    .append(row[0].as<std::string>() + "/" + row[1].as<std::string>() + ":" +
                            row[2].as<std::string>());
            }
            return out;
        });
}

}  // namespace store
