#include "store/erasures.hpp"

#include "store/audit.hpp"
#include "store/database.hpp"
#include "store/erase_rows.hpp"
#include "store/tokens.hpp"

#include <gmock/gmock.h>
#include <pqxx/pqxx>

namespace {

using base::Fault;
using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

const std::string old_digest(64, 'd');

class Erasing : public store_test::Database {
protected:
    static erase::Subjects subjects(const std::vector<std::string>& values = {"bob@x.example",
                                                                              "203.0.113.7"}) {
        return *erase::Subjects::make(values, "test");
    }
    store::RowsByTable erase() {
        auto done = store::erase_rows(*session_, subjects(), "abcdefghij");
        EXPECT_TRUE(done) << done.error().reason;
        return done.value_or(store::RowsByTable{});
    }
    store::RowsByTable count() { return *store::count_rows(*session_, subjects()); }
    void run(const std::string& sql) {
        pqxx::connection connection(url_);
        pqxx::nontransaction(connection).exec(sql);
    }
    /// Rows of any table that have the text anywhere, digits of bytes included.
    std::vector<std::string> hits(const std::string& text) {
        std::vector<std::string> out;
        for (const auto& table : rows("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r'"
                                      " AND relnamespace = 'callerprint'::regnamespace"
                                      " AND relname <> 'erasures'"))
            for (const auto& row : rows("SELECT t::text FROM " + table[0] +
                                        " AS t WHERE position('" + text + "' IN t::text) > 0"))
                out.push_back(table[0] + ": " + row[0]);
        return out;
    }
    store::Erasures erasures() { return store::Erasures(*session_); }
    /// That `abcdefghij` can be referred to.
    void note_request() {
        run("INSERT INTO callerprint.erasures (id, requested_at, requested_by, reason,"
            " subject_values, rows_found) VALUES ('abcdefghij', now(), 'ann', 'r', '{x}', 0)");
    }
};

TEST_F(Erasing, GoesThroughColumnsOfAllTypesThatTheCatalogueHas) {
    run("CREATE TABLE callerprint.later (n int PRIMARY KEY, a text, b text[], c jsonb, d json,"
        " e varchar(80), f inet, g cidr, h inet[], i callerprint.first_call, j int8[]);"
        "INSERT INTO callerprint.later VALUES"
        " (1, 'by bob@x.example', '{x,\"bob@x.example, y\"}', '{\"bob@x.example\": [1.50]}',"
        "  '{\"ip\":\"203.0.113.7\"}', '203.0.113.7:443', '203.0.113.7', '203.0.113.7/32',"
        "  '{203.0.113.7,203.0.113.70}', '(7,203.0.113.7,64500,bob@x.example,\"a, b\")', '{7}'),"
        " (2, 'bob@x.example.org', '{bobb}', '{}', 'null', '203.0.113.70', '203.0.113.70',"
        "  '203.0.113.0/24', NULL, NULL, NULL),"
        " (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)");
    EXPECT_THAT(count(), testing::ElementsAre(Pair("later", 1)));
    EXPECT_THAT(erase(), testing::ElementsAre(Pair("later", 1)));
    const auto one = rows("SELECT * FROM callerprint.later WHERE n = 1").at(0);
    EXPECT_THAT(
        one, testing::ElementsAre("1", "by erased-test", R"({x,"erased-test, y"})",
                                  R"({"erased-test": [1.50]})", R"({"ip":"0.0.0.0"})",
                                  "0.0.0.0:443", "0.0.0.0", "0.0.0.0/32", "{0.0.0.0,203.0.113.70}",
                                  R"((7,0.0.0.0,64500,erased-test,"a, b"))", "{7}"));
    EXPECT_EQ(value("SELECT a || e || f FROM callerprint.later WHERE n = 2"),
              "bob@x.example.org203.0.113.70203.0.113.70/32");
    EXPECT_THAT(count(), testing::IsEmpty());
    EXPECT_THAT(erase(), testing::IsEmpty()) << "a second time there is nothing to do";
}

TEST_F(Erasing, KnowsEachTypeOfTheSchema) {
    // A column of a type that is not among these may hold text that nobody would erase.
    const auto unknown = rows(
        "SELECT c.relname, a.attname, t.typname FROM pg_class c"
        " JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid"
        " WHERE c.relnamespace = 'callerprint'::regnamespace AND c.relkind = 'r' AND a.attnum > 0"
        " AND NOT a.attisdropped AND t.typname NOT IN ('text', '_text', 'jsonb', 'inet', 'cidr', "
        "'_cidr', 'first_call',"
        " 'int2', 'int4', 'int8', '_int8', 'float8', 'bool', 'timestamptz', 'interval', 'date',"
        " 'tstzrange', 'int8range')"
        " AND NOT (t.typname = 'bytea' AND a.attname IN ('state', 'secret', 'previous_secret',"
        " 'body', 'mac', 'erased', 'digest', 'leaves', 'root', 'head'))");
    EXPECT_EQ(unknown, std::vector<std::vector<std::string>>())
        << "add the type to erase_rows.cpp, or here when no text can be in it";
}

TEST_F(Erasing, TakesThePersonOutOfPartitionsAlertsAndWebhooks) {
    note_request();
    run("INSERT INTO callerprint.calls (source, block, record, call_id, notes, received, time,"
        " user_name, address, raw)"
        " SELECT 'main', i, 0, i, 0, now(), now() - interval '10 days' * i, 'bob@x.example',"
        " '203.0.113.7',"
        " '{\"user\":\"bob\\u0040x.example\",\"ip\":\"203.0.113.7\"}'"
        " FROM generate_series(1, 3) AS i");
    const auto change = store_test::opened("a1", "bob@x.example");
    ASSERT_TRUE(session_->claim("main", 0, "me"));
    auto effects = store_test::batch(*session_->position("main", 0), 2);
    effects.alerts.push_back(change);
    effects.evidence.push_back({.alert_id = "a1",
                                .source = "main",
                                .block = 1,
                                .record = 0,
                                .sha256 = old_digest,
                                .raw = R"({"by":"bob@x.example"})"});
    ASSERT_TRUE(session_->commit(effects));
    run("UPDATE callerprint.alerts SET evidence = evidence || '{\"sha256\": \"" + old_digest +
        "\"}';"
        "INSERT INTO callerprint.outbox (id, endpoint_id, alert_id, event, transition,"
        " content_type, body, created_at, next_at) VALUES ('d1', 'e', 'a1', 'alert.opened', 't', "
        "'c',"
        " '{\"subject\":\"bob@x.example\",\"sha256\":\"" +
        old_digest + "\"}', now(), now())");
    const auto before = count();
    EXPECT_THAT(before, Contains(Pair("calls", 3)));
    EXPECT_THAT(before, Contains(Pair("alerts", 1)));
    EXPECT_THAT(before, Contains(Pair("evidence", 1)));
    EXPECT_THAT(before, Contains(Pair("outbox", 1)));
    EXPECT_EQ(erase(), before);
    EXPECT_THAT(hits("bob"), testing::IsEmpty());
    EXPECT_THAT(hits("203.0.113.7"), testing::IsEmpty());
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.calls WHERE user_name = 'erased-test'"
                    " AND address = '0.0.0.0' AND raw LIKE '%erased-test%0.0.0.0%'"),
              "3");
    // The digest of the line as it was would let somebody try out whose it was.
    EXPECT_THAT(hits(old_digest), testing::IsEmpty());
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.evidence WHERE sha256 ="
                    " encode(sha256(convert_to(raw, 'UTF8')), 'hex')"),
              "1");
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.evidence e JOIN callerprint.alerts a"
                    " ON a.evidence->>'sha256' = e.sha256 JOIN callerprint.outbox o"
                    " ON convert_from(o.body, 'UTF8')::jsonb->>'sha256' = e.sha256"),
              "1");
}

TEST_F(Erasing, MarksAnswersThatAreNotWhatWasSigned) {
    note_request();
    run("INSERT INTO callerprint.answers (id, asked_at, asked_by, case_ref, period_from, period_to,"
        " use, licence, confidence, statement, record) SELECT 'w-' || i, now(), 'ann', 'c', now(),"
        " now() + interval '1 h', 'used', 'unclear', 1, 's', r FROM (VALUES (1,"
        " '{\"a\":\"203.0.113.7\"}'), (2, '{\"a\":\"203.0.113.70\"}')) AS v (i, r)");
    erase();
    EXPECT_EQ(rows("SELECT id, coalesce(erasure, '-') FROM callerprint.answers ORDER BY id"),
              (std::vector<std::vector<std::string>>{{"w-1", "abcdefghij"}, {"w-2", "-"}}));
}

TEST_F(Erasing, LeavesTheAuditsChainWhole) {
    note_request();
    store::Tokens tokens(*session_);
    for (int i = 0; i < 4; ++i) {
        store::Token token;
        token.id = "000000000" + std::to_string(i);
        token.name = i % 2 == 0 ? "bob@x.example" : "ann";
        token.scopes = {"ingest"};
        token.mac = std::string(32, 'm');
        token.created = store_test::now;
        ASSERT_TRUE(tokens.add(token, token.name));
    }
    EXPECT_THAT(count(), Contains(Pair("audit", 2)));
    EXPECT_THAT(erase(), Contains(Pair("audit", 2)));
    EXPECT_THAT(hits("bob"), testing::IsEmpty());
    ASSERT_TRUE(tokens.revoke("0000000001", "ann")) << "it goes on";
    const auto found = store::walk_audit(*session_, {}, {});
    ASSERT_TRUE(found);
    EXPECT_FALSE(found->fault) << found->fault->n << found->fault->what;
    EXPECT_EQ(found->erased, 2u);
    EXPECT_EQ(found->entries, 6u);
    // And nobody changes an entry because of it.
    EXPECT_THROW(run("UPDATE callerprint.audit SET actor = 'eve'"), pqxx::sql_error);
    auto other = connect({.url = url_, .audit_key = std::string(32, 'k')});
    run("ALTER TABLE callerprint.audit DISABLE TRIGGER audit_stays;"
        "UPDATE callerprint.audit SET actor = 'eve' WHERE erased IS NOT NULL;"
        "ALTER TABLE callerprint.audit ENABLE ALWAYS TRIGGER audit_stays");
    EXPECT_TRUE(store::walk_audit(*other, {}, {})->fault);
}

TEST_F(Erasing, FindsWhatMovedFromOneTableToAnotherMeanwhile) {
    // A row that was behind the eraser when it was written, by a trigger as quick as can be.
    run("CREATE TABLE callerprint.aaa (a text); CREATE TABLE callerprint.zzz (a text);"
        "CREATE FUNCTION callerprint.back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO callerprint.aaa VALUES (OLD.a); RETURN NEW; END $$;"
        "CREATE TRIGGER back BEFORE UPDATE ON callerprint.zzz FOR EACH ROW EXECUTE FUNCTION"
        " callerprint.back(); INSERT INTO callerprint.zzz VALUES ('bob@x.example')");
    EXPECT_THAT(erase(), testing::ElementsAre(Pair("aaa", 1), Pair("zzz", 1)));
    EXPECT_THAT(hits("bob"), testing::IsEmpty());
}

TEST_F(Erasing, StopsBetweenTwoTables) {
    run("CREATE TABLE callerprint.later (a text); INSERT INTO callerprint.later VALUES"
        " ('bob@x.example')");
    std::stop_source stopped;
    stopped.request_stop();
    const auto done = store::erase_rows(*session_, subjects(), "abcdefghij", stopped.get_token());
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().fault, Fault::unavailable);
    EXPECT_EQ(hits("bob").size(), 1u);
}

TEST_F(Erasing, MakesServersReadTheRegistryAgain) {
    run("INSERT INTO callerprint.leaks (key, key_hash, first_seen, source, imported_at)"
        " VALUES ('k', '', now(), 'bob@x.example', now())");
    const auto before =
        value("SELECT coalesce(imported_at::text, '') FROM callerprint.registry_version");
    erase();
    EXPECT_NE(value("SELECT coalesce(imported_at::text, '') FROM callerprint.registry_version"),
              before);
}

TEST_F(Erasing, IsAskedForByOneAndApprovedByAnother) {
    const auto asked = erasures().request({"bob@x.example"}, "DSR-1", "ann");
    ASSERT_TRUE(asked) << asked.error().reason;
    EXPECT_EQ(asked->state(), "requested");
    EXPECT_FALSE(*erasures().next()) << "nobody approved it";
    const auto own = erasures().approve(asked->id, "ann");
    ASSERT_FALSE(own);
    EXPECT_EQ(own.error().fault, Fault::conflict);
    EXPECT_THAT(own.error().reason, HasSubstr("a second person"));
    ASSERT_TRUE(erasures().approve(asked->id, "zoe"));
    EXPECT_EQ(erasures().approve(asked->id, "kim")->approved_by, "zoe") << "once";
    const auto next = erasures().next();
    ASSERT_TRUE(next && *next);
    EXPECT_EQ((*next)->values, (std::vector<std::string>{"bob@x.example"}));
    ASSERT_TRUE(erasures().finish(**next, 7, R"({"rows": {}})"));
    const auto done = erasures().show(asked->id);
    EXPECT_EQ(done->state(), "done");
    EXPECT_TRUE(done->values.empty());
    EXPECT_EQ(done->journal_end, 7u);
    EXPECT_FALSE(*erasures().next());
    EXPECT_EQ(erasures().withdraw(asked->id, "ann").error().fault, Fault::conflict);
    EXPECT_EQ(value("SELECT string_agg(actor || ' ' || action, ', ' ORDER BY n)"
                    " FROM callerprint.audit WHERE action LIKE 'erasure.%'"),
              "ann erasure.request, zoe erasure.approve, zoe erasure.done");
    EXPECT_THAT(rows("SELECT FROM callerprint.erasures e WHERE position('bob' IN e::text) > 0"),
                testing::IsEmpty());
}

TEST_F(Erasing, CanBeWithdrawn) {
    const auto asked = erasures().request({"bob@x.example"}, "DSR-1", "ann");
    ASSERT_TRUE(erasures().approve(asked->id, "zoe"));
    EXPECT_EQ(erasures().withdraw(asked->id, "kim")->state(), "withdrawn");
    EXPECT_FALSE(*erasures().next());
    EXPECT_TRUE(erasures().show(asked->id)->values.empty());
    ASSERT_TRUE(erasures().finish(*asked, 7, "{}")) << "of one that was on its way";
    EXPECT_EQ(erasures().show(asked->id)->state(), "withdrawn");
    EXPECT_EQ(erasures().approve("none", "zoe").error().fault, Fault::not_found);
}

TEST_F(Erasing, RefusesARequestThatIsNone) {
    const auto why = [&](const std::vector<std::string>& values, const std::string& reason,
                         const std::string& by = "ann") {
        const auto asked = erasures().request(values, reason, by);
        return asked ? "" : asked.error().reason;
    };
    EXPECT_THAT(why({"bob"}, ""), HasSubstr("has a reason of 1 to 1000 bytes"));
    EXPECT_EQ(why({"bob"}, std::string(1'000, 'r')), "");
    EXPECT_NE(why({"bob"}, std::string(1'001, 'r')), "");
    EXPECT_THAT(why({}, "r"), HasSubstr("1 to 16 values"));
    EXPECT_THAT(why({"bob"}, "of bob"), HasSubstr("leave out what is to be erased"));
    EXPECT_THAT(why({"bob"}, "r", "bob"), HasSubstr("let somebody else ask"));
    for (std::size_t i = 1; i < store::Erasures::most_open; ++i) EXPECT_EQ(why({"bob"}, "r"), "");
    EXPECT_THAT(why({"bob"}, "r"), HasSubstr("there are 100 open erasures"));
    EXPECT_EQ(erasures().list()->size(), 100u);
}

}  // namespace
