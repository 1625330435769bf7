#include "store/registry_table.hpp"

#include "call/address.hpp"
#include "store/connection.hpp"
#include "store/copy_text.hpp"

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

constexpr const char* lock_version = "SELECT version FROM callerprint.registry_version FOR UPDATE";
constexpr const char* raise_version =
    "UPDATE callerprint.registry_version SET version = version + 1, changed_at = callerprint.at($1)"
    " RETURNING version";
constexpr const char* load_version = "SELECT version FROM callerprint.registry_version";

constexpr const char* load_tenants =
    "SELECT uid, name, tier, status, callerprint.micros(created), country, party"
    " FROM callerprint.tenants ORDER BY uid";
constexpr const char* load_keys =
    "SELECT uid, tenant, status, callerprint.micros(created), callerprint.micros(revoked),"
    " declared_origin FROM callerprint.keys ORDER BY uid";
constexpr const char* load_parties =
    "SELECT uid, name, aliases, domains, networks, class, country FROM callerprint.parties ORDER "
    "BY uid";
constexpr const char* load_licences =
    "SELECT n, uid, subject_kind, subject, service, operations, parameters, use_case, regions,"
    " callerprint.micros(valid_from), callerprint.micros(valid_to), callerprint.micros(known_from),"
    " callerprint.micros(known_to), grace_seconds FROM callerprint.licences ORDER BY n";
constexpr const char* load_gates =
    "SELECT uid, service, operations, clause FROM callerprint.gates ORDER BY uid";
constexpr const char* load_leaks =
    "SELECT key, key_hash, callerprint.micros(first_seen), source FROM callerprint.leaks"
    " ORDER BY key, key_hash, source";
constexpr const char* add_licence =
    "INSERT INTO callerprint.licences (uid, subject_kind, subject, service, operations, parameters,"
    " use_case, regions, valid_from, valid_to, known_from, known_to, grace_seconds, imported_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, callerprint.at($9), callerprint.at($10),"
    " callerprint.at($11), callerprint.at($12), $13, callerprint.at($14))";
constexpr const char* close_licence =
    "UPDATE callerprint.licences SET known_to = callerprint.at($2) WHERE n = $1";

std::vector<std::string> texts_of(const std::vector<call::Network>& networks) {
    std::vector<std::string> out;
    for (const auto& network : networks) out.push_back(call::to_text(network));
    return out;
}

std::vector<call::Network> networks_of(const pqxx::field& field) {
    std::vector<call::Network> out;
    for (const auto& text : elements(field)) {
        if (const auto network = call::parse_network(text)) out.push_back(*network);
    }
    return out;
}

base::EventTime event_time_of(base::WallTime time) {
    return base::event_time(base::micros(time));
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
}

/// A licence as it stands in the table.
struct Stored {
    long long n = 0;
    Licence licence;
};

std::vector<Stored> stored_licences(pqxx::transaction_base& tx) {
    std::vector<Stored> out;
    for (const auto& row : run(tx, load_licences)) {
        Stored one;
        one.n = row[0].as<long long>();
        auto& licence = one.licence;
        licence.uid = row[1].as<std::string>();
        licence.subject_kind = row[2].as<std::string>() == "party" ? Licence::Subject::party
                                                                   : Licence::Subject::tenant;
        licence.subject = row[3].as<std::string>();
        licence.service = row[4].as<std::string>();
        licence.operations = elements(row[5]);
        licence.parameters = elements(row[6]);
        licence.use_case = row[7].as<std::string>();
        licence.regions = elements(row[8]);
        licence.valid_from = maybe_event_time(row[9]);
        licence.valid_to = maybe_event_time(row[10]);
        licence.known_from = maybe_event_time(row[11]);
        licence.known_to = maybe_event_time(row[12]);
        licence.grace = std::chrono::seconds(row[13].as<long long>());
        out.push_back(std::move(one));
    }
    return out;
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
void put_licence(pqxx::work& tx, Licence licence, std::vector<Stored>& versions, base::WallTime now,
                 Tally& tally) {
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
            run(tx, close_licence, Params().integer(version.n).time(end));
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
    std::map<std::string, std::vector<Stored>> by_uid;
    for (auto& one : stored_licences(tx)) by_uid[one.licence.uid].push_back(std::move(one));
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
            tally.result.version =
                run(tx, lock_version)[0][0].as<std::uint64_t>();  // one import at a time
            put_rows(tx, rows, now, tally);
            put_licences(tx, rows.licences, now, tally);
            auto& result = tally.result;
            if (result.added + result.changed > 0) {
                result.version =
                    run(tx, raise_version, Params().time(now))[0][0].as<std::uint64_t>();
                const boost::json::object details{{"added", result.added},
                                                  {"changed", result.changed},
                                                  {"unchanged", result.unchanged},
                                                  {"corrected", result.corrected}};
                audit(tx, actor, "registry.import", std::to_string(result.version),
                      boost::json::serialize(details));
            }
            return result;
        });
}

base::Result<registry::Rows> RegistryTable::load() {
    return session_.connection().transaction(
        "loading the registry", [](pqxx::work& tx) -> base::Result<registry::Rows> {
            tx.exec(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");  // one moment for all tables
            registry::Rows out;
            for (const auto& row : run(tx, load_tenants)) {
                out.tenants.push_back({row[0].as<std::string>(), row[1].as<std::string>(),
                                       row[2].as<std::string>(), row[3].as<std::string>(),
                                       maybe_event_time(row[4]), row[5].as<std::string>(),
                                       row[6].as<std::string>()});
            }
            for (const auto& row : run(tx, load_keys)) {
                out.keys.push_back({row[0].as<std::string>(), row[1].as<std::string>(),
                                    row[2].as<std::string>(), maybe_event_time(row[3]),
                                    maybe_event_time(row[4]), networks_of(row[5])});
            }
            for (const auto& row : run(tx, load_parties)) {
                out.parties.push_back({row[0].as<std::string>(), row[1].as<std::string>(),
                                       elements(row[2]), elements(row[3]), networks_of(row[4]),
                                       row[5].as<std::string>(), row[6].as<std::string>()});
            }
            for (auto& one : stored_licences(tx)) out.licences.push_back(std::move(one.licence));
            for (const auto& row : run(tx, load_gates)) {
                out.gates.push_back({row[0].as<std::string>(), row[1].as<std::string>(),
                                     elements(row[2]), row[3].as<std::string>()});
            }
            for (const auto& row : run(tx, load_leaks)) {
                out.leaks.push_back({row[0].as<std::string>(), row[1].as<std::string>(),
                                     maybe_event_time(row[2]), row[3].as<std::string>()});
            }
            return out;
        });
}

base::Result<std::uint64_t> RegistryTable::version() {
    return session_.connection().transaction(
        "reading the registry's version", [](pqxx::work& tx) -> base::Result<std::uint64_t> {
            return run(tx, load_version)[0][0].as<std::uint64_t>();
        });
}

}  // namespace store
