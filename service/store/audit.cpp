#include "store/audit.hpp"

#include "store/audit_entry.hpp"
#include "store/audit_row.hpp"

#include <algorithm>
#include <stdexcept>

namespace store {
namespace {

using base::Digest;
using coverage::AuditAnchor;
using coverage::AuditEntry;

// The clock is read behind the lock, so that times ascend as the numbers do; the texts come back as
// the database keeps them, which is what the mac is made of.
constexpr const char* lock_head =
    "SELECT n, mac, keyed, callerprint.micros(clock_timestamp()), $1::text, $2::text, $3::text,"
    " $4::jsonb::text FROM callerprint.audit_head FOR UPDATE";
constexpr const char* add_entry =
    "INSERT INTO callerprint.audit (n, at, actor, action, object, details, mac)"
    " VALUES ($1, callerprint.at($2), $3, $4, $5, $6::jsonb, $7)";
constexpr const char* move_head =
    "UPDATE callerprint.audit_head SET n = $1, mac = $2, keyed = true";
constexpr const char* load_head = "SELECT n, mac, keyed FROM callerprint.audit_head";
constexpr const char* load_first =
    "SELECT n, callerprint.micros(at), actor, action, object, details::text, keyed, mac, erased"
    " FROM callerprint.audit WHERE n >= (SELECT coalesce(max(n), 0) FROM callerprint.audit"
    " WHERE NOT keyed) ORDER BY n LIMIT 2";
constexpr const char* load_some =
    "SELECT n, callerprint.micros(at), actor, action, object, details::text, keyed, mac, erased"
    " FROM callerprint.audit WHERE n > $1 ORDER BY n LIMIT 1000";

std::string_view view(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Digest digest_of(std::string_view bytes) {
    Digest out{};
    if (bytes.size() == out.size()) std::ranges::copy(bytes, out.begin());
    return out;
}

AuditAnchor head_of(const pqxx::row& row) {
    return {static_cast<std::uint64_t>(row[0].as<long long>()), digest_of(bytes_of(row[1]))};
}

pqxx::result lock(pqxx::transaction_base& tx, std::string_view actor, std::string_view action,
                  std::string_view object, std::string_view details) {
    return run(tx, lock_head, Params().text(actor).text(action).text(object).text(details));
}

/// `said`: what lock() gave.
void append(pqxx::transaction_base& tx, const std::string& key, const pqxx::row& said) {
    const auto head = head_of(said);
    AuditEntry entry{.n = head.n + 1,
                     .at = wall_time_of(said[3]),
                     .actor = said[4].as<std::string>(),
                     .action = said[5].as<std::string>(),
                     .object = said[6].as<std::string>(),
                     .details = said[7].as<std::string>()};
    entry.mac = coverage::mac_of(key, head.mac, entry);
    const auto n = static_cast<std::int64_t>(entry.n);
    run(tx, add_entry,
        Params()
            .integer(n)
            .time(entry.at)
            .text(entry.actor)
            .text(entry.action)
            .text(entry.object)
            .text(entry.details)
            .bytes(view(entry.mac)));
    run(tx, move_head, Params().integer(n).bytes(view(entry.mac)));
}

/// The first keyed entry says how many plain ones it binds.
void begin(pqxx::transaction_base& tx, const std::string& key, const AuditAnchor& head) {
    append(tx, key, lock(tx, "callerprint", "audit.begin", std::to_string(head.n), "{}")[0]);
}

/// Whether the first keyed entry was made under `key`.
bool fits(const pqxx::result& first, const std::string& key) {
    Digest before{};
    for (const auto& row : first) {
        const auto entry = audit_entry_of(row);
        if (entry.keyed) return coverage::is_genuine(key, before, entry);
        before = entry.mac;
    }
    return false;
}

}  // namespace

AuditEntry audit_entry_of(const pqxx::row& row) {
    return {.n = static_cast<std::uint64_t>(row[0].as<long long>()),
            .at = wall_time_of(row[1]),
            .actor = row[2].as<std::string>(),
            .action = row[3].as<std::string>(),
            .object = row[4].as<std::string>(),
            .details = row[5].as<std::string>(),
            .keyed = row[6].as<bool>(),
            .mac = digest_of(bytes_of(row[7])),
            .erased = row[8].is_null() ? std::nullopt : std::optional(digest_of(bytes_of(row[8])))};
}

base::Result<bool> audit_begun(Session& session) {
    return session.connection().look(
        "looking at the audit",
        [](pqxx::work& tx) -> base::Result<bool> { return run(tx, load_head)[0][2].as<bool>(); });
}

base::Result<void> begin_audit(Session& session) {
    const auto& key = session.options().audit_key;
    return session.connection().transaction(
        "beginning the audit", [&](pqxx::work& tx) -> base::Result<void> {
            if (run(tx, load_head)[0][2].as<bool>()) {
                if (key.empty() || fits(run(tx, load_first), key)) return {};
                return base::fail(base::Fault::conflict,
                                  "secret.key is not the one that this database was made with, or "
                                  "the first entries of its audit were changed: restore the key "
                                  "from the backup");
            }
            if (key.empty())
                return base::fail(base::Fault::not_found, "there is no key for the audit");
            const auto said = lock(tx, "", "", "", "{}");
            if (!said[0][2].as<bool>()) begin(tx, key, head_of(said[0]));
            return {};
        });
}

void audit(const Session& session, pqxx::transaction_base& tx, std::string_view actor,
           std::string_view action, std::string_view object, std::string_view details_json) {
    const auto& key = session.options().audit_key;
    if (key.empty())
        throw std::runtime_error(
            "this needs an entry in the audit, and secret.key is not in data_dir");
    auto said = lock(tx, actor, action, object, details_json);
    if (!said[0][2].as<bool>()) {
        begin(tx, key, head_of(said[0]));
        said = lock(tx, actor, action, object, details_json);
    }
    append(tx, key, said[0]);
}

base::Result<AuditFindings> walk_audit(Session& session, std::optional<AuditAnchor> since,
                                       std::vector<AuditAnchor> anchors) {
    const auto& key = session.options().audit_key;
    if (key.empty())
        return base::fail(base::Fault::invalid, "checking the audit needs data_dir/secret.key");
    return session.connection().look(
        "walking the audit", [&](pqxx::work& tx) -> base::Result<AuditFindings> {
            tx.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
            coverage::AuditWalk walk(key, since, std::move(anchors));
            while (!walk.fault()) {
                const auto rows =
                    run(tx, load_some, Params().integer(static_cast<std::int64_t>(walk.last().n)));
                if (rows.empty()) break;
                for (const auto& row : rows)
                    if (!walk.take(audit_entry_of(row))) break;
            }
            walk.finish(head_of(run(tx, load_head)[0]));
            return AuditFindings{.entries = walk.entries(),
                                 .plain = walk.plain(),
                                 .erased = walk.erased(),
                                 .last = walk.last(),
                                 .fault = walk.fault()};
        });
}

}  // namespace store
