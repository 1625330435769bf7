#include "store/read_only.hpp"

#include "store/connection.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace store {
namespace {

using base::Fault;
using Clock = std::chrono::steady_clock;

constexpr const char* role = "callerprint_read";
constexpr const char* who = "SELECT current_user = 'callerprint_read'";
constexpr const char* begin_read = "SET TRANSACTION READ ONLY";
constexpr const char* fetch = "FETCH FORWARD 200 FROM investigation";
constexpr const char* type_names =
    "SELECT oid, format_type(oid, NULL) FROM pg_catalog.pg_type"
    " WHERE oid = ANY ($1::oid[])";
// Views, and functions that return a row with names.
constexpr const char* describe_views =
    "SELECT v.name, v.comment, a.attname, format_type(a.atttypid, a.atttypmod),"
    " col_description(v.oid, a.attnum) FROM (SELECT oid, relname::text AS name,"
    " obj_description(oid, 'pg_class') AS comment FROM pg_catalog.pg_class WHERE relkind = 'v'"
    " AND relnamespace = 'investigate'::regnamespace UNION ALL SELECT t.typrelid,"
    " p.proname || '(' || array_to_string(p.proargnames, ', ') || ')',"
    " obj_description(p.oid, 'pg_proc') FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_type AS t"
    " ON t.oid = p.prorettype WHERE p.pronamespace = 'investigate'::regnamespace) AS v"
    " JOIN pg_catalog.pg_attribute AS a ON a.attrelid = v.oid AND a.attnum > 0"
    " AND NOT a.attisdropped ORDER BY v.name COLLATE \"C\", a.attnum";

/// Position of the statement's first word: behind blanks, parentheses and comments.
std::size_t first_word(std::string_view sql) {
    std::size_t at = 0;
    while (at < sql.size()) {
        if (std::isspace(static_cast<unsigned char>(sql[at])) != 0 || sql[at] == '(') {
            ++at;
        } else if (sql.substr(at).starts_with("--")) {
            at = std::min(sql.find('\n', at), sql.size());
        } else if (sql.substr(at).starts_with("/*")) {
            const auto end = sql.find("*/", at + 2);
            at = end == std::string_view::npos ? sql.size() : end + 2;
        } else {
            break;
        }
    }
    return at;
}

std::string lower_word(std::string_view sql) {
    std::string out;
    for (const char c : sql.substr(first_word(sql))) {
        if (std::isalpha(static_cast<unsigned char>(c)) == 0) break;
        out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return out;
}

/// Without the semicolon that people end a statement with.
std::string_view trimmed(std::string_view sql) {
    while (!sql.empty() &&
           (std::isspace(static_cast<unsigned char>(sql.back())) != 0 || sql.back() == ';')) {
        sql.remove_suffix(1);
    }
    return sql;
}

/// Cancels in the server when asked to or when the time is over. libpq's cancel opens a connection
/// of its own, so it may run beside the statement.
class Canceller {
public:
    Canceller(pqxx::connection& connection, std::stop_token stop, Clock::time_point deadline)
        : connection_(connection), thread_([this, stop, deadline](const std::stop_token& done) {
              wait(stop, done, deadline);
          }) {}
    ~Canceller() {
        thread_.request_stop();
        wake_.notify_all();
    }
    Canceller(const Canceller&) = delete;
    Canceller& operator=(const Canceller&) = delete;

private:
    void wait(const std::stop_token& stop, const std::stop_token& done,
              Clock::time_point deadline) {
        const std::stop_callback on_stop(stop, [this] { wake_.notify_all(); });
        std::unique_lock lock(mutex_);
        while (!done.stop_requested()) {
            if (stop.stop_requested() || Clock::now() >= deadline) {
                try {
                    connection_.cancel_query();
                } catch (const std::exception&) {  // it ended meanwhile
                }
            }
            // Again after a while: a cancel that comes between two statements is lost.
            const auto next =
                Clock::now() + std::chrono::milliseconds(stop.stop_requested() ? 50 : 100);
            wake_.wait_until(lock, next);
        }
    }

    pqxx::connection& connection_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::jthread thread_;  // last: it uses what stands above
};

Table::Kind kind_of(const std::string& type) {
    static constexpr std::array numbers{"smallint",         "integer", "bigint", "real",
                                        "double precision", "numeric", "oid"};
    if (type == "boolean") return Table::Kind::boolean;
    if (type == "json" || type == "jsonb") return Table::Kind::json;
    const bool number =
        std::any_of(numbers.begin(), numbers.end(), [&](const char* n) { return type == n; });
    return number ? Table::Kind::number : Table::Kind::text;
}

std::vector<Table::Column> columns_of(pqxx::transaction_base& tx, const pqxx::result& rows) {
    std::string oids = "{";
    for (pqxx::row_size_type i = 0; i < rows.columns(); ++i) {
        oids += (i == 0 ? "" : ",") + std::to_string(rows.column_type(i));
    }
    std::map<unsigned, std::string> names;
    for (const auto& row : run(tx, type_names, Params().text(oids + "}"))) {
        names[row[0].as<unsigned>()] = row[1].as<std::string>();
    }
    std::vector<Table::Column> out;
    for (pqxx::row_size_type i = 0; i < rows.columns(); ++i) {
        const auto type = names[rows.column_type(i)];
        out.push_back({rows.column_name(i), type, kind_of(type)});
    }
    return out;
}

/// Takes rows until a limit is reached. False: enough.
class Collector {
public:
    Collector(const ReadOnly::Options& options, Table& table) : options_(options), table_(table) {}

    bool take(const pqxx::result& rows) {
        for (const auto& row : rows) {
            if (!options_.on_row && table_.rows.size() == options_.max_rows) return enough();
            std::vector<std::optional<std::string>> values;
            for (const auto& field : row) {
                if (field.is_null()) {
                    values.emplace_back();
                    continue;
                }
                bytes_ += field.size();
                values.emplace_back(std::string(field.c_str(), field.size()));
            }
            if (options_.on_row) {
                if (!options_.on_row(table_.columns, values)) return enough();
                continue;
            }
            if (bytes_ > options_.max_bytes) return enough();
            table_.rows.push_back(std::move(values));
        }
        return true;
    }

private:
    bool enough() {
        table_.truncated = true;
        return false;
    }
    const ReadOnly::Options& options_;
    Table& table_;
    std::size_t bytes_ = 0;
};

/// What is left of the run's time becomes the next statement's: a query that changed the setting
/// (by set_config) changed it for nobody.
void limit_time(pqxx::transaction_base& tx, Clock::time_point deadline) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    tx.exec("SET LOCAL statement_timeout = " +
            std::to_string(std::max<std::int64_t>(left.count(), 1)));
}

Params params_of(const std::vector<std::string>& parameters) {
    Params out;
    for (const auto& value : parameters) out.text(value);
    return out;
}

void query(pqxx::work& tx, std::string_view sql, const std::vector<std::string>& parameters,
           const ReadOnly::Options& options, Clock::time_point deadline, Table& table) {
    Collector collector(options, table);
    const auto word = lower_word(sql);
    limit_time(tx, deadline);
    if (word == "explain" || word == "show") {  // not for cursors, and small
        const auto rows = run(tx, std::string(sql).c_str(), params_of(parameters));
        table.columns = columns_of(tx, rows);
        collector.take(rows);
        return;
    }
    // A cursor, so that a million rows cost us two hundred at a time. With parameters the protocol
    // takes one statement only, so nothing can follow the first.
    const auto declare = "DECLARE investigation NO SCROLL CURSOR FOR " + std::string(sql);
    run(tx, declare.c_str(), params_of(parameters));
    for (bool first = true;; first = false) {
        limit_time(tx, deadline);
        const auto rows = tx.exec(fetch);
        if (first) table.columns = columns_of(tx, rows);
        if (rows.empty() || !collector.take(rows)) return;
    }
}

base::Result<void> check(std::string_view sql) {
    const auto word = lower_word(sql);
    for (const auto* fine : {"select", "with", "values", "table", "explain", "show"}) {
        if (word == fine) return {};
    }
    return base::fail(
        Fault::invalid,
        "only one SELECT, WITH, VALUES, TABLE, EXPLAIN or SHOW statement can be run here");
}

}  // namespace

base::Result<Table> ReadOnly::run(std::string_view sql, const std::vector<std::string>& parameters,
                                  std::stop_token stop) const {
    sql = trimmed(sql);
    if (auto fine = check(sql); !fine) return std::unexpected(fine.error());
    const auto start = Clock::now();
    const auto deadline = start + options_.statement_timeout;
    auto connection = Connection::open({options_.url, "callerprint-sql", std::chrono::seconds(10),
                                        options_.statement_timeout, options_.lock_timeout,
                                        options_.statement_timeout + std::chrono::seconds(5)});
    if (!connection) return std::unexpected(connection.error());
    Table table;
    try {
        pqxx::work tx((*connection)->raw());
        tx.exec(begin_read);
        if (!tx.exec1(who)[0].as<bool>()) tx.exec("SET LOCAL ROLE " + std::string(role));
        tx.exec("SET LOCAL search_path = investigate");
        const Canceller canceller((*connection)->raw(), std::move(stop), deadline);
        query(tx, sql, parameters, options_, deadline, table);
        tx.abort();
    } catch (const std::exception& thrown) {
        auto error = error_of(thrown, "query");
        if (sqlstate_of(thrown) == "57014") {
            error.reason = "query: cancelled, or it took longer than " +
                           std::to_string(options_.statement_timeout.count()) + " ms";
        } else if (error.fault == Fault::conflict) {
            error.fault = Fault::unauthorised;  // 25006: a write in a read-only transaction
        }
        return std::unexpected(std::move(error));
    }
    table.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
    return table;
}

base::Result<std::vector<Described>> ReadOnly::describe() const {
    auto connection = Connection::open({options_.url, "callerprint-sql"});
    if (!connection) return std::unexpected(connection.error());
    using Found = base::Result<std::vector<Described>>;
    return (*connection)->transaction("describing the views", [](pqxx::work& tx) -> Found {
        std::vector<Described> out;
        for (const auto& row : store::run(tx, describe_views)) {
            out.push_back({row[0].as<std::string>(), row[1].as<std::string>(""),
                           row[2].as<std::string>(), row[3].as<std::string>(),
                           row[4].as<std::string>("")});
        }
        return out;
    });
}

}  // namespace store
