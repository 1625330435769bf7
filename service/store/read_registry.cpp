#include "store/read_registry.hpp"

#include "call/address.hpp"
#include "store/stored_licences.hpp"

#include <string>

namespace store {
namespace {

using registry::Licence;

/// What is read of one kind of row.
struct Reading {
    const char* kind;
    const char* table;
    const char* columns;
    const char* order;
};

constexpr Reading tenants{"tenant", "callerprint.tenants",
                          "uid, name, tier, status, callerprint.micros(created), country, party",
                          "uid"};
constexpr Reading keys{"key", "callerprint.keys",
                       "uid, tenant, status, callerprint.micros(created),"
                       " callerprint.micros(revoked), declared_origin",
                       "uid"};
constexpr Reading parties{"party", "callerprint.parties",
                          "uid, name, aliases, domains, networks, class, country", "uid"};
constexpr Reading licences{
    "licence", "callerprint.licences",
    "n, uid, subject_kind, subject, service, operations, parameters, use_case, regions,"
    " callerprint.micros(valid_from), callerprint.micros(valid_to),"
    " callerprint.micros(known_from), callerprint.micros(known_to), grace_seconds",
    "n"};
constexpr Reading gates{"gate", "callerprint.gates", "uid, service, operations, clause", "uid"};
constexpr Reading leaks{"leak", "callerprint.leaks",
                        "key, key_hash, callerprint.micros(first_seen), source",
                        "key, key_hash, source"};
constexpr Reading owners{"owner", "callerprint.owners",
                         "party, owner, share_ppm, callerprint.micros(valid_from),"
                         " callerprint.micros(valid_to), callerprint.micros(known_from),"
                         " callerprint.micros(known_to)",
                         "party, owner, valid_from NULLS FIRST"};
constexpr Reading claims{"claim", "callerprint.claims",
                         "uid, party, name, statement, source, callerprint.micros(date), clues,"
                         " callerprint.micros(known_from), callerprint.micros(known_to)",
                         "uid"};

constexpr const char* load_newest =
    "SELECT callerprint.micros(imported_at) FROM callerprint.registry_version";

pqxx::result read(pqxx::transaction_base& tx, const Reading& reading, AsOf as_of) {
    const std::string table = reading.table;
    std::string sql = std::string("SELECT ") + reading.columns + " FROM ";
    if (as_of) {
        sql += "(SELECT * FROM " + table + " WHERE imported_at <= callerprint.at($1)";
        sql += " UNION ALL SELECT v.* FROM callerprint.registry_history AS h,";
        sql += " jsonb_populate_record(NULL::" + table + ", h.version) AS v WHERE h.kind = '";
        sql += reading.kind;
        sql += "' AND h.recorded_from <= callerprint.at($1)";
        sql += " AND h.recorded_to > callerprint.at($1)) AS past";
    } else {
        sql += table;
    }
    sql += std::string(" ORDER BY ") + reading.order;
    return as_of ? run(tx, sql.c_str(), Params().time(*as_of)) : run(tx, sql.c_str());
}

std::vector<call::Network> networks_of(const pqxx::field& field) {
    std::vector<call::Network> out;
    for (const auto& text : elements(field)) {
        if (const auto network = call::parse_network(text)) out.push_back(*network);
    }
    return out;
}

std::string text_of(const pqxx::field& field) {
    return field.as<std::string>();
}

void read_holders(pqxx::transaction_base& tx, AsOf as_of, registry::Rows& out) {
    for (const auto& row : read(tx, tenants, as_of)) {
        out.tenants.push_back({text_of(row[0]), text_of(row[1]), text_of(row[2]), text_of(row[3]),
                               maybe_event_time(row[4]), text_of(row[5]), text_of(row[6])});
    }
    for (const auto& row : read(tx, keys, as_of)) {
        out.keys.push_back({text_of(row[0]), text_of(row[1]), text_of(row[2]),
                            maybe_event_time(row[3]), maybe_event_time(row[4]),
                            networks_of(row[5])});
    }
    for (const auto& row : read(tx, parties, as_of)) {
        out.parties.push_back({text_of(row[0]), text_of(row[1]), elements(row[2]), elements(row[3]),
                               networks_of(row[4]), text_of(row[5]), text_of(row[6])});
    }
}

void read_rules(pqxx::transaction_base& tx, AsOf as_of, registry::Rows& out) {
    for (auto& one : stored_licences(tx, as_of)) out.licences.push_back(std::move(one.licence));
    for (const auto& row : read(tx, gates, as_of)) {
        out.gates.push_back({text_of(row[0]), text_of(row[1]), elements(row[2]), text_of(row[3])});
    }
}

void read_reports(pqxx::transaction_base& tx, AsOf as_of, registry::Rows& out) {
    for (const auto& row : read(tx, leaks, as_of)) {
        out.leaks.push_back(
            {text_of(row[0]), text_of(row[1]), maybe_event_time(row[2]), text_of(row[3])});
    }
    for (const auto& row : read(tx, owners, as_of)) {
        registry::Owner one;
        one.party = text_of(row[0]);
        one.owner = text_of(row[1]);
        if (!row[2].is_null()) one.share_ppm = row[2].as<std::uint32_t>();
        one.valid_from = maybe_event_time(row[3]);
        one.valid_to = maybe_event_time(row[4]);
        one.known_from = maybe_event_time(row[5]);
        one.known_to = maybe_event_time(row[6]);
        out.owners.push_back(std::move(one));
    }
    for (const auto& row : read(tx, claims, as_of)) {
        out.claims.push_back({text_of(row[0]), text_of(row[1]), text_of(row[2]), text_of(row[3]),
                              text_of(row[4]), maybe_event_time(row[5]), elements(row[6]),
                              maybe_event_time(row[7]), maybe_event_time(row[8])});
    }
}

}  // namespace

std::vector<StoredLicence> stored_licences(pqxx::transaction_base& tx, AsOf as_of) {
    std::vector<StoredLicence> out;
    for (const auto& row : read(tx, licences, as_of)) {
        StoredLicence one;
        one.n = row[0].as<long long>();
        auto& licence = one.licence;
        licence.uid = text_of(row[1]);
        licence.subject_kind =
            text_of(row[2]) == "party" ? Licence::Subject::party : Licence::Subject::tenant;
        licence.subject = text_of(row[3]);
        licence.service = text_of(row[4]);
        licence.operations = elements(row[5]);
        licence.parameters = elements(row[6]);
        licence.use_case = text_of(row[7]);
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

base::Result<registry::Rows> read_registry(Session& session, std::optional<base::WallTime> as_of) {
    return session.connection().transaction(
        "reading the registry", [&](pqxx::work& tx) -> base::Result<registry::Rows> {
            // One moment for all tables.
            tx.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
            registry::Rows out;
            read_holders(tx, as_of, out);
            read_rules(tx, as_of, out);
            read_reports(tx, as_of, out);
            return out;
        });
}

base::Result<std::optional<base::WallTime>> newest_import(Session& session) {
    return session.connection().transaction(
        "reading the newest import",
        [](pqxx::work& tx) -> base::Result<std::optional<base::WallTime>> {
            return maybe_wall_time(run(tx, load_newest)[0][0]);
        });
}

}  // namespace store
