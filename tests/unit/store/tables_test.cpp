#include "store/alerts.hpp"
#include "store/database.hpp"
#include "store/merge.hpp"
#include "store/policies.hpp"
#include "store/registry_table.hpp"
#include "store/retention.hpp"
#include "store/stats.hpp"
#include "store/tokens.hpp"

namespace {

using base::Fault;
using store_test::batch;
using store_test::minute;
using store_test::now;
using store_test::opened;

class Alerts : public store_test::Database {
protected:
    void SetUp() override {
        auto effects = batch(*session_->claim("main", 0, "a"), 2);
        for (int i = 0; i < 5; ++i) {
            auto change = opened("alert-000" + std::to_string(i), "key" + std::to_string(i % 2));
            change.alert.opened += std::chrono::minutes(i / 2);  // pairs with equal times
            effects.alerts.push_back(change);
        }
        effects.evidence = {
            {"alert-0001", "trail", 1, 4, minute, std::string(64, 'b'), "{\"a\":1}"}};
        ASSERT_TRUE(session_->commit(effects));
    }
    static alert::Action close(alert::Disposition disposition, const std::string& reason) {
        alert::Action out;
        out.kind = alert::Action::Kind::close;
        out.actor = "ann";
        out.disposition = disposition;
        out.sub_reason = reason;
        return out;
    }
    store::Alerts alerts_{*session_};
};

TEST_F(Alerts, PageThroughEveryAlertOnceNewestFirst) {
    store::AlertFilter filter;
    filter.limit = 2;
    std::vector<std::string> ids;
    do {
        const auto page = alerts_.list(filter);
        ASSERT_TRUE(page) << page.error().reason;
        for (const auto& row : page->rows) ids.push_back(row.alert.id);
        filter.cursor = page->next;
    } while (!filter.cursor.empty());
    EXPECT_EQ(ids, (std::vector<std::string>{"alert-0004", "alert-0003", "alert-0002", "alert-0001",
                                             "alert-0000"}));
    filter.cursor = "nonsense";
    EXPECT_EQ(alerts_.list(filter).error().fault, Fault::invalid);
}

TEST_F(Alerts, AreMissedWhenTheyAreNotThere) {
    using Ids = std::vector<std::string>;
    EXPECT_EQ(alerts_.missing({"alert-0003", "nobody", "alert-0000", "alert-000"}),
              (Ids{"nobody", "alert-000"}));
    EXPECT_EQ(alerts_.missing({}), Ids{});
}

TEST_F(Alerts, AreFilteredByEveryProperty) {
    const auto count = [&](auto set) {
        store::AlertFilter filter;
        set(filter);
        const auto page = alerts_.list(filter);
        EXPECT_TRUE(page);
        return page->rows.size();
    };
    EXPECT_EQ(count([](auto& f) { f.subject = "key1"; }), 2U);
    EXPECT_EQ(count([](auto& f) { f.policy = "shared_key"; }), 5U);
    EXPECT_EQ(count([](auto& f) { f.level = "low"; }), 0U);
    EXPECT_EQ(count([](auto& f) { f.tenant = "acme"; }), 5U);
    EXPECT_EQ(count([](auto& f) { f.since = minute + std::chrono::minutes(1); }), 3U);
    EXPECT_EQ(count([](auto& f) { f.until = minute + std::chrono::minutes(1); }), 2U);
    EXPECT_EQ(count([](auto& f) { f.state = "closed"; }), 0U);
}

TEST_F(Alerts, ShowEvidenceHistoryAndWhatWasStored) {
    const auto shown = alerts_.show("alert-0001");
    ASSERT_TRUE(shown) << shown.error().reason;
    EXPECT_EQ(shown->row.alert.benign, std::vector<std::string>{"a roaming team"});
    EXPECT_EQ(shown->row.alert.evidence.at("value").as_int64(), 12);
    EXPECT_EQ(shown->row.alert.group.at("key_uid").as_string(), "key1");
    ASSERT_EQ(shown->evidence.size(), 1U);
    EXPECT_EQ(shown->evidence[0].evidence.raw, "{\"a\":1}");
    ASSERT_EQ(shown->events.size(), 1U);
    EXPECT_EQ(alerts_.show("alert").error().fault, Fault::conflict);
    EXPECT_EQ(alerts_.show("nonesuch").error().fault, Fault::not_found);
}

TEST_F(Alerts, CloseWithADispositionAndReopen) {
    auto bare = close(alert::Disposition::true_positive, "");
    EXPECT_EQ(alerts_.act("alert-0001", bare, now).error().fault, Fault::invalid);
    EXPECT_EQ(alerts_.act("alert-0001", close(alert::Disposition::true_positive, "rule-wrong"), now)
                  .error()
                  .fault,
              Fault::invalid);
    const auto closed =
        alerts_.act("alert-0001", close(alert::Disposition::true_positive, "resale"), now);
    ASSERT_TRUE(closed) << closed.error().reason;
    EXPECT_EQ(closed->triage.phase, alert::Phase::closed);
    EXPECT_EQ(closed->closed, now);
    EXPECT_EQ(alerts_.act("alert-0001", close(alert::Disposition::undetermined, "duplicate"), now)
                  .error()
                  .fault,
              Fault::conflict);
    EXPECT_EQ(alerts_.judged()->at(0).true_positive, 1U);
    alert::Action reopen;
    reopen.kind = alert::Action::Kind::reopen;
    reopen.actor = "bob";
    const auto open = alerts_.act("alert-0001", reopen, now);
    ASSERT_TRUE(open) << open.error().reason;
    EXPECT_EQ(open->triage.phase, alert::Phase::open);
    EXPECT_EQ(open->triage.reopened, 1U);
    ASSERT_TRUE(alerts_.comment("alert-0001", "bob", "seen before", now));
    EXPECT_EQ(rows("SELECT actor, action FROM investigate.alert_events WHERE alert_id = "
                   "'alert-0001' ORDER BY at, actor")
                  .size(),
              4U);
    EXPECT_EQ(value("SELECT count(*) FROM investigate.audit WHERE action LIKE 'alert.%'"), "3");
}

TEST_F(Alerts, AcknowledgeAssignAndSnooze) {
    alert::Action action;
    action.actor = "ann";
    ASSERT_TRUE(alerts_.act("alert-0002", action, now));
    action.kind = alert::Action::Kind::assign;
    action.assignee = "bob";
    EXPECT_EQ(alerts_.act("alert-0002", action, now)->triage.assignee, "bob");
    action.kind = alert::Action::Kind::snooze;
    action.until = now + std::chrono::hours(5);
    const auto snoozed = alerts_.act("alert-0002", action, now);
    ASSERT_TRUE(snoozed) << snoozed.error().reason;
    EXPECT_EQ(value("SELECT state FROM investigate.alerts WHERE alert_id = 'alert-0002'"),
              "snoozed");
}

class Registry : public store_test::Database {
protected:
    static registry::Rows rows_of() {
        registry::Rows rows;
        rows.tenants = {{"acme", "Acme, \"Inc\" {x}\\", "paid", "active", minute, "DE", "p1"}};
        rows.keys = {{"AKIA1",
                      "acme",
                      "active",
                      minute,
                      std::nullopt,
                      {*call::parse_network("10.0.0.0/8"), *call::parse_network("2001:db8::/32")}}};
        rows.parties = {{"p1", "Acme", {"A, B", ""}, {"acme.example"}, {}, "company", "DE"}};
        rows.gates = {{"g1", "rekognition.*", {"Compare*", "Search*"}, "5.1"}};
        rows.leaks = {{"AKIA1", "", minute, "paste"}};
        registry::Licence licence;
        licence.uid = "l1";
        licence.subject = "acme";
        licence.operations = {"Compare*"};
        licence.valid_to = minute;
        rows.licences = {licence};
        return rows;
    }
    store::RegistryTable table_{*session_};
};

TEST_F(Registry, GivesBackWhatWasImported) {
    const auto rows = rows_of();
    const auto imported = table_.import(rows, now, "ann");
    ASSERT_TRUE(imported) << imported.error().reason;
    EXPECT_EQ(imported->added, 6U);
    EXPECT_EQ(imported->version, 1U);
    const auto loaded = table_.load();
    ASSERT_TRUE(loaded) << loaded.error().reason;
    EXPECT_EQ(*loaded, rows);
}

TEST_F(Registry, ChangesNothingForTheSameFile) {
    ASSERT_TRUE(table_.import(rows_of(), now, "ann"));
    const auto again = table_.import(rows_of(), now + std::chrono::hours(1), "ann");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->unchanged, 6U);
    EXPECT_EQ(again->version, 1U);
    auto changed = rows_of();
    changed.keys[0].status = "revoked";
    const auto third = table_.import(changed, now, "ann");
    EXPECT_EQ(third->changed, 1U);
    EXPECT_EQ(third->version, 2U);
}

TEST_F(Registry, ClosesWhatWasBelievedWhenALicenceIsCorrected) {
    ASSERT_TRUE(table_.import(rows_of(), now, "ann"));
    registry::Rows correction;
    correction.licences = rows_of().licences;
    correction.licences[0].valid_to = minute + std::chrono::days(30);
    const auto at = now + std::chrono::hours(1);
    const auto imported = table_.import(correction, at, "ann");
    ASSERT_TRUE(imported) << imported.error().reason;
    EXPECT_EQ(imported->corrected, 1U);
    const auto licences = table_.load()->licences;
    ASSERT_EQ(licences.size(), 2U);
    EXPECT_EQ(licences[0].known_to, base::event_time(base::micros(at)));
    EXPECT_EQ(licences[0].valid_to, minute);
    EXPECT_EQ(licences[1].known_from, licences[0].known_to);
    EXPECT_EQ(licences[1].known_to, std::nullopt);
    EXPECT_EQ(table_.import(correction, at, "ann")->unchanged, 1U) << "safe to run twice";
    EXPECT_EQ(value("SELECT count(*) FROM investigate.licences WHERE current"), "1");
}

class Tables : public store_test::Database {};

TEST_F(Tables, KeepTokensAsDigestsOnly) {
    store::Tokens tokens(*session_);
    store::Token token;
    token.id = "abcdefghij";
    token.name = "shipper";
    token.scopes = {"ingest"};
    token.mac = std::string("\0\x01", 2) + std::string(30, 'm');
    token.created = now;
    ASSERT_TRUE(tokens.add(token, "ann"));
    EXPECT_EQ(tokens.add(token, "ann").error().fault, Fault::conflict);
    ASSERT_TRUE(tokens.used(token.id, now));
    ASSERT_TRUE(tokens.revoke(token.id, "ann"));
    EXPECT_TRUE(tokens.revoke(token.id, "ann"));
    EXPECT_EQ(tokens.revoke("nonesuch", "ann").error().fault, Fault::not_found);
    const auto listed = tokens.list();
    ASSERT_EQ(listed->size(), 1U);
    EXPECT_EQ((*listed)[0].mac, token.mac);
    EXPECT_TRUE((*listed)[0].revoked);
    EXPECT_EQ((*listed)[0].last_used, now);
}

TEST_F(Tables, RememberEveryPolicyRevision) {
    store::PolicyRow row;
    row.id = "p1";
    row.title = "Shared key";
    row.kind = "rule";
    ASSERT_TRUE(store::save_policies(*session_, "r1", {row}, now));
    ASSERT_TRUE(store::save_policies(*session_, "r1", {row}, now));
    ASSERT_TRUE(store::save_policies(*session_, "r2", {row, row}, now));
    EXPECT_EQ(value("SELECT count(*) FROM investigate.policies"), "3");
    ASSERT_TRUE(store::save_policies(*session_, "r1", {row}, now));
    EXPECT_EQ(value("SELECT revision FROM investigate.policies WHERE current"), "r1");
}

TEST_F(Tables, KnowWhichPoliciesJudgedWhichBlocks) {
    const auto position = *session_->claim("main", 0, "a");
    const auto judged = [&](std::uint64_t from, std::uint64_t to, const std::string& revision,
                            const std::string& digest) {
        store::PolicyRow row;
        row.id = row.title = "p";
        row.kind = "rule";
        row.digest = digest;
        ASSERT_TRUE(store::save_policies(*session_, revision, {row}, now));
        auto effects = batch(position, to);
        effects.from = from;
        effects.policy_rev = revision;
        ASSERT_TRUE(session_->commit(effects));
    };
    judged(1, 5, "r1", "d1");
    judged(5, 9, "r2", "d2");
    judged(9, 12, "r1", "d1");
    const auto all = store::judges(*session_, "main", 0, 1, 12);
    ASSERT_TRUE(all) << all.error().reason;
    ASSERT_EQ(all->size(), 3U);
    EXPECT_EQ((*all)[1].from_block, 5U);
    EXPECT_EQ((*all)[1].digests, std::set<std::string>{"d2"});
    const auto some = store::judges(*session_, "main", 0, 6, 9);
    ASSERT_TRUE(some);
    ASSERT_EQ(some->size(), 1U) << "the one that judged block 6, and none that begins at 9";
    EXPECT_EQ((*some)[0].from_block, 5U);
}

TEST_F(Tables, ExpireWhatIsOldByBothClocks) {
    auto effects = batch(*session_->claim("main", 0, "a"), 2);
    effects.rollup.activity = {store_test::activity("k", 1)};
    ASSERT_TRUE(session_->commit(effects));
    ASSERT_TRUE(store::Merge(*session_).step(1'000, now));
    const auto today = base::WallClock::now();
    // The events are years old, but they came today: kept.
    EXPECT_EQ(store::expire(*session_, {}, today)->partitions, 0U);
    EXPECT_EQ(value("SELECT count(*) FROM investigate.key_activity"), "1");
    EXPECT_EQ(store::expire(*session_, {}, today + std::chrono::days(31))->partitions, 1U);
    EXPECT_EQ(value("SELECT count(*) FROM investigate.key_activity"), "0");
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.late_activity"), "1");
    EXPECT_TRUE(store::expire(*session_, {}, today + std::chrono::days(401)));
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.late_activity"), "0");
    effects.from = 2, effects.to = 3;
    EXPECT_TRUE(session_->commit(effects));
}

TEST_F(Tables, TellTheirSizes) {
    const auto numbers = store::stats(*session_);
    ASSERT_TRUE(numbers) << numbers.error().reason;
    EXPECT_GT(numbers->database_bytes, 1'000'000);
    EXPECT_EQ(numbers->outbox_waiting, 0);
    EXPECT_GE(numbers->connections, 1);
}

TEST_F(Tables, HoldCallsWithTypedColumns) {
    auto names = std::make_shared<call::Names>();
    store::CallRows::want(*names);
    call::Batch calls(names);
    const auto put = [&](const call::Batch::Row& row, call::Field field, call::Value value) {
        row.values[names->slot(field)] = value;
    };
    auto row = calls.append();
    row.header.time = minute;
    row.header.id = UINT64_MAX;
    row.header.raw = "{\"x\":\"\\u0000\ttab\"}";
    put(row, call::Field::key_uid, call::Value::of(std::string_view("AKIA\t1")));
    put(row, call::Field::src_ip, call::Value::of(std::string_view("192.0.2.7")));
    put(row, call::Field::http_status, call::Value::of(std::string_view("403")));
    put(row, call::Field::src_asn, call::Value::of(std::int64_t{64'500}));
    put(row, call::Field::duration, call::Value::of(1.5));
    put(row, call::Field::late, call::Value::of(true));
    auto other = calls.append();
    other.header.time = minute;
    put(other, call::Field::src_ip, call::Value::of(std::string_view("10.0.0.x")));
    put(other, call::Field::http_status, call::Value::of(std::string_view("none")));
    auto effects = batch(*session_->claim("main", 0, "a"), 2);
    const std::vector<std::string> matched{"p1", "p\"2"};
    effects.calls.add(calls[0], {"trail", 3, base::micros(now), matched, true});
    effects.calls.add(calls[1], {"trail", 3, base::micros(now), {}, false});
    ASSERT_EQ(effects.calls.size(), 2U);
    const auto done = session_->commit(effects);
    ASSERT_TRUE(done) << done.error().reason;
    EXPECT_EQ(done->set_aside, 0U);
    EXPECT_EQ(rows("SELECT key_uid, host(address), http_status, asn, duration_ms, late, call_id, "
                   "matched, raw"
                   " FROM investigate.calls WHERE address IS NOT NULL")[0],
              (std::vector<std::string>{"AKIA\t1", "192.0.2.7", "403", "64500", "1.5", "t",
                                        "ffffffffffffffff", "{p1,\"p\\\"2\"}",
                                        "{\"x\":\"\\u0000\ttab\"}"}));
    EXPECT_EQ(rows("SELECT address_text, http_status, matched FROM investigate.calls WHERE address "
                   "IS NULL")[0],
              (std::vector<std::string>{"10.0.0.x", "NULL", "NULL"}));
}

}  // namespace
