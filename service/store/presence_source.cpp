#include "store/presence_source.hpp"

#include "store/connection.hpp"
#include "store/coverage.hpp"
#include "store/key_index.hpp"
#include "store/presence_traffic.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace store {
namespace {

constexpr const char* select_newest =
    "SELECT callerprint.micros(max(watermark)) FROM callerprint.source_position";
constexpr const char* select_newest_then =
    "SELECT callerprint.micros(watermark) FROM callerprint.batch_chain WHERE source = 'main'"
    " AND partition = 0 AND stored_at <= callerprint.at($1) AND watermark IS NOT NULL"
    " ORDER BY stored_at DESC, n DESC LIMIT 1";
// The first two and the last: where it begins and that it goes on. The calls of a key are found by
// its index.
constexpr const char* select_records =
    "WITH known AS (SELECT to_offset AS block FROM callerprint.batch_chain WHERE source = 'main'"
    " AND partition = 0 AND stored_at <= callerprint.at($3) ORDER BY stored_at DESC, n DESC LIMIT "
    "1)"
    " SELECT n, source, block, record, callerprint.micros(time),"
    " encode(sha256(convert_to(raw, 'UTF8')), 'hex')"
    " FROM unnest($4::text[], $5::text[], $6::text[]) WITH ORDINALITY AS p (key, tenant, origin, n)"
    ", LATERAL ("
    " (SELECT source, block, record, time, raw FROM callerprint.calls"
    "  WHERE key_uid = key AND coalesce(tenant_uid, '') = tenant AND coalesce(calls.origin, '') ="
    "  p.origin AND time >= callerprint.at($1) AND time < callerprint.at($2) AND raw IS NOT NULL"
    "  AND block < (SELECT block FROM known)"
    "  ORDER BY time, source, block, record LIMIT 2)"
    " UNION (SELECT source, block, record, time, raw FROM callerprint.calls"
    "  WHERE key_uid = key AND coalesce(tenant_uid, '') = tenant AND coalesce(calls.origin, '') ="
    "  p.origin AND time >= callerprint.at($1) AND time < callerprint.at($2) AND raw IS NOT NULL"
    "  AND block < (SELECT block FROM known)"
    "  ORDER BY time DESC, source DESC, block DESC, record DESC LIMIT 1)) AS its"
    " ORDER BY n, time, source, block, record";
// For personas that another clue has found already, all of which are to be compared.
constexpr TrafficLimits compared_with{.max_rows = 50'000, .max_personas = 50'000};
constexpr const char* select_position =
    "SELECT DISTINCT ON (source, partition) source, partition, to_offset"
    " FROM callerprint.batch_chain WHERE stored_at <= callerprint.at($1)"
    " ORDER BY source, partition, stored_at DESC, n DESC";

// In this order by everybody. The first waits for a batch that is being stored, the second for
// imports; whatever begins later is stamped later.
constexpr const char* wait_for_batches =
    "SELECT FROM callerprint.source_position ORDER BY source, partition FOR UPDATE";
constexpr const char* take_moment =
    "UPDATE callerprint.knowledge SET asked_at = greatest(clock_timestamp(), recorded_at, asked_at)"
    " RETURNING callerprint.micros(asked_at), callerprint.micros(since)";
constexpr const char* tell_batches =
    "UPDATE callerprint.source_position SET asked_at = callerprint.at($1)";
constexpr const char* note_moment =
    "INSERT INTO callerprint.moments (at) VALUES (callerprint.at($1)) ON CONFLICT DO NOTHING";
constexpr const char* find_moment = "SELECT FROM callerprint.moments WHERE at = callerprint.at($1)";
// What was known then and is not kept any more: of the period, and of the time since.
constexpr const char* dropped_since =
    "SELECT callerprint.micros(max(before)) FROM callerprint.dropped"
    " WHERE parent = ANY ($3) AND noted_at > callerprint.at($1)"
    " AND before > date_trunc('hour', callerprint.at($2), 'UTC')";
constexpr const char* ledgers_dropped =
    "SELECT count(*) FROM callerprint.dropped WHERE before > callerprint.at($1) AND parent IN"
    " ('late_activity', 'late_coverage') OR parent = 'batch_chain' AND NOT EXISTS (SELECT"
    " FROM callerprint.batch_chain WHERE stored_at <= callerprint.at($1))";
// A batch may take that long, and a question can wait for it.
constexpr const char* be_patient = "SET LOCAL lock_timeout = '30s'";

/// The start of the first hour that was not over for an hour.
base::EventTime open_from(base::EventTime moment) {
    return std::chrono::floor<std::chrono::hours>(moment) - std::chrono::hours(1);
}

base::Result<void> check_kept(pqxx::work& tx, const presence::Question& question) {
    if (run(tx, ledgers_dropped, Params().time(*question.as_of))[0][0].as<int>() > 0) {
        return base::fail(base::Fault::invalid,
                          "as_of: what has come since then is not kept apart any more, so what was "
                          "known then cannot be told");
    }
    std::vector<std::string> parents = {"key_operation_hour", "key_origin_hour",
                                        "tenant_operation_hour", "coverage"};
    if (std::ranges::any_of(question.clues, [](const presence::Clue& clue) {
            return clue.kind == presence::Kind::resource;
        })) {
        parents.emplace_back("calls");
    }
    const auto dropped =
        run(tx, dropped_since, Params().time(*question.as_of).time(question.from).texts(parents));
    if (const auto before = maybe_event_time(dropped[0][0])) {
        return base::fail(base::Fault::invalid,
                          "as_of: what was known then of the time before " +
                              base::to_rfc3339(*before) +
                              " has been deleted since; begin the period there");
    }
    return {};
}

base::Result<void> check_as_of(pqxx::work& tx, const presence::Question& question,
                               base::EventTime now, base::EventTime since) {
    const auto as_of = *question.as_of;
    if (as_of > now) {
        return base::fail(base::Fault::invalid,
                          "as_of: lies in the future; leave it out to answer with all that is "
                          "known");
    }
    if (as_of < since) {
        return base::fail(base::Fault::invalid, "as_of: what was known when is kept from " +
                                                    base::to_rfc3339(since) + " on");
    }
    if (question.to > open_from(as_of) && run(tx, find_moment, Params().time(as_of)).empty()) {
        return base::fail(base::Fault::invalid,
                          "as_of: the hours from " + base::to_rfc3339(open_from(as_of)) +
                              " on were not complete then, and nobody asked at that very moment; "
                              "end the period there, or name the moment at which an answer was "
                              "asked for");
    }
    return check_kept(tx, question);
}

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

base::Result<base::EventTime> newest_event(Session& session, std::optional<base::EventTime> as_of) {
    return session.connection().look(
        "reading how far event time is", [&](pqxx::work& tx) -> base::Result<base::EventTime> {
            const auto rows =
                as_of ? run(tx, select_newest_then, Params().time(*as_of)) : run(tx, select_newest);
            if (rows.empty() || rows[0][0].is_null()) {
                return base::fail(base::Fault::not_found,
                                  "no call was evaluated yet: send logs first, or give --to");
            }
            return base::event_time(rows[0][0].as<std::int64_t>());
        });
}

base::Result<base::WallTime> known_at(Session& session, const presence::Question& question) {
    return session.connection().transaction(
        "taking the moment of a question", [&](pqxx::work& tx) -> base::Result<base::WallTime> {
            tx.exec(be_patient);
            tx.exec(wait_for_batches);
            const auto taken = run(tx, take_moment)[0];
            const auto now = base::event_time(taken[0].as<std::int64_t>());
            run(tx, tell_batches, Params().time(now));
            if (question.as_of) {
                const auto since = base::event_time(taken[1].as<std::int64_t>());
                if (auto fine = check_as_of(tx, question, now, since); !fine)
                    return std::unexpected(fine.error());
            } else if (question.to > open_from(now)) {
                run(tx, note_moment, Params().time(now));
            }
            return base::wall_time(base::micros(question.as_of.value_or(now)));
        });
}

base::Result<std::shared_ptr<const registry::Registry>> PresenceSource::registry() {
    return registries_.as_of(session_, known_at_);
}

base::Result<presence::KeyMatches> PresenceSource::keys(const presence::Clue& clue) {
    const auto looked_up = hasher_.clue(kind_of(clue.kind), clue.value);
    if (!looked_up) return std::unexpected(looked_up.error());
    auto hits = find_keys(session_, *looked_up, known_at_);
    if (!hits) return std::unexpected(hits.error());
    const auto compared = indexed_keys(session_, *looked_up, known_at_);
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

base::Result<TrafficClue> PresenceSource::clue_of(const presence::Search& search) {
    using By = presence::Search::By;
    switch (search.by) {
        case By::network:
            return ByNetwork{*search.network};
        case By::as_number:
            return ByAs{{search.as_number}};
        case By::as_name:
            return of_holder(search.names);
        case By::client:
            return ByClient{search.text, search.version};
        case By::resource:
            return ByResource{search.text};
        case By::domain:
            return ByDomain{search.text};
        case By::tenants:
            return ByTenants{search.uids};
        case By::keys:
            return ByKeys{search.uids};
    }
    return ByKeys{};
}

base::Result<presence::Traffic> PresenceSource::traffic(const presence::Search& search) {
    const auto clue = clue_of(search);
    if (!clue) return std::unexpected(clue.error());
    const auto* holder = std::get_if<ByHolder>(&*clue);
    if (holder != nullptr && holder->numbers.empty()) return presence::Traffic{};
    return find(*clue, search.within);
}

base::Result<std::vector<std::string>> PresenceSource::keys_of_both(const presence::Search& one,
                                                                    const presence::Search& other) {
    const auto first = clue_of(one);
    if (!first) return std::unexpected(first.error());
    const auto second = clue_of(other);
    if (!second) return std::unexpected(second.error());
    return store::keys_of_both(session_, *first, *second, from_, to_, known_at_);
}

base::Result<presence::Traffic> PresenceSource::find(const TrafficClue& clue,
                                                     const std::vector<std::string>& within) {
    const TrafficLimits limits = within.empty() ? TrafficLimits() : compared_with;
    auto found = find_traffic(session_, clue, from_, to_, known_at_, within, limits);
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
base::Result<TrafficClue> PresenceSource::of_holder(const std::vector<std::string>& names) {
    const auto networks = seen_networks(session_, known_at_);
    if (!networks) return std::unexpected(networks.error());
    ByHolder its;
    for (const NamedAs& network : *networks) {
        if (std::ranges::find(names, presence::name_key(network.name)) == names.end()) continue;
        its.numbers.push_back(network.number);
        its.names.push_back(network.name);
    }
    return its;
}

base::Result<std::vector<presence::Use>> PresenceSource::uses(
    const std::vector<std::string>& keys, const std::vector<base::EventTime>& moments) {
    auto found = key_operations(session_, keys, from_, to_, moments, known_at_);
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
            std::vector<std::string> keys;
            std::vector<std::string> tenants;
            std::vector<std::string> origins;
            for (const auto& persona : personas) {
                keys.push_back(persona.key);
                tenants.push_back(persona.tenant);
                origins.push_back(persona.origin);
            }
            auto params = Params().time(from_).time(to_).time(known_at_);
            params.texts(keys).texts(tenants).texts(origins);
            std::vector<presence::CitedRecord> out;
            for (const auto& row : run(tx, select_records, params)) {
                out.push_back({.persona = row[0].as<std::size_t>() - 1,
                               .source = row[1].as<std::string>(),
                               .block = row[2].as<std::uint64_t>(),
                               .record = row[3].as<std::uint32_t>(),
                               .time = base::event_time(row[4].as<std::int64_t>()),
                               .sha256 = row[5].as<std::string>()});
            }
            return out;
        });
}

base::Result<std::uint64_t> PresenceSource::active_tenants() {
    return store::active_tenants(session_, from_, to_, known_at_);
}

base::Result<coverage::Certificate> PresenceSource::coverage() {
    return read_coverage(session_, from_, to_, known_at_);
}

base::Result<std::optional<base::EventTime>> PresenceSource::records_gone() {
    return session_.connection().look(
        "reading what was deleted",
        [&](pqxx::work& tx) -> base::Result<std::optional<base::EventTime>> {
            const auto params = Params().time(known_at_).time(from_).texts({"calls"});
            return maybe_event_time(run(tx, dropped_since, params)[0][0]);
        });
}

base::Result<std::string> PresenceSource::position() {
    return session_.connection().look(
        "reading positions", [&](pqxx::work& tx) -> base::Result<std::string> {
            std::string out;
            for (const auto& row : run(tx, select_position, Params().time(known_at_))) {
                out.append(out.empty() ? "" : " ")
                    .append(row[0].as<std::string>() + "/" + row[1].as<std::string>() + ":" +
                            row[2].as<std::string>());
            }
            return out;
        });
}

}  // namespace store
