#include "store/read_only.hpp"

#include "store/database.hpp"

#include <fstream>
#include <sstream>
#include <thread>

namespace {

using base::Fault;

class ReadOnly : public store_test::Database {
protected:
    base::Result<store::Table> run(const std::string& sql,
                                   const std::vector<std::string>& parameters = {}) {
        store::ReadOnly::Options options;
        options.url = read_url_;
        options.statement_timeout = std::chrono::milliseconds(1'000);
        options.max_rows = 1'000;
        return store::ReadOnly(options).run(sql, parameters);
    }
    std::string last_;
    Fault fault(const std::string& sql) {
        const auto result = run(sql);
        EXPECT_FALSE(result) << sql;
        if (!result) last_ = result.error().reason;
        return result ? Fault::not_found : result.error().fault;
    }
};

TEST_F(ReadOnly, ReturnsColumnsWithTypesAndRows) {
    const auto table =
        run("SELECT 1 AS n, NULL::text AS t, '{\"a\":1}'::jsonb AS j, true AS b,"
            " timestamptz '2024-06-01 00:05:00Z' AS at -- and a comment\n;");
    ASSERT_TRUE(table) << table.error().reason;
    ASSERT_EQ(table->columns.size(), 5U);
    EXPECT_EQ(table->columns[0].kind, store::Table::Kind::number);
    EXPECT_EQ(table->columns[2].kind, store::Table::Kind::json);
    EXPECT_EQ(table->columns[3].kind, store::Table::Kind::boolean);
    EXPECT_EQ(table->columns[4].type, "timestamp with time zone");
    ASSERT_EQ(table->rows.size(), 1U);
    EXPECT_EQ(table->rows[0][0], "1");
    EXPECT_EQ(table->rows[0][1], std::nullopt);
    EXPECT_EQ(table->rows[0][4], "2024-06-01 00:05:00+00");
}

TEST_F(ReadOnly, SeesEveryViewWithoutNamingTheSchema) {
    for (const auto& row : rows("SELECT relname FROM pg_class WHERE relkind = 'v'"
                                " AND relnamespace = 'investigate'::regnamespace")) {
        const auto table = run("SELECT * FROM " + row[0]);
        EXPECT_TRUE(table) << row[0] << ": " << table.error().reason;
        EXPECT_FALSE(table->columns.empty());
    }
}

TEST_F(ReadOnly, CannotReadBaseTables) {
    for (const auto& row : rows("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p')"
                                " AND relnamespace = 'callerprint'::regnamespace")) {
        EXPECT_EQ(fault("SELECT * FROM callerprint." + row[0]), Fault::unauthorised) << last_;
    }
    EXPECT_EQ(fault("SELECT * FROM public.callerprint_migrations"), Fault::unauthorised);
    EXPECT_EQ(fault("SELECT pg_read_file('/etc/passwd')"), Fault::unauthorised);
    EXPECT_EQ(fault("SELECT * FROM pg_authid"), Fault::unauthorised);
}

TEST_F(ReadOnly, CannotWrite) {
    for (const auto* sql :
         {"INSERT INTO investigate.audit VALUES (1)", "DELETE FROM investigate.calls",
          "CREATE TABLE x (a int)", "COMMIT", "SET ROLE callerprint", "RESET ALL",
          "DO $$ BEGIN END $$", "COPY investigate.calls TO '/tmp/x'", ""}) {
        EXPECT_EQ(fault(sql), Fault::invalid) << sql;
    }
    EXPECT_EQ(fault("WITH x AS (DELETE FROM investigate.leaks RETURNING 1) SELECT * FROM x"),
              Fault::invalid);
    EXPECT_NE(fault("SELECT 1 INTO x"), Fault::not_found);
    EXPECT_EQ(fault("SELECT lo_create(0)"), Fault::unauthorised);
    EXPECT_EQ(fault("SELECT set_config('role', 'callerprint', false)"), Fault::unauthorised);
    EXPECT_EQ(fault("EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1"), Fault::unauthorised);
}

TEST_F(ReadOnly, RunsOneStatementOnly) {
    EXPECT_EQ(fault("SELECT 1; SELECT 2"), Fault::invalid);
    EXPECT_EQ(fault("SELECT 1; COMMIT; DROP SCHEMA investigate CASCADE"), Fault::invalid);
}

TEST_F(ReadOnly, CannotOutliveItsTimeout) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(fault("SELECT pg_sleep(30)"), Fault::exhausted);
    // Slow in each of many fetches, never in one.
    EXPECT_EQ(fault("SELECT pg_sleep(0.01) FROM generate_series(1, 100000)"), Fault::exhausted);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(ReadOnly, StopsAtTheRowCapAndSaysSo) {
    const auto table = run("SELECT generate_series(1, 100000000)");
    ASSERT_TRUE(table) << table.error().reason;
    EXPECT_EQ(table->rows.size(), 1'000U);
    EXPECT_TRUE(table->truncated);
    EXPECT_FALSE(run("SELECT generate_series(1, 1000)")->truncated);
}

TEST_F(ReadOnly, IsCancelledInTheServer) {
    store::ReadOnly::Options options;
    options.url = read_url_;
    std::stop_source stop;
    const std::jthread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(150));
        stop.request_stop();
    });
    const auto result = store::ReadOnly(options).run("SELECT pg_sleep(30)", {}, stop.get_token());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, Fault::exhausted);
    EXPECT_EQ(value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(30)%'"
                    " AND usename = 'callerprint_read' AND datname = current_database()"),
              "0");
}

TEST_F(ReadOnly, TakesParametersAndExplains) {
    const auto table = run("SELECT $1::text || 'b'", {"a'; DROP"});
    ASSERT_TRUE(table) << table.error().reason;
    EXPECT_EQ(table->rows[0][0], "a'; DROPb");
    EXPECT_TRUE(run("EXPLAIN SELECT * FROM calls"));
    EXPECT_EQ(fault("SELECT nonsense FROM calls"), Fault::invalid);
}

TEST_F(ReadOnly, CommentsEveryViewAndColumn) {
    store::ReadOnly::Options options;
    options.url = read_url_;
    const auto described = store::ReadOnly(options).describe();
    ASSERT_TRUE(described) << described.error().reason;
    EXPECT_GT(described->size(), 200U);
    for (const auto& column : *described) {
        EXPECT_FALSE(column.view_comment.empty()) << column.view;
        EXPECT_FALSE(column.comment.empty()) << column.view << "." << column.column;
    }
}

/// The page as it must be; docs/reference/sql.md is this text.
std::string reference_page(const std::vector<store::Described>& all) {
    std::ostringstream out;
    out << "# SQL views\n\n"
           "Schema `investigate`, read by role `callerprint_read`: one statement a run, read-only, "
           "15 s,\n"
           "no base tables. Times are `timestamptz` (UTC), addresses `inet` or `cidr`, ids "
           "`text`.\n"
           "Columns are added, never renamed or removed within a major version. This page is made "
           "from\n"
           "the comments in `schema/`; a test compares them.\n";
    std::string view;
    for (const auto& column : all) {
        if (column.view != view) {
            view = column.view;
            out << "\n## " << view << "\n\n"
                << column.view_comment
                << "\n\n| column | type | what it is |\n| --- | --- | --- |\n";
        }
        out << "| `" << column.column << "` | " << column.type << " | " << column.comment << " |\n";
    }
    return out.str();
}

TEST_F(ReadOnly, MayAskWhatAnAbsenceIsWorthAndNothingBehindIt) {
    const auto all = run("SELECT * FROM coverage_of()");
    ASSERT_TRUE(all) << all.error().reason;
    ASSERT_EQ(all->rows.size(), 1U);
    EXPECT_EQ(all->rows[0][2], "0") << "nothing has ever come";
    EXPECT_EQ(all->rows[0][3], "f");
    EXPECT_EQ(all->rows[0][7], std::nullopt);
    EXPECT_TRUE(
        run("SELECT n, c.whole FROM (SELECT count(*) AS n FROM calls) AS x,"
            " coverage_of('2026-01-01', '2026-02-01') AS c"));
    EXPECT_EQ(fault("SELECT * FROM callerprint.gaps_between(now(), now())"), Fault::unauthorised);
    EXPECT_EQ(fault("SELECT callerprint.record_time()"), Fault::unauthorised);
    EXPECT_EQ(value("SELECT count(*) FROM pg_proc WHERE pronamespace = 'investigate'::regnamespace"
                    " AND has_function_privilege('public', oid, 'execute')"),
              "0");
}

TEST_F(ReadOnly, EqualsTheReferencePage) {
    store::ReadOnly::Options options;
    options.url = read_url_;
    const auto page = reference_page(
        store::ReadOnly(options).describe().value_or(std::vector<store::Described>{}));
    const std::string path = std::string(CALLERPRINT_ROOT) + "/docs/reference/sql.md";
    if (std::getenv("CALLERPRINT_WRITE_DOCS") != nullptr) std::ofstream(path) << page;
    std::ifstream file(path);
    const std::string written{std::istreambuf_iterator<char>(file), {}};
    EXPECT_TRUE(written == page) << "write it again: CALLERPRINT_WRITE_DOCS=1 unit_store "
                                    "--gtest_filter=ReadOnly.EqualsTheReferencePage";
}

}  // namespace
