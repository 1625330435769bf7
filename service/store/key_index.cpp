#include "store/key_index.hpp"

#include "store/copy_rows.hpp"
#include "store/key_marks.hpp"

#include <string_view>

namespace store {
namespace {

using registry::KeyClue;
using registry::KeyMark;

constexpr const char* make_incoming =
    "CREATE TEMPORARY TABLE IF NOT EXISTS in_key_index (key_uid text NOT NULL, kind text NOT NULL,"
    " length smallint NOT NULL, digest bytea NOT NULL)"
    " ON COMMIT DELETE ROWS";
constexpr const char* count_changed =
    "SELECT count(DISTINCT key_uid) FROM in_key_index AS n WHERE NOT EXISTS (SELECT FROM"
    " callerprint.key_index AS k WHERE k.replaced_at IS NULL"
    " AND (k.key_uid, k.kind, k.length, k.digest) = (n.key_uid, n.kind, n.length, n.digest))";
// Of another key under the same uid nothing may stay: its pieces would be found by those of the old
// one.
constexpr const char* drop_other_keys =
    "UPDATE callerprint.key_index AS k SET replaced_at = callerprint.at($1)"
    " FROM in_key_index AS n, callerprint.key_index AS o"
    " WHERE k.replaced_at IS NULL AND o.replaced_at IS NULL AND n.kind = 'whole' AND o.kind = "
    "'whole' AND o.key_uid = n.key_uid"
    " AND o.digest <> n.digest AND k.key_uid = n.key_uid";
constexpr const char* drop_stale =
    "UPDATE callerprint.key_index AS k SET replaced_at = callerprint.at($1)"
    " FROM (SELECT DISTINCT key_uid, kind FROM in_key_index) AS n"
    " WHERE k.replaced_at IS NULL AND (k.key_uid, k.kind) = (n.key_uid, n.kind) AND NOT EXISTS"
    " (SELECT FROM in_key_index AS i WHERE (i.key_uid, i.kind, i.length, i.digest) ="
    " (k.key_uid, k.kind, k.length, k.digest))";
constexpr const char* put_marks =
    "INSERT INTO callerprint.key_index (key_uid, kind, length, digest, recorded_at)"
    " SELECT key_uid, kind, length, digest, callerprint.at($1) FROM in_key_index"
    " ORDER BY key_uid, kind, length"
    " ON CONFLICT (key_uid, kind, length) WHERE replaced_at IS NULL DO NOTHING";

constexpr const char* find_marks =
    "WITH moment AS (SELECT coalesce(callerprint.at($6), 'infinity') AS at),"
    " marks AS NOT MATERIALIZED (SELECT k.* FROM callerprint.key_index AS k"
    " WHERE recorded_at <= coalesce(callerprint.at($6), 'infinity')"
    " AND coalesce(replaced_at > coalesce(callerprint.at($6), 'infinity'), true)),"
    " found AS (SELECT key_uid FROM marks WHERE kind = $1 AND length = $2 AND digest = $3"
    " UNION SELECT unnest($4::text[])),"
    " tenants AS (SELECT k.uid, k.tenant FROM callerprint.keys AS k JOIN found ON uid = key_uid,"
    " moment WHERE k.imported_at <= at UNION ALL SELECT v.uid, v.tenant FROM moment,"
    " callerprint.registry_history AS h, jsonb_populate_record(NULL::callerprint.keys, h.version)"
    " AS v WHERE h.kind = 'key' AND h.recorded_from <= at AND h.recorded_to > at)"
    " SELECT f.key_uid, coalesce(t.tenant, ''), s.digest FROM found AS f"
    " LEFT JOIN tenants AS t ON t.uid = f.key_uid"
    " LEFT JOIN marks AS s ON s.key_uid = f.key_uid AND s.kind = 'scrubbed'"
    " WHERE t.uid IS NOT NULL OR EXISTS (SELECT FROM marks AS m WHERE m.key_uid = f.key_uid"
    " AND m.kind = $1 AND m.length = $2 AND m.digest = $3)"
    " ORDER BY f.key_uid LIMIT $5";
constexpr const char* count_keys =
    "SELECT count(*) FROM callerprint.key_index WHERE kind = $1 AND length = $2"
    " AND recorded_at <= coalesce(callerprint.at($3), 'infinity')"
    " AND coalesce(replaced_at > coalesce(callerprint.at($3), 'infinity'), true)";

}  // namespace

std::size_t put_key_marks(pqxx::work& tx, Connection& connection, std::span<const KeyMark> marks,
                          base::WallTime now) {
    if (marks.empty()) return 0;
    if (connection.first_use("in_key_index")) tx.exec(make_incoming);
    copy_rows(tx, "in_key_index", "key_uid, kind, length, digest", marks,
              [](CopyText& out, const KeyMark& mark) {
                  const auto* first = reinterpret_cast<const std::uint8_t*>(mark.digest.data());
                  out.text(mark.key).text(registry::name(mark.part)).integer(mark.length);
                  out.text("\\x" + base::hex({first, mark.digest.size()}));
              });
    tx.exec("ANALYZE in_key_index");
    const auto changed = tx.exec1(count_changed)[0].as<std::size_t>();
    run(tx, drop_other_keys, Params().time(now));
    run(tx, drop_stale, Params().time(now));
    run(tx, put_marks, Params().time(now));
    return changed;
}

base::Result<std::vector<KeyHit>> find_keys(Session& session, const KeyClue& clue,
                                            std::optional<base::WallTime> as_of) {
    return session.connection().transaction(
        "looking for keys", [&](pqxx::work& tx) -> base::Result<std::vector<KeyHit>> {
            std::vector<KeyHit> out;
            const auto params = Params()
                                    .text(registry::name(clue.part))
                                    .integer(clue.length)
                                    .bytes(clue.digest)
                                    .texts(clue.credential_uids)
                                    .integer(max_key_hits + 1)
                                    .time(as_of);
            for (const auto& row : run(tx, find_marks, params)) {
                KeyHit hit;
                hit.key = row[0].as<std::string>();
                hit.tenant = row[1].as<std::string>();
                hit.match = clue.kind;
                hit.length = clue.length;
                hit.credential_uids = clue.credential_uids;
                if (!row[2].is_null())
                    hit.credential_uids = registry::scrubbed_names(bytes_of(row[2]));
                std::erase(hit.credential_uids, hit.key);
                hit.credential_uids.insert(hit.credential_uids.begin(), hit.key);
                out.push_back(std::move(hit));
            }
            if (out.empty() && clue.may_be_literal) {
                return base::fail(base::Fault::invalid,
                                  std::string(registry::name(clue.kind)) +
                                      ": may be no more than what all keys of a kind begin with; "
                                      "give more characters");
            }
            return out;
        });
}

base::Result<std::uint64_t> indexed_keys(Session& session, const KeyClue& clue,
                                         std::optional<base::WallTime> as_of) {
    return session.connection().transaction(
        "counting the key index", [&](pqxx::work& tx) -> base::Result<std::uint64_t> {
            const auto params =
                Params().text(registry::name(clue.part)).integer(clue.length).time(as_of);
            return run(tx, count_keys, params)[0][0].as<std::uint64_t>();
        });
}

}  // namespace store
