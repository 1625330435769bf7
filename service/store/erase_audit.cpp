#include "store/erase_audit.hpp"

#include "store/audit_row.hpp"
#include "store/connection.hpp"

#include <vector>

namespace store {
namespace {

using coverage::AuditEntry;

constexpr const char* load_all_sql =
    "DECLARE entries NO SCROLL CURSOR FOR SELECT n, callerprint.micros(at), actor, action, object,"
    " details::text, keyed, mac, erased FROM callerprint.audit ORDER BY n";
// The trigger keeps everybody from changing entries, the owner, too; whoever takes it away without
// the key is found by the chain.
constexpr const char* open_audit = "ALTER TABLE callerprint.audit DISABLE TRIGGER audit_stays";
constexpr const char* close_audit =
    "ALTER TABLE callerprint.audit ENABLE ALWAYS TRIGGER audit_stays";
constexpr const char* may_update = "GRANT UPDATE ON callerprint.audit TO CURRENT_USER";
constexpr const char* may_not_update = "REVOKE UPDATE ON callerprint.audit FROM CURRENT_USER";
constexpr const char* change_entry =
    "UPDATE callerprint.audit SET actor = $2, object = $3, details = $4::jsonb WHERE n = $1"
    " RETURNING n, callerprint.micros(at), actor, action, object, details::text, keyed, mac, "
    "erased";
constexpr const char* prove_entry = "UPDATE callerprint.audit SET erased = $2 WHERE n = $1";

struct Named {
    base::Digest previous{};
    AuditEntry entry;
};

bool names(const erase::Subjects& subjects, const AuditEntry& entry) {
    return subjects.in(entry.actor) || subjects.in(entry.object) || subjects.in(entry.details);
}

/// Those that name the person, each with the mac before it.
std::vector<Named> find(pqxx::work& tx, const erase::Subjects& subjects) {
    std::vector<Named> out;
    base::Digest previous{};
    tx.exec(load_all_sql);
    for (;;) {
        const auto rows = tx.exec("FETCH 1000 FROM entries");
        for (const auto& row : rows) {
            auto entry = audit_entry_of(row);
            const auto mac = entry.mac;
            if (names(subjects, entry)) out.push_back({previous, std::move(entry)});
            previous = mac;
        }
        if (rows.size() < 1000) break;
    }
    tx.exec("CLOSE entries");
    return out;
}

void change(pqxx::work& tx, const std::string& key, const erase::Subjects& subjects, Named& named) {
    auto& entry = named.entry;
    for (auto* text : {&entry.actor, &entry.object, &entry.details}) subjects.replace(*text);
    const auto n = static_cast<std::int64_t>(entry.n);
    const auto left =
        run(tx, change_entry,
            Params().integer(n).text(entry.actor).text(entry.object).text(entry.details));
    const auto proof = coverage::erased_mac_of(key, named.previous, audit_entry_of(left[0]));
    run(tx, prove_entry,
        Params().integer(n).bytes({reinterpret_cast<const char*>(proof.data()), proof.size()}));
}

}  // namespace

base::Result<std::uint64_t> count_audit(Session& session, const erase::Subjects& subjects) {
    return session.connection().look(
        "looking for a person in the audit",
        [&](pqxx::work& tx) -> base::Result<std::uint64_t> { return find(tx, subjects).size(); });
}

base::Result<std::uint64_t> erase_audit(Session& session, const erase::Subjects& subjects) {
    const auto& key = session.options().audit_key;
    if (key.empty()) return base::fail(base::Fault::invalid, "erasing needs data_dir/secret.key");
    return session.connection().transaction(
        "erasing a person in the audit", [&](pqxx::work& tx) -> base::Result<std::uint64_t> {
            // Before the entries are read: nobody appends meanwhile, and nobody changes the
            // trigger.
            tx.exec("SELECT FROM callerprint.audit_head FOR UPDATE");
            auto named = find(tx, subjects);
            if (named.empty()) return 0;
            for (const auto* statement : {open_audit, may_update}) tx.exec(statement);
            for (auto& one : named) change(tx, key, subjects, one);
            for (const auto* statement : {may_not_update, close_audit}) tx.exec(statement);
            return named.size();
        });
}

}  // namespace store
