#include "store/erase_rows.hpp"

#include "base/kill_point.hpp"
#include "store/connection.hpp"
#include "store/erase_audit.hpp"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace store {
namespace {

constexpr int most_rounds = 5;
constexpr int rows_at_a_time = 500;

// Leaves of partitioned tables come by themselves, with the name of their root. Types that hold
// text, addresses or JSON, arrays of them, and composite types. Of bytea, which is digests, seals
// and compressed state, the bodies of webhooks alone are text.
constexpr const char* find_columns =
    "SELECT c.relname, coalesce(pg_partition_root(c.oid)::regclass, c.oid::regclass)::text,"
    " a.attname, format_type(a.atttypid, a.atttypmod)"
    " FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid"
    " JOIN pg_type AS t ON t.oid = a.atttypid LEFT JOIN pg_type AS e ON e.oid = t.typelem"
    " WHERE c.relnamespace = 'callerprint'::regnamespace AND c.relkind = 'r' AND a.attnum > 0"
    " AND NOT a.attisdropped AND a.attgenerated = '' AND c.relname NOT IN ('erasures', 'audit')"
    " AND (CASE WHEN t.typcategory = 'A' THEN e.typcategory ELSE t.typcategory END IN ('S', 'I', "
    "'C')"
    " OR t.typname IN ('json', 'jsonb', '_json', '_jsonb')"
    " OR (c.relname, a.attname) = ('outbox', 'body'))"
    " ORDER BY c.relname, a.attnum";

struct Column {
    std::string name;
    std::string type;
};
struct Table {
    std::string name;
    std::string root;
    std::vector<Column> columns;
};

std::vector<Table> tables(pqxx::work& tx) {
    std::vector<Table> out;
    for (const auto& row : run(tx, find_columns)) {
        const auto name = row[0].as<std::string>();
        if (out.empty() || out.back().name != name) {
            auto root = row[1].as<std::string>();
            root = root.substr(root.find('.') + 1);
            out.push_back({name, std::move(root), {}});
        }
        out.back().columns.push_back({row[2].as<std::string>(), row[3].as<std::string>()});
    }
    return out;
}

/// The column's contents as text. Bodies of webhooks are UTF-8.
std::string as_text(const pqxx::work& tx, const Column& column) {
    const auto name = "t." + tx.quote_name(column.name);
    if (column.type == "bytea") return "convert_from(" + name + ", 'UTF8')";
    return name + "::text";
}

std::string from_text(const Column& column, std::size_t parameter) {
    const auto value = "$" + std::to_string(parameter) + "::text";
    if (column.type == "bytea") return "convert_to(" + value + ", 'UTF8')";
    return value + "::" + column.type;
}

/// All that is text in a row, in one text: each needle then looks once.
std::string all_text(const pqxx::work& tx, const Table& table) {
    std::string out = "concat_ws(chr(31)";
    for (const auto& column : table.columns) out += ", " + as_text(tx, column);
    return out + ")";
}

/// True for every row that names the person, and for some others.
std::string likely(const pqxx::work& tx, const erase::Subjects& subjects) {
    std::string out;
    for (const auto& subject : subjects.all()) {
        const char* text = subject.any_case() ? "lower(a.text)" : "a.text";
        for (const auto& needle : subject.needles())
            out += (out.empty() ? "" : " OR ") + std::string("position(") + tx.quote(needle) +
                   " IN " + text + ") > 0";
    }
    return out;
}

/// OFFSET 0 keeps the text from being made anew for each needle.
std::string selection(const pqxx::work& tx, const Table& table, const erase::Subjects& subjects) {
    std::string out = "SELECT t.ctid::text";
    for (const auto& column : table.columns) out += ", " + as_text(tx, column);
    return out + " FROM ONLY callerprint." + tx.quote_name(table.name) + " AS t, LATERAL (SELECT " +
           all_text(tx, table) + " AS text OFFSET 0) AS a WHERE " + likely(tx, subjects);
}

/// Lines that were changed have another digest, which stands beside them and in the alert and its
/// webhooks: with the one of before somebody could try out whose address it was.
constexpr const char* renew_digest =
    "WITH changed AS (SELECT e.n, e.alert_id, e.sha256 AS before,"
    " encode(sha256(convert_to(e.raw, 'UTF8')), 'hex') AS after FROM callerprint.evidence AS e"
    " WHERE e.ctid = $1::tid), alert AS (UPDATE callerprint.alerts AS a SET evidence ="
    " replace(a.evidence::text, c.before, c.after)::jsonb FROM changed AS c WHERE a.id = "
    "c.alert_id),"
    " sent AS (UPDATE callerprint.outbox AS o SET body = convert_to(replace(convert_from(o.body,"
    " 'UTF8'), c.before, c.after), 'UTF8') FROM changed AS c WHERE o.alert_id = c.alert_id)"
    " UPDATE callerprint.evidence AS e SET sha256 = c.after FROM changed AS c WHERE e.n = c.n";

class TableEraser {
public:
    TableEraser(pqxx::work& tx, const Table& table, const erase::Subjects& subjects,
                std::string_view erasure)
        : tx_(tx), table_(table), subjects_(subjects), erasure_(erasure) {}

    std::uint64_t run() {
        tx_.exec("DECLARE named NO SCROLL CURSOR FOR " + selection(tx_, table_, subjects_) +
                 " FOR UPDATE OF t");
        std::uint64_t changed = 0;
        for (;;) {
            const auto rows = tx_.exec("FETCH " + std::to_string(rows_at_a_time) + " FROM named");
            for (const auto& row : rows) changed += change(row) ? 1 : 0;
            if (rows.size() < rows_at_a_time) break;
        }
        tx_.exec("CLOSE named");
        return changed;
    }

private:
    bool change(const pqxx::row& row) {
        Params params;
        std::string set;
        for (std::size_t i = 0; i < table_.columns.size(); ++i) {
            const auto& field = row[static_cast<pqxx::row::size_type>(i + 1)];
            if (field.is_null()) continue;
            auto text = field.as<std::string>();
            if (subjects_.replace(text) == 0) continue;
            params.text(text);
            set += (set.empty() ? "" : ", ") + tx_.quote_name(table_.columns[i].name) + " = " +
                   from_text(table_.columns[i], params.size());
        }
        if (set.empty()) return false;
        if (table_.root == "answers") {
            params.text(erasure_);
            set += ", erasure = $" + std::to_string(params.size());
        }
        params.text(row[0].as<std::string>());
        const auto done = store::run(
            tx_,
            ("UPDATE ONLY callerprint." + tx_.quote_name(table_.name) + " SET " + set +
             " WHERE ctid = $" + std::to_string(params.size()) + "::tid RETURNING ctid::text")
                .c_str(),
            params);
        if (table_.root == "evidence" && !done.empty())
            store::run(tx_, renew_digest, Params().text(done[0][0].as<std::string>()));
        return true;
    }

    pqxx::work& tx_;
    const Table& table_;
    const erase::Subjects& subjects_;
    std::string_view erasure_;
};

base::Result<std::vector<Table>> read_tables(Session& session) {
    return session.connection().look(
        "reading the catalogue",
        [](pqxx::work& tx) -> base::Result<std::vector<Table>> { return tables(tx); });
}

std::uint64_t count(pqxx::work& tx, const Table& table, const erase::Subjects& subjects) {
    std::uint64_t out = 0;
    tx.exec("DECLARE named NO SCROLL CURSOR FOR " + selection(tx, table, subjects));
    for (;;) {
        const auto rows = tx.exec("FETCH " + std::to_string(rows_at_a_time) + " FROM named");
        for (const auto& row : rows) {
            const auto names = [&](const pqxx::field& field) {
                return !field.is_null() && subjects.in(field.c_str());
            };
            out += std::any_of(row.begin() + 1, row.end(), names) ? 1 : 0;
        }
        if (rows.size() < rows_at_a_time) break;
    }
    tx.exec("CLOSE named");
    return out;
}

/// Whoever holds the registry in memory sees by this that it has to be read again.
constexpr const char* renew_registry =
    "UPDATE callerprint.registry_version SET version = version + 1, changed_at = clock_timestamp(),"
    " imported_at = clock_timestamp()";

bool of_registry(const RowsByTable& rows) {
    static constexpr std::string_view tables[] = {
        "tenants", "keys",   "parties", "licences",  "gates",
        "leaks",   "owners", "claims",  "key_index", "registry_history"};
    return std::ranges::any_of(
        tables, [&](std::string_view name) { return rows.contains(std::string(name)); });
}

/// The server keeps the commonest values of a column for itself, and old versions of rows.
void tidy(Session& session, const std::set<std::string>& names) {
    if (!session.connection().ensure()) return;
    for (const auto& name : names) {
        try {
            pqxx::nontransaction tx(session.connection().raw());
            tx.exec("VACUUM ANALYZE callerprint." + tx.quote_name(name));
        } catch (const std::exception&) {  // autovacuum comes by itself, later
            session.connection().drop();
            return;
        }
    }
}

}  // namespace

base::Result<RowsByTable> count_rows(Session& session, const erase::Subjects& subjects) {
    const auto all = read_tables(session);
    if (!all) return std::unexpected(all.error());
    RowsByTable out;
    for (const auto& table : *all) {
        const auto found = session.connection().look(
            "looking for a person's rows", [&](pqxx::work& tx) -> base::Result<std::uint64_t> {
                return count(tx, table, subjects);
            });
        if (!found) return std::unexpected(found.error());
        if (*found > 0) out[table.root] += *found;
    }
    const auto entries = count_audit(session, subjects);
    if (!entries) return std::unexpected(entries.error());
    if (*entries > 0) out["audit"] = *entries;
    return out;
}

base::Result<RowsByTable> erase_rows(Session& session, const erase::Subjects& subjects,
                                     std::string_view erasure, const std::stop_token& stop) {
    RowsByTable out;
    std::set<std::string> touched;
    for (int round = 0; round < most_rounds; ++round) {
        const auto all = read_tables(session);
        if (!all) return std::unexpected(all.error());
        std::uint64_t changed = 0;
        for (const auto& table : *all) {
            if (stop.stop_requested())
                return base::fail(base::Fault::unavailable, "the server is stopping");
            const auto rows = session.connection().transaction(
                "erasing a person's rows", [&](pqxx::work& tx) -> base::Result<std::uint64_t> {
                    return TableEraser(tx, table, subjects, erasure).run();
                });
            if (!rows) return std::unexpected(rows.error());
            BASE_KILL_POINT("store.erase.table");
            if (*rows == 0) continue;
            changed += *rows;
            out[table.root] += *rows;
            touched.insert(table.name);
        }
        const auto entries = erase_audit(session, subjects);
        if (!entries) return std::unexpected(entries.error());
        BASE_KILL_POINT("store.erase.audit");
        if (*entries > 0) {
            changed += *entries;
            out["audit"] += *entries;
            touched.insert("audit");
        }
        if (changed > 0) continue;
        if (of_registry(out)) {
            const auto renewed = session.connection().transaction(
                "renewing the registry", [](pqxx::work& tx) -> base::Result<void> {
                    run(tx, renew_registry);
                    return {};
                });
            if (!renewed) return std::unexpected(renewed.error());
        }
        tidy(session, touched);
        return out;
    }
    return base::fail(base::Fault::conflict,
                      "rows that name the person keep coming; the erasure is tried again");
}

}  // namespace store
