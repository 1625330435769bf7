#include "store/database.hpp"

#include "store/connection.hpp"
#include "store/endpoints.hpp"

#include <sys/socket.h>
#include <thread>

namespace {

using base::Fault;
using store_test::batch;
using store_test::hour;
using store_test::minute;
using store_test::opened;

class Commit : public store_test::Database {
protected:
    store::Position claim() {
        auto position = session_->claim("main", 0, "a");
        EXPECT_TRUE(position) << position.error().reason;
        return *position;
    }
};

rollup::KeyMinute key_minute(const std::string& key, std::uint64_t calls,
                             std::vector<std::uint64_t> origins = {}) {
    rollup::KeyMinute row;
    row.tenant = "acme";
    row.key = key;
    row.minute = minute;
    row.sums.calls = calls;
    row.origins = std::move(origins);
    return row;
}

rollup::KeyOriginHour key_origin(std::int64_t first_micros, std::uint64_t record_id,
                                 const std::string& address) {
    rollup::KeyOriginHour row;
    row.tenant = "acme";
    row.key = "k";
    row.origin = "of1:a";
    row.hour = hour;
    row.sums.calls = 1;
    row.first_seen = row.last_seen = hour + std::chrono::microseconds(first_micros);
    row.address = address;
    row.record_id = record_id;
    return row;
}

TEST_F(Commit, AddsDeltasAndMovesThePosition) {
    const auto start = claim();
    EXPECT_EQ(start.next_offset, 1U);
    EXPECT_EQ(start.watermark, base::EventTime::min());
    auto effects = batch(start, 5);
    effects.watermark = minute;
    effects.policy_rev = "r1";
    effects.rollup.key_minutes = {key_minute("k1", 3), key_minute("k2", 4)};
    ASSERT_TRUE(session_->commit(effects));
    auto next = batch(*session_->position("main", 0), 9);
    next.rollup.key_minutes = {key_minute("k1", 10)};
    ASSERT_TRUE(session_->commit(next));
    EXPECT_EQ(rows("SELECT key_uid, calls FROM investigate.key_activity ORDER BY 1"),
              (std::vector<std::vector<std::string>>{{"k1", "13"}, {"k2", "4"}}));
    const auto position = session_->position("main", 0);
    EXPECT_EQ(position->next_offset, 9U);
    EXPECT_EQ(position->snapshot_offset, 1U);
    EXPECT_EQ(position->watermark, minute) << "a watermark never goes back";
}

TEST_F(Commit, RefusesABatchThatIsStoredAlready) {
    auto effects = batch(claim(), 5);
    effects.rollup.key_minutes = {key_minute("k1", 3)};
    ASSERT_TRUE(session_->commit(effects));
    const auto again = session_->commit(effects);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().fault, Fault::conflict);
    EXPECT_EQ(value("SELECT calls FROM investigate.key_activity"), "3");
}

TEST_F(Commit, FencesAnOldOwner) {
    auto old = batch(claim(), 5);
    old.rollup.key_minutes = {key_minute("k1", 3)};
    auto other = connect();
    const auto taken = other->claim("main", 0, "b");
    ASSERT_TRUE(taken);
    const auto refused = session_->commit(old);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::conflict);
    EXPECT_EQ(value("SELECT count(*) FROM investigate.key_activity"), "0");
    EXPECT_TRUE(other->commit(batch(*taken, 5)));
}

TEST_F(Commit, KeepsAtMostEightOriginsAndSaysThatThereWereMore) {
    auto effects = batch(claim(), 2);
    effects.rollup.key_minutes = {key_minute("k1", 1, {1, 2, 3, 4, 5})};
    ASSERT_TRUE(session_->commit(effects));
    effects.from = 2;
    effects.to = 3;
    effects.rollup.key_minutes = {key_minute("k1", 1, {4, 5, 6})};
    ASSERT_TRUE(session_->commit(effects));
    EXPECT_EQ(rows("SELECT origins, more_origins FROM investigate.key_activity")[0],
              (std::vector<std::string>{"6", "f"}));
    effects.from = 3;
    effects.to = 4;
    effects.rollup.key_minutes = {key_minute("k1", 1, {7, 8, UINT64_MAX})};
    ASSERT_TRUE(session_->commit(effects));
    EXPECT_EQ(rows("SELECT origins, more_origins FROM investigate.key_activity")[0],
              (std::vector<std::string>{"8", "t"}));
}

TEST_F(Commit, KeepsTheExampleOfTheEarliestCall) {
    auto effects = batch(claim(), 2);
    effects.rollup.key_origin_hours = {key_origin(5, 7, "192.0.2.5")};
    ASSERT_TRUE(session_->commit(effects));
    // Same time, greater id (it does not fit a signed 64 bits): not the example.
    effects.from = 2, effects.to = 3;
    effects.rollup.key_origin_hours = {key_origin(5, UINT64_MAX, "192.0.2.6")};
    ASSERT_TRUE(session_->commit(effects));
    EXPECT_EQ(value("SELECT host(address) FROM investigate.key_origins"), "192.0.2.5");
    effects.from = 3, effects.to = 4;
    effects.rollup.key_origin_hours = {key_origin(4, 9, "2001:db8::1")};
    ASSERT_TRUE(session_->commit(effects));
    EXPECT_EQ(value("SELECT host(address) FROM investigate.key_origins"), "2001:db8::1");
    EXPECT_EQ(value("SELECT calls FROM investigate.origins"), "3");
}

TEST_F(Commit, StoresEveryGrainCoverageAndDeadLetters) {
    auto effects = batch(claim(), 2);
    effects.rollup.key_minutes = {key_minute("k", 1)};
    effects.rollup.key_operation_hours = {{"acme", "k", "s3", "GetObject", hour, {}}};
    effects.rollup.key_origin_hours = {key_origin(0, 1, "not an address")};
    effects.rollup.tenant_operation_hours = {{"acme", "s3", "GetObject", hour, {}}};
    effects.rollup.coverage_minutes = {{"trail", minute, 10, 9, 8, 1, 1}};
    effects.dead_letters = {
        {"trail", "shipper", 1, 4, store_test::now, "bad_json", "no brace", "x\ty\\z"}};
    ASSERT_TRUE(session_->commit(effects));
    effects.from = 2, effects.to = 3;
    ASSERT_TRUE(session_->commit(effects));
    EXPECT_EQ(value("SELECT received FROM investigate.coverage"), "20");
    EXPECT_EQ(value("SELECT rejected FROM investigate.sources"), "2");
    EXPECT_EQ(value("SELECT sample FROM investigate.dead_letters LIMIT 1"), "x\ty\\z");
    EXPECT_EQ(value("SELECT address FROM investigate.key_origins"), "NULL");
    EXPECT_EQ(value("SELECT count(*) FROM investigate.key_operations"), "1");
    EXPECT_EQ(value("SELECT count(*) FROM investigate.tenant_operations"), "1");
    // A week in the past has its own partition; nothing fell into the default one.
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.key_minute_other"), "0");
    EXPECT_EQ(value("SELECT week FROM callerprint.partitions WHERE parent = 'key_minute'"),
              "2024-05-27");
}

TEST_F(Commit, MakesNoTablesForForgedTimes) {
    auto effects = batch(claim(), 2);
    for (int i = 0; i < 200; ++i) {
        auto row = key_minute("k", 1);
        row.minute = base::event_time(std::int64_t{i} * 7 * 86'400 * 1'000'000 * 200);
        effects.rollup.key_minutes.push_back(row);
    }
    ASSERT_TRUE(session_->commit(effects));
    EXPECT_LT(std::stoi(value("SELECT count(*) FROM callerprint.partitions")), 5);
    EXPECT_EQ(value("SELECT count(*) FROM investigate.key_activity"), "200");
}

TEST_F(Commit, MovesRowsOutOfTheDefaultPartitionWhenTheirWeekGetsOne) {
    auto effects = batch(claim(), 2);
    auto future = key_minute("k", 1);
    future.minute = minute + std::chrono::days(28);
    effects.rollup.key_minutes = {future};
    ASSERT_TRUE(session_->commit(effects));
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.key_minute_other"), "1");
    effects.from = 2, effects.to = 3;
    effects.now = store_test::now + std::chrono::days(28);
    ASSERT_TRUE(session_->commit(effects));
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.key_minute_other"), "0");
    EXPECT_EQ(value("SELECT calls FROM investigate.key_activity"), "2");
}

TEST_F(Commit, SavesWindowStateTogetherWithItsPlace) {
    auto effects = batch(claim(), 7);
    const std::string state("\0\x01\xff state", 9);
    effects.window_state = state;
    EXPECT_EQ(session_->window_state("main", 0).value(), std::nullopt);
    ASSERT_TRUE(session_->commit(effects));
    EXPECT_EQ(session_->window_state("main", 0).value(), state);
    EXPECT_EQ(session_->position("main", 0)->snapshot_offset, 7U);
    auto next = batch(*session_->position("main", 0), 8);
    ASSERT_TRUE(session_->commit(next));
    EXPECT_EQ(session_->position("main", 0)->snapshot_offset, 7U);
}

TEST_F(Commit, SetsRefusedRowsAsideAndStoresTheRest) {
    auto effects = batch(claim(), 2);
    for (int i = 0; i < 100; ++i) {
        effects.rollup.key_minutes.push_back(key_minute("k" + std::to_string(i), 1));
    }
    effects.rollup.key_minutes[37].sums.calls = INT64_MAX;
    effects.alerts = {opened("alert-1")};
    // One that breaks a constraint between two good ones.
    const std::string digest(64, 'b');
    effects.evidence = {{"alert-1", "trail", 1, 0, minute, digest, "{}"},
                        {"alert-1", "trail", 1, 1, minute, "not a digest", "{\"bad\":1}"},
                        {"alert-1", "trail", 1, 2, minute, digest, "{}"}};
    auto first = session_->commit(effects);
    ASSERT_TRUE(first) << first.error().reason;
    EXPECT_EQ(first->set_aside, 1U)
        << value("SELECT string_agg(reason, ' | ') FROM investigate.dead_letters");
    EXPECT_EQ(first->opened, 1U);
    EXPECT_EQ(value("SELECT count(*) FROM investigate.evidence"), "2");

    // Now k37 overflows when it is added again, in the middle of a good batch.
    effects.from = 2, effects.to = 3;
    effects.evidence.clear();
    const auto second = session_->commit(effects);
    ASSERT_TRUE(second) << second.error().reason;
    EXPECT_EQ(second->set_aside, 1U);
    EXPECT_EQ(second->opened, 0U) << "the alert is there already";
    EXPECT_EQ(value("SELECT count(*) FROM investigate.key_activity WHERE calls = 2"), "99");
    EXPECT_EQ(rows("SELECT code, reason LIKE 'key_minute:%22003%' FROM investigate.dead_letters"
                   " WHERE reason LIKE 'key_minute%'")[0],
              (std::vector<std::string>{"refused_by_database", "t"}));
    // The next batch on this connection works without ceremony.
    effects.from = 3, effects.to = 4;
    effects.rollup.key_minutes = {key_minute("k1", 1)};
    EXPECT_TRUE(session_->commit(effects));
}

TEST_F(Commit, StoresAnyBytes) {
    auto effects = batch(claim(), 2);
    const std::string nul("k\0x", 3);
    // Both become the same text: neither may be lost, nor stop the batch.
    effects.rollup.key_minutes = {key_minute(nul, 1), key_minute("k\xffx", 2),
                                  key_minute("tab\tnewline\nback\\slash", 4)};
    effects.rollup.key_minutes.push_back(key_minute(std::string(5'000, 'y'), 8));
    auto change = opened("alert-1", nul + "\xc3");
    change.alert.group["key_uid"] = nul;
    change.alert.summary = "\\u0000 is text, this is not: " + nul;
    effects.alerts = {change};
    const auto done = session_->commit(effects);
    ASSERT_TRUE(done) << done.error().reason;
    EXPECT_EQ(done->set_aside, 0U);
    EXPECT_EQ(value("SELECT sum(calls) FROM investigate.key_activity"), "15");
    EXPECT_EQ(value("SELECT max(length(key_uid)) < 700 FROM investigate.key_activity"), "t");
    EXPECT_EQ(value("SELECT count(*) FROM investigate.alerts"), "1");
}

TEST_F(Commit, GoesOnWhenTheConnectionWasLostBefore) {
    auto effects = batch(claim(), 2);
    effects.rollup.key_minutes = {key_minute("k", 1)};
    rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
        "'callerprint'"
        " AND datname = current_database()");
    const auto done = session_->commit(effects);
    ASSERT_TRUE(done) << done.error().reason;
    EXPECT_FALSE(done->was_in_doubt);
    EXPECT_EQ(value("SELECT calls FROM investigate.key_activity"), "1");
}

TEST_F(Commit, SendsABatchAgainWhoseCommitDied) {
    auto effects = batch(claim(), 2);
    effects.rollup.key_minutes = {key_minute("k", 1)};
    // A trigger at COMMIT that ends its own backend, once: the answer is lost and nothing is
    // stored.
    rows(
        "CREATE SEQUENCE callerprint.once; CREATE FUNCTION callerprint.die() RETURNS trigger"
        " LANGUAGE plpgsql AS $$ BEGIN IF nextval('callerprint.once') = 1 THEN"
        " PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); END IF;"
        " RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER die AFTER UPDATE ON "
        "callerprint.source_position"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION callerprint.die()");
    const auto done = session_->commit(effects);
    ASSERT_TRUE(done) << done.error().reason;
    EXPECT_TRUE(done->was_in_doubt);
    EXPECT_EQ(value("SELECT calls FROM investigate.key_activity"), "1");
    EXPECT_EQ(session_->position("main", 0)->next_offset, 2U);
}

/// Makes every COMMIT wait after it is done, for a standby that never comes, until taken back.
class CommitWaits {
public:
    CommitWaits(std::function<void(const std::string&)> run) : run_(std::move(run)) {
        run_("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
        run_("SELECT pg_reload_conf()");
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    void end() {
        if (!run_) return;
        run_("ALTER SYSTEM RESET synchronous_standby_names");
        run_("SELECT pg_reload_conf()");
        run_ = nullptr;
    }
    ~CommitWaits() { end(); }
    CommitWaits(const CommitWaits&) = delete;
    CommitWaits& operator=(const CommitWaits&) = delete;

private:
    std::function<void(const std::string&)> run_;
};

TEST_F(Commit, KnowsThatABatchWhoseAnswerWasLostIsStored) {
    rows("ALTER DATABASE " + name_ + " SET synchronous_commit = on");
    session_ = connect();
    auto effects = batch(claim(), 2);
    effects.rollup.key_minutes = {key_minute("k", 1)};
    ASSERT_TRUE(session_->commit(effects));  // partitions and temporary tables are there
    effects.from = 2, effects.to = 3;
    CommitWaits waits([this](const std::string& sql) { rows(sql); });
    base::Result<store::Committed> done;
    std::jthread writer([&] { done = session_->commit(effects); });
    // The old backend is at the end of its COMMIT: it is stored, and the answer never comes.
    while (value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND "
                 "application_name = 'callerprint'") == "0") {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND "
        "application_name = 'callerprint'");
    waits.end();
    writer.join();
    ASSERT_TRUE(done) << done.error().reason;
    EXPECT_TRUE(done->was_in_doubt);
    EXPECT_EQ(value("SELECT calls FROM investigate.key_activity"), "2") << "once each";
}

TEST_F(Commit, EndsAnOldBackendThatHoldsTheRow) {
    rows("ALTER DATABASE " + name_ + " SET synchronous_commit = on");
    store::Session::Options with;
    with.lock_timeout = std::chrono::milliseconds(300);
    session_ = connect(with);
    auto effects = batch(claim(), 2);
    effects.rollup.key_minutes = {key_minute("k", 1)};
    ASSERT_TRUE(session_->commit(effects));
    effects.from = 2, effects.to = 3;
    CommitWaits waits([this](const std::string& sql) { rows(sql); });
    const int socket = session_->connection().raw().sock();
    base::Result<store::Committed> done;
    std::jthread writer([&] { done = session_->commit(effects); });
    while (value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND "
                 "application_name = 'callerprint'") == "0") {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    ::shutdown(socket, SHUT_RDWR);  // the network is cut; the server does not know
    writer.join();
    waits.end();
    ASSERT_TRUE(done) << done.error().reason;
    EXPECT_TRUE(done->was_in_doubt);
    EXPECT_EQ(value("SELECT calls FROM investigate.key_activity"), "2");
}

TEST_F(Commit, OpensAnAlertOnceAndUpdatesIt) {
    auto effects = batch(claim(), 2);
    effects.alerts = {opened("alert-1"), opened("alert-2")};
    auto done = session_->commit(effects);
    ASSERT_TRUE(done) << done.error().reason;
    EXPECT_EQ(done->opened, 2U);
    effects.from = 2, effects.to = 3;
    auto update = opened("alert-1");
    update.kind = alert::Change::Kind::updated;
    update.alert.count = 5;
    update.alert.last_seen = minute + std::chrono::minutes(3);
    effects.alerts = {opened("alert-2"), update};
    done = session_->commit(effects);
    ASSERT_TRUE(done);
    EXPECT_EQ(done->opened, 0U);
    EXPECT_EQ(rows("SELECT alert_id, count, last_seen - opened FROM investigate.alerts ORDER BY 1"),
              (std::vector<std::vector<std::string>>{{"alert-1", "5", "00:03:00"},
                                                     {"alert-2", "1", "00:00:00"}}));
    EXPECT_EQ(value("SELECT count(*) FROM investigate.alert_events"), "2");
}

TEST(Session, SaysThatTheServerIsAway) {
    store::Session::Options options;
    options.url = "host=/tmp/no-such-folder dbname=x";
    const auto session = store::Session::open(options);
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().fault, Fault::unavailable) << session.error().reason;
}

TEST_F(Commit, OpensNoSessionForAnUnknownDatabase) {
    store::Session::Options options;
    options.url = store_test::cluster().url();
    options.url.replace(options.url.find("dbname=callerprint"), 18, "dbname=nonesuch");
    const auto session = store::Session::open(options);
    ASSERT_FALSE(session);
    EXPECT_EQ(session.error().fault, Fault::invalid) << session.error().reason;
}

}  // namespace
