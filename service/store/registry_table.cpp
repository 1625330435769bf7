#include "store/registry_table.hpp"

#include "call/address.hpp"
#include "store/audit_entry.hpp"
#include "store/connection.hpp"
#include "store/copy_text.hpp"
#include "store/key_marks.hpp"
#include "store/read_registry.hpp"
#include "store/stored_licences.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <map>

namespace store {
namespace {

using registry::Licence;

// An upsert that says what it did: a new row has no earlier version (xmax 0), an equal one none.
constexpr const char* put_tenant =
    "INSERT INTO callerprint.tenants AS t (uid, name, tier, status, created, country, party, "
    "imported_at)"
    " VALUES ($1, $2, $3, $4, callerprint.at($5), $6, $7, callerprint.at($8))"
    " ON CONFLICT (uid) DO UPDATE SET name = excluded.name, tier = excluded.tier,"
    " status = excluded.status, created = excluded.created, country = excluded.country,"
    " party = excluded.party, imported_at = excluded.imported_at"
    " WHERE (t.name, t.tier, t.status, t.created, t.country, t.party) IS DISTINCT FROM"
    " (excluded.name, excluded.tier, excluded.status, excluded.created, excluded.country, "
    "excluded.party)"
    " RETURNING xmax = 0";
constexpr const char* put_key =
    "INSERT INTO callerprint.keys AS t (uid, tenant, status, created, revoked, declared_origin, "
    "imported_at)"
    " VALUES ($1, $2, $3, callerprint.at($4), callerprint.at($5), $6::cidr[], callerprint.at($7))"
    " ON CONFLICT (uid) DO UPDATE SET tenant = excluded.tenant, status = excluded.status,"
    " created = excluded.created, revoked = excluded.revoked,"
    " declared_origin = excluded.declared_origin, imported_at = excluded.imported_at"
    " WHERE (t.tenant, t.status, t.created, t.revoked, t.declared_origin) IS DISTINCT FROM"
    " (excluded.tenant, excluded.status, excluded.created, excluded.revoked, "
    "excluded.declared_origin)"
    " RETURNING xmax = 0";
constexpr const char* put_party =
    "INSERT INTO callerprint.parties AS t (uid, name, aliases, domains, networks, class, country, "
    "imported_at)"
    " VALUES ($1, $2, $3, $4, $5::cidr[], $6, $7, callerprint.at($8))"
    " ON CONFLICT (uid) DO UPDATE SET name = excluded.name, aliases = excluded.aliases,"
    " domains = excluded.domains, networks = excluded.networks, class = excluded.class,"
    " country = excluded.country, imported_at = excluded.imported_at"
    " WHERE (t.name, t.aliases, t.domains, t.networks, t.class, t.country) IS DISTINCT FROM"
    " (excluded.name, excluded.aliases, excluded.domains, excluded.networks, excluded.class,"
    " excluded.country) RETURNING xmax = 0";
constexpr const char* put_gate =
    "INSERT INTO callerprint.gates AS t (uid, service, operations, clause, imported_at)"
    " VALUES ($1, $2, $3, $4, callerprint.at($5))"
    " ON CONFLICT (uid) DO UPDATE SET service = excluded.service, operations = excluded.operations,"
    " clause = excluded.clause, imported_at = excluded.imported_at"
    " WHERE (t.service, t.operations, t.clause) IS DISTINCT FROM"
    " (excluded.service, excluded.operations, excluded.clause) RETURNING xmax = 0";
constexpr const char* put_leak =
    "INSERT INTO callerprint.leaks AS t (key, key_hash, first_seen, source, imported_at)"
    " VALUES ($1, $2, callerprint.at($3), $4, callerprint.at($5))"
    " ON CONFLICT (key, key_hash, source) DO UPDATE SET first_seen = excluded.first_seen,"
    " imported_at = excluded.imported_at WHERE t.first_seen <> excluded.first_seen"
    " RETURNING xmax = 0";

constexpr const char* put_owner =
    "INSERT INTO callerprint.owners AS t (party, owner, share_ppm, valid_from, valid_to, "
    "known_from,"
    " known_to, imported_at) VALUES ($1, $2, $3, callerprint.at($4), callerprint.at($5),"
    " callerprint.at($6), callerprint.at($7), callerprint.at($8))"
    " ON CONFLICT (party, owner, valid_from) DO UPDATE SET share_ppm = excluded.share_ppm,"
    " valid_to = excluded.valid_to, known_from = excluded.known_from, known_to = excluded.known_to,"
    " imported_at = excluded.imported_at"
    " WHERE (t.share_ppm, t.valid_to, t.known_from, t.known_to) IS DISTINCT FROM"
    " (excluded.share_ppm, excluded.valid_to, excluded.known_from, excluded.known_to)"
    " RETURNING xmax = 0";
constexpr const char* put_claim =
    "INSERT INTO callerprint.claims AS t (uid, party, name, statement, source, date, clues,"
    " known_from, known_to, imported_at) VALUES ($1, $2, $3, $4, $5, callerprint.at($6), $7,"
    " callerprint.at($8), callerprint.at($9), callerprint.at($10))"
    " ON CONFLICT (uid) DO UPDATE SET party = excluded.party, name = excluded.name,"
    " statement = excluded.statement, source = excluded.source, date = excluded.date,"
    " clues = excluded.clues, known_from = excluded.known_from, known_to = excluded.known_to,"
    " imported_at = excluded.imported_at"
    " WHERE (t.party, t.name, t.statement, t.source, t.date, t.clues, t.known_from, t.known_to)"
    " IS DISTINCT FROM (excluded.party, excluded.name, excluded.statement, excluded.source,"
    " excluded.date, excluded.clues, excluded.known_from, excluded.known_to) RETURNING xmax = 0";

constexpr const char* lock_version =
    "SELECT version, callerprint.micros(greatest(imported_at, k.asked_at))"
    " FROM callerprint.registry_version, callerprint.knowledge AS k FOR UPDATE";
constexpr const char* raise_version =
    "UPDATE callerprint.registry_version SET version = version + 1, changed_at = "
    "callerprint.at($1),"
    " imported_at = callerprint.at($1) RETURNING version";
// Also for an import that changes nothing but the key index.
constexpr const char* note_recorded =
    "UPDATE callerprint.knowledge SET recorded_at = greatest(recorded_at, callerprint.at($1))";

constexpr const char* add_licence =
    "INSERT INTO callerprint.licences (uid, subject_kind, subject, service, operations, parameters,"
    " use_case, regions, valid_from, valid_to, known_from, known_to, grace_seconds, imported_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, callerprint.at($9), callerprint.at($10),"
    " callerprint.at($11), callerprint.at($12), $13, callerprint.at($14))";
constexpr const char* close_licence =
    "UPDATE callerprint.licences SET known_to = callerprint.at($2), imported_at = "
    "callerprint.at($3)"
    " WHERE n = $1";

std::vector<std::string> texts_of(const std::vector<call::Network>& networks) {
    std::vector<std::string> out;
    for (const auto& network : networks) out.push_back(call::to_text(network));
    return out;
}

base::EventTime event_time_of(base::WallTime time) {
    return base::event_time(base::micros(time));
}

/// Imports are stamped in their order and behind every question that was asked before, even when
/// the clock steps back: what was known at a moment stays what it was.
base::WallTime after(std::optional<base::WallTime> newest, base::WallTime now) {
    return newest ? std::max(now, *newest + std::chrono::microseconds(1)) : now;
}

/// Adds up what the upserts say.
struct Tally {
    RegistryTable::Imported result;
    void count(const pqxx::result& rows) {
        if (rows.empty()) {
            ++result.unchanged;
        } else if (rows[0][0].as<bool>()) {
            ++result.added;
        } else {
            ++result.changed;
        }
    }
};

void put_opinions(pqxx::work& tx, const registry::Rows& rows, base::WallTime now, Tally& tally) {
    for (const auto& row : rows.owners) {
        Params params;
        params.text(row.party).text(row.owner);
        row.share_ppm ? params.integer(*row.share_ppm) : params.null();
        params.time(row.valid_from).time(row.valid_to).time(row.known_from).time(row.known_to);
        tally.count(run(tx, put_owner, params.time(now)));
    }
    for (const auto& row : rows.claims) {
        tally.count(run(tx, put_claim,
                        Params()
                            .text(row.uid)
                            .text(row.party)
                            .text(row.name)
                            .text(row.statement)
                            .text(row.source)
                            .time(row.date)
                            .texts(row.clues)
                            .time(row.known_from)
                            .time(row.known_to)
                            .time(now)));
    }
}

void put_rows(pqxx::work& tx, const registry::Rows& rows, base::WallTime now, Tally& tally) {
    for (const auto& row : rows.tenants) {
        tally.count(run(tx, put_tenant,
                        Params()
                            .text(row.uid)
                            .text(row.name)
                            .text(row.tier)
                            .text(row.status)
                            .time(row.created)
                            .text(row.country)
                            .text(row.party)
                            .time(now)));
    }
    for (const auto& row : rows.keys) {
        tally.count(run(tx, put_key,
                        Params()
                            .text(row.uid)
                            .text(row.tenant)
                            .text(row.status)
                            .time(row.created)
                            .time(row.revoked)
                            .texts(texts_of(row.declared_origin))
                            .time(now)));
    }
    for (const auto& row : rows.parties) {
        tally.count(run(tx, put_party,
                        Params()
                            .text(row.uid)
                            .text(row.name)
                            .texts(row.aliases)
                            .texts(row.domains)
                            .texts(texts_of(row.networks))
                            .text(row.party_class)
                            .text(row.country)
                            .time(now)));
    }
    for (const auto& row : rows.gates) {
        tally.count(run(tx, put_gate,
                        Params()
                            .text(row.uid)
                            .text(row.service)
                            .texts(row.operations)
                            .text(row.clause)
                            .time(now)));
    }
    for (const auto& row : rows.leaks) {
        tally.count(run(tx, put_leak,
                        Params()
                            .text(row.key)
                            .text(row.key_hash)
                            .time(row.first_seen)
                            .text(row.source)
                            .time(now)));
    }
    put_opinions(tx, rows, now, tally);
}

/// Equal but for when it was known.
bool says_the_same(Licence a, Licence b) {
    a.known_from = b.known_from = std::nullopt;
    a.known_to = b.known_to = std::nullopt;
    return a == b;
}

void insert(pqxx::work& tx, const Licence& licence, base::WallTime now) {
    run(tx, add_licence,
        Params()
            .text(licence.uid)
            .text(licence.subject_kind == Licence::Subject::party ? "party" : "tenant")
            .text(licence.subject)
            .text(licence.service)
            .texts(licence.operations)
            .texts(licence.parameters)
            .text(licence.use_case)
            .texts(licence.regions)
            .time(licence.valid_from)
            .time(licence.valid_to)
            .time(licence.known_from)
            .time(licence.known_to)
            .integer(licence.grace.count())
            .time(now));
}

/// One imported row against the versions there are. A row with its own known_from and known_to is
/// history and stands beside them; any other one replaces what is believed now.
void put_licence(pqxx::work& tx, Licence licence, std::vector<StoredLicence>& versions,
                 base::WallTime now, Tally& tally) {
    for (const auto& version : versions) {
        const bool same_clock =
            (!licence.known_from || licence.known_from == version.licence.known_from) &&
            licence.known_to == version.licence.known_to;
        if (same_clock && says_the_same(version.licence, licence)) {
            ++tally.result.unchanged;
            return;
        }
    }
    bool corrects = false;
    if (!licence.known_to) {
        for (auto& version : versions) {
            if (version.licence.known_to) continue;
            const auto from = licence.known_from.value_or(event_time_of(now));
            const auto end = std::max(from, version.licence.known_from.value_or(from));
            run(tx, close_licence, Params().integer(version.n).time(end).time(now));
            version.licence.known_to = end;
            licence.known_from = end;
            corrects = true;
        }
    }
    insert(tx, licence, now);
    versions.push_back({0, std::move(licence)});
    if (corrects) {
        ++tally.result.corrected;
        ++tally.result.changed;
    } else {
        ++tally.result.added;
    }
}

void put_licences(pqxx::work& tx, const std::vector<Licence>& licences, base::WallTime now,
                  Tally& tally) {
    if (licences.empty()) return;
    std::map<std::string, std::vector<StoredLicence>> by_uid;
    for (auto& one : stored_licences(tx, AsOf{})) by_uid[one.licence.uid].push_back(std::move(one));
    // Several versions of one licence in a file: the oldest knowledge first, else in the file's
    // order.
    std::vector<const Licence*> sorted;
    for (const auto& licence : licences) sorted.push_back(&licence);
    std::sort(sorted.begin(), sorted.end(), [](const Licence* a, const Licence* b) {
        return std::pair(a->known_from.value_or(base::EventTime::min()), a) <
               std::pair(b->known_from.value_or(base::EventTime::min()), b);
    });
    for (const auto* one : sorted) {
        auto licence = *one;
        auto& versions = by_uid[licence.uid];
        put_licence(tx, std::move(licence), versions, now, tally);
        // Its row number is needed when a later line corrects it.
        if (!versions.empty() && versions.back().n == 0) {
            versions.back().n =
                tx.exec1("SELECT max(n) FROM callerprint.licences")[0].as<long long>();
        }
    }
}

}  // namespace

base::Result<RegistryTable::Imported> RegistryTable::import(const registry::Rows& rows,
                                                            base::WallTime now,
                                                            std::string_view actor) {
    return session_.connection().transaction(
        "importing the registry", [&](pqxx::work& tx) -> base::Result<Imported> {
            Tally tally;
            const auto before = run(tx, lock_version)[0];  // one import at a time
            tally.result.version = before[0].as<std::uint64_t>();
            const auto at = after(maybe_wall_time(before[1]), now);
            put_rows(tx, rows, at, tally);
            put_licences(tx, rows.licences, at, tally);
            auto& result = tally.result;
            result.indexed = put_key_marks(tx, session_.connection(), rows.key_marks, at);
            if (result.added + result.changed > 0) {
                result.version =
                    run(tx, raise_version, Params().time(at))[0][0].as<std::uint64_t>();
            }
            if (result.added + result.changed + result.indexed > 0) {
                run(tx, note_recorded, Params().time(at));
                const boost::json::object details{{"added", result.added},
                                                  {"changed", result.changed},
                                                  {"unchanged", result.unchanged},
                                                  {"corrected", result.corrected},
                                                  {"indexed", result.indexed}};
                audit(session_, tx, actor, "registry.import", std::to_string(result.version),
                      boost::json::serialize(details));
            }
            return result;
        });
}

base::Result<registry::Rows> RegistryTable::load() {
    return read_registry(session_);
}

}  // namespace store
