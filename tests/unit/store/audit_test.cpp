#include "store/audit.hpp"

#include "store/database.hpp"
#include "store/migrations.hpp"
#include "store/tokens.hpp"

#include <pqxx/pqxx>
#include <random>
#include <thread>

namespace {

using base::Fault;
using coverage::AuditAnchor;

std::string digits(unsigned number) {
    auto text = std::to_string(number);
    return std::string(10 - text.size(), '0') + text;
}

store::Token token(unsigned number) {
    store::Token out;
    out.id = digits(number);
    out.name = "n";
    out.scopes = {"ingest"};
    out.mac = std::string(32, 'm');
    out.created = store_test::now;
    return out;
}

class Audit : public store_test::Database {
protected:
    void write(unsigned from, unsigned to) {
        store::Tokens tokens(*session_);
        for (unsigned i = from; i < to; ++i) ASSERT_TRUE(tokens.add(token(i), "änn\n"));
    }
    store::AuditFindings walk(std::vector<AuditAnchor> anchors = {},
                              std::optional<AuditAnchor> since = {}) {
        auto found = store::walk_audit(*session_, since, std::move(anchors));
        EXPECT_TRUE(found) << found.error().reason;
        return *found;
    }
    /// As a superuser who takes the trigger away.
    void forge(const std::string& sql) {
        run("ALTER TABLE callerprint.audit DISABLE TRIGGER audit_stays;" + sql +
            ";ALTER TABLE callerprint.audit ENABLE ALWAYS TRIGGER audit_stays");
    }
    void run(const std::string& sql) {
        pqxx::connection connection(url_);
        pqxx::nontransaction(connection).exec(sql);
    }
};

TEST_F(Audit, ConcurrentWritersMakeOneChain) {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < 4; ++i)
        threads.emplace_back([this, i] {
            const auto session = connect();
            store::Tokens tokens(*session);
            for (unsigned j = 0; j < 25; ++j) EXPECT_TRUE(tokens.add(token(i * 100 + j), "ann"));
        });
    threads.clear();
    const auto found = walk();
    EXPECT_FALSE(found.fault) << found.fault->n << found.fault->what;
    EXPECT_EQ(found.entries, 101) << "with the one that begins it";
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.audit WHERE n BETWEEN 1 AND 101"), "101");
    EXPECT_EQ(value("SELECT count(*) FROM (SELECT at < lag(at) OVER (ORDER BY n) AS back"
                    " FROM callerprint.audit) a WHERE back"),
              "0")
        << "times ascend with the numbers";
}

TEST_F(Audit, AnEntryThatIsRolledBackLeavesNoHole) {
    write(1, 3);
    ASSERT_FALSE(store::Tokens(*session_).add(token(1), "ann"));
    ASSERT_FALSE(store::Tokens(*session_).revoke("nobody", "ann"));
    write(3, 5);
    EXPECT_FALSE(walk().fault);
    EXPECT_EQ(walk().last.n, 5);
}

TEST_F(Audit, TakesInWhatWasWrittenBeforeIt) {
    run("CREATE DATABASE " + name_ + "_old");
    auto url = url_;
    url.replace(url.find("dbname=" + name_), 7 + name_.size(), "dbname=" + name_ + "_old");
    const auto all = store::built_in_migrations();
    const auto chain = std::ranges::find(all, 16U, &store::Migration::number);
    ASSERT_NE(chain, all.end());
    const auto old = store::Session::open({.url = url, .audit_key = store_test::audit_key});
    ASSERT_TRUE(old) << old.error().reason;
    ASSERT_TRUE(store::migrate(**old, {all.begin(), chain}));
    {
        pqxx::connection connection(url);
        pqxx::nontransaction tx(connection);
        tx.exec(
            "INSERT INTO callerprint.audit (at, actor, action, object, details) VALUES"
            " ('2024-02-29 23:59:59.123456+00', 'ann', 'alert.close', 'a', '{\"b\":1.50,\"a\":[ "
            "1]}'), ('1969-12-31 23:59:59.5+00', E'\\u00e4\\n\\u202e', '', '', '{}')");
        tx.exec("SELECT nextval(pg_get_serial_sequence('callerprint.audit', 'n'))");  // a hole
        tx.exec("INSERT INTO callerprint.audit (actor, action, object) VALUES ('bob', 'x', 'y')");
    }
    ASSERT_TRUE(store::migrate(**old));
    EXPECT_TRUE(store::walk_audit(**old, {}, {})->fault) << "not bound by a key yet";
    ASSERT_TRUE(store::begin_audit(**old));
    ASSERT_TRUE(store::begin_audit(**old)) << "once is enough";
    const auto found = store::walk_audit(**old, {}, {});
    ASSERT_TRUE(found) << found.error().reason;
    EXPECT_FALSE(found->fault) << found->fault->n << found->fault->what;
    EXPECT_EQ(found->plain, 3);
    EXPECT_EQ(found->last.n, 5);
}

TEST_F(Audit, NobodyChangesWhatIsWritten) {
    write(1, 4);
    for (const std::string sql :
         {"UPDATE callerprint.audit SET actor = 'x'", "DELETE FROM callerprint.audit WHERE n = 2",
          "DELETE FROM callerprint.audit WHERE false", "TRUNCATE callerprint.audit",
          "TRUNCATE callerprint.audit_head", "DELETE FROM callerprint.audit_head",
          "SET session_replication_role = replica; DELETE FROM callerprint.audit"}) {
        EXPECT_THROW(run(sql), pqxx::sql_error) << sql;
    }
    EXPECT_EQ(value("SELECT bool_or(p IN ('UPDATE', 'DELETE', 'TRUNCATE')) FROM (SELECT"
                    " (aclexplode(relacl)).privilege_type AS p FROM pg_class"
                    " WHERE oid = 'callerprint.audit'::regclass) a"),
              "f")
        << "nor has the owner the right to";
    EXPECT_FALSE(walk().fault);
}

TEST_F(Audit, WithoutItsKeyNothingIsDoneThatIsAudited) {
    write(1, 2);
    const auto keyless = store::Session::open({.url = url_});
    ASSERT_TRUE(keyless);
    EXPECT_TRUE(store::begin_audit(**keyless)) << "reading is allowed";
    const auto refused = store::Tokens(**keyless).add(token(9), "ann");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::unavailable);
    EXPECT_TRUE(refused.error().reason.contains("secret.key")) << refused.error().reason;
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.tokens"), "1");
    EXPECT_EQ(store::walk_audit(**keyless, {}, {}).error().fault, Fault::invalid);
}

TEST_F(Audit, AnotherKeyIsRefused) {
    ASSERT_TRUE(store::begin_audit(*session_));
    const auto other = connect({.audit_key = std::string(32, 'x')});
    EXPECT_EQ(store::begin_audit(*other).error().fault, Fault::conflict);
    const auto keyless = store::Session::open({.url = url_});
    EXPECT_TRUE(store::audit_begun(**keyless).value());
}

TEST_F(Audit, ACutTailIsFoundByTheHeadAndByAnAnchor) {
    write(1, 10);
    const auto end = walk().last;
    ASSERT_EQ(end.n, 10);
    forge("DELETE FROM callerprint.audit WHERE n > 7");
    EXPECT_EQ(walk().fault->n, 8);
    run("UPDATE callerprint.audit_head h SET n = a.n, mac = a.mac FROM callerprint.audit a"
        " WHERE a.n = 7");
    EXPECT_FALSE(walk().fault) << "the database alone cannot tell";
    EXPECT_EQ(walk({end}).fault->n, 8);
    EXPECT_EQ(walk({}, end).fault->n, 8) << "nor can one who goes on from it be told otherwise";
    write(20, 25);
    EXPECT_EQ(walk({end}).fault->n, 10) << "what has grown again is another chain";
}

// What a superuser may do, 100 times; 20'000 times in tests/unit/coverage/audit_chain_test.cpp.
TEST_F(Audit, EachForgeryInTheDatabaseIsFoundAndTheFirstBadEntryNamed) {
    write(1, 20);
    const auto end = walk().last;
    run("CREATE TABLE kept AS SELECT * FROM callerprint.audit");
    std::mt19937 random(1);
    for (unsigned i = 0; i < 100; ++i) {
        const auto n = std::to_string(1 + random() % 20);
        const std::string forgeries[] = {
            "UPDATE callerprint.audit SET actor = 'eve' WHERE n = " + n,
            "UPDATE callerprint.audit SET details = '{\"x\": 1}' WHERE n = " + n,
            "UPDATE callerprint.audit SET at = at + interval '1 microsecond' WHERE n = " + n,
            "DELETE FROM callerprint.audit WHERE n = " + n,
            "UPDATE callerprint.audit SET keyed = false, mac = sha256('x') WHERE n = " + n,
            "DELETE FROM callerprint.audit WHERE n >= " + n +
                "; INSERT INTO callerprint.audit SELECT (SELECT max(n) FROM kept) - n + " + n +
                ", at, actor, action, object, details, mac, keyed FROM kept WHERE n >= " + n +
                " AND " + n + " < 20",
        };
        forge(forgeries[i % std::size(forgeries)]);
        const auto found = walk({end});
        ASSERT_TRUE(found.fault) << forgeries[i % std::size(forgeries)];
        EXPECT_EQ(std::to_string(found.fault->n), n) << forgeries[i % std::size(forgeries)];
        forge("DELETE FROM callerprint.audit; INSERT INTO callerprint.audit SELECT * FROM kept");
        ASSERT_FALSE(walk({end}).fault);
    }
    run("INSERT INTO callerprint.audit (n, actor, action, object, mac)"
        " VALUES (21, 'eve', 'alert.close', 'a', sha256('x'))");
    EXPECT_EQ(walk({end}).fault->n, 21) << "a forged append";
}

}  // namespace
