#include "store/database.hpp"

#include "store/connection.hpp"
#include "store/endpoints.hpp"

#include <sys/socket.h>
#include <filesystem>
#include <map>
#include <thread>

namespace {

using base::Fault;
using store_test::activity;
using store_test::batch;
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

TEST_F(Commit, AddsDeltasAndMovesThePosition) {
    const auto start = claim();
    EXPECT_EQ(start.next_offset, 1U);
    EXPECT_EQ(start.watermark, base::EventTime::min());
    auto effects = batch(start, 5);
    effects.watermark = minute;
    effects.policy_rev = "r1";
    effects.rollup.activity = {activity("k1", 3), activity("k2", 4)};
    ASSERT_TRUE(session_->commit(effects));
    auto next = batch(*session_->position("main", 0), 9);
    next.rollup.activity = {activity("k1", 10)};
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
    effects.rollup.activity = {activity("k1", 3)};
    ASSERT_TRUE(session_->commit(effects));
    const auto again = session_->commit(effects);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().fault, Fault::conflict);
    EXPECT_EQ(value("SELECT calls FROM investigate.key_activity"), "3");
}

TEST_F(Commit, SavesAStateAloneThoughNothingCame) {
    ASSERT_TRUE(session_->commit(batch(claim(), 5)));
    auto effects = batch(*session_->position("main", 0), 5);
    effects.window_state = {"state"};
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(session_->commit(effects)) << "as often as it takes";
    EXPECT_EQ(session_->window_state("main", 0).value(), effects.window_state);
    const auto position = session_->position("main", 0);
    EXPECT_EQ(position->next_offset, 5U);
    EXPECT_EQ(position->snapshot_offset, 5U);
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.batch_chain"), "1") << "it is no batch";
    auto other = connect();
    ASSERT_TRUE(other->claim("main", 0, "b"));
    EXPECT_EQ(session_->commit(effects).error().fault, Fault::conflict);
}

TEST_F(Commit, FencesAnOldOwner) {
    auto old = batch(claim(), 5);
    old.rollup.activity = {activity("k1", 3)};
    auto other = connect();
    const auto taken = other->claim("main", 0, "b");
    ASSERT_TRUE(taken);
    const auto refused = session_->commit(old);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::conflict);
    EXPECT_EQ(value("SELECT count(*) FROM investigate.key_activity"), "0");
    EXPECT_TRUE(other->commit(batch(*taken, 5)));
}

TEST_F(Commit, StoresActivityCoverageAndDeadLetters) {
    auto effects = batch(claim(), 2);
    auto row = activity("k", 1);
    row.address = "not an address";
    effects.rollup.activity = {row};
    effects.rollup.coverage = {{"trail", minute, 10, 9, 8, 1, 1}};
    effects.dead_letters = {
        {"trail", "shipper", 1, 4, store_test::now, "bad_json", "no brace", "x\ty\\z"}};
    ASSERT_TRUE(session_->commit(effects));
    effects.from = 2, effects.to = 3;
    ASSERT_TRUE(session_->commit(effects));
    EXPECT_EQ(value("SELECT received FROM investigate.coverage"), "20");
    EXPECT_EQ(value("SELECT rejected FROM investigate.sources"), "2");
    EXPECT_EQ(value("SELECT sample FROM investigate.dead_letters LIMIT 1"), "x\ty\\z");
    EXPECT_EQ(value("SELECT address FROM investigate.key_origins"), "NULL");
    EXPECT_EQ(value("SELECT calls FROM investigate.key_operations"), "2");
    EXPECT_EQ(value("SELECT calls FROM investigate.tenant_operations"), "2");
    // A week in the past has its own partition; nothing fell into the default one.
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.dead_letters_other"), "0");
    EXPECT_EQ(value("SELECT week FROM callerprint.partitions WHERE parent = 'dead_letters'"),
              "2024-05-27");
}

TEST_F(Commit, TellsForEachBlockWhichRevisionJudgedIt) {
    auto position = *session_->claim("main", 0, "a");
    const std::vector<std::pair<std::uint64_t, std::string>> batches{
        {3, "one"}, {5, "one"}, {9, "two"}, {10, "one"}};
    for (const auto& [to, revision] : batches) {
        auto effects = batch(position, to);
        effects.policy_rev = revision;
        if (to == 9) effects.alerts = {opened("alert-0001")};
        ASSERT_TRUE(session_->commit(effects));
        position.next_offset = to;
    }
    EXPECT_EQ(rows("SELECT revision, from_block, to_block, current FROM "
                   "investigate.policy_revisions ORDER BY from_block"),
              (std::vector<std::vector<std::string>>{
                  {"one", "1", "5", "f"}, {"two", "5", "9", "f"}, {"one", "9", "NULL", "t"}}));
    EXPECT_EQ(value("SELECT policy_revision FROM investigate.alerts"), "two");
}

TEST_F(Commit, SavesWindowStateTogetherWithItsPlace) {
    auto effects = batch(claim(), 7);
    const std::vector<std::string> state{std::string("\0\x01\xff state", 9), "", "third"};
    effects.window_state = state;
    EXPECT_TRUE(session_->window_state("main", 0)->empty());
    ASSERT_TRUE(session_->commit(effects));
    EXPECT_EQ(session_->window_state("main", 0).value(), state);
    EXPECT_EQ(session_->position("main", 0)->snapshot_offset, 7U);
    auto next = batch(*session_->position("main", 0), 8);
    ASSERT_TRUE(session_->commit(next));
    EXPECT_EQ(session_->position("main", 0)->snapshot_offset, 7U);
    EXPECT_EQ(session_->window_state("main", 0).value(), state) << "none came, so this one stays";
    auto shorter = batch(*session_->position("main", 0), 9);
    shorter.window_state = {"other"};
    ASSERT_TRUE(session_->commit(shorter));
    EXPECT_EQ(session_->window_state("main", 0).value(), shorter.window_state) << "as a whole";
    EXPECT_EQ(session_->position("main", 0)->snapshot_offset, 9U);
}

TEST_F(Commit, SetsRefusedRowsAsideAndStoresTheRest) {
    auto effects = batch(claim(), 2);
    for (int i = 0; i < 100; ++i) {
        effects.rollup.coverage.push_back({"source" + std::to_string(i), minute, 1, 1, 1, 0, 0});
    }
    effects.rollup.coverage[37].received = INT64_MAX;
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

    // Now source37 overflows when it is added again, in the middle of a good batch.
    effects.from = 2, effects.to = 3;
    effects.evidence.clear();
    const auto second = session_->commit(effects);
    ASSERT_TRUE(second) << second.error().reason;
    EXPECT_EQ(second->set_aside, 1U);
    EXPECT_EQ(second->opened, 0U) << "the alert is there already";
    EXPECT_EQ(value("SELECT count(*) FROM investigate.coverage WHERE received = 2"), "99");
    EXPECT_EQ(rows("SELECT code, reason LIKE 'coverage:%22003%' FROM investigate.dead_letters"
                   " WHERE reason LIKE 'coverage%'")[0],
              (std::vector<std::string>{"refused_by_database", "t"}));
    // The next batch on this connection works without ceremony.
    effects.from = 3, effects.to = 4;
    effects.rollup.activity = {activity("k1", 1)};
    EXPECT_TRUE(session_->commit(effects));
}

TEST_F(Commit, StoresAnyBytes) {
    auto effects = batch(claim(), 2);
    const std::string nul("k\0x", 3);
    // Both become the same text: neither may be lost, nor stop the batch.
    effects.rollup.activity = {activity(nul, 1), activity("k\xffx", 2),
                               activity("tab\tnewline\nback\\slash", 4)};
    const std::string long_key(5'000, 'y');
    effects.rollup.activity.push_back(activity(long_key, 8));
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
    effects.rollup.activity = {activity("k", 1)};
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
    effects.rollup.activity = {activity("k", 1)};
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
    effects.rollup.activity = {activity("k", 1)};
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
    effects.rollup.activity = {activity("k", 1)};
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

/// Descriptors of this process by the socket behind them: a number is soon given to another.
std::map<std::string, int> open_sockets() {
    std::map<std::string, int> out;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;  // the listing's own
        const auto target = std::filesystem::read_symlink(entry, gone).string();
        if (target.starts_with("socket:")) out[target] = std::stoi(entry.path().filename());
    }
    return out;
}

TEST_F(Commit, EndsTheBackendThatRanTheCommitAndNotTheOneBeforeIt) {
    rows("ALTER DATABASE " + name_ + " SET synchronous_commit = on");
    store::Session::Options with;
    with.lock_timeout = std::chrono::milliseconds(300);
    with.commit_patience = std::chrono::milliseconds(10'000);
    session_ = connect(with);
    auto effects = batch(claim(), 2);
    effects.rollup.activity = {activity("k", 1)};
    ASSERT_TRUE(session_->commit(effects));
    effects.from = 2, effects.to = 3;
    // The connection is lost while nothing runs, so the batch is sent over a new one.
    rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
        "'callerprint' AND datname = current_database()");
    CommitWaits waits([this](const std::string& sql) { rows(sql); });
    const auto before = open_sockets();
    base::Result<store::Committed> done;
    std::jthread writer([&] { done = session_->commit(effects); });
    while (value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND "
                 "application_name = 'callerprint'") == "0") {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    for (const auto& [socket, descriptor] : open_sockets()) {
        if (!before.contains(socket)) ::shutdown(descriptor, SHUT_RDWR);
    }
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

TEST_F(Commit, OpensAnAlertAgainWhoseRowIsGone) {
    auto effects = batch(claim(), 2);
    effects.alerts = {opened("alert-1")};
    ASSERT_TRUE(session_->commit(effects));
    rows("DELETE FROM callerprint.alerts");
    auto update = opened("alert-1");
    update.kind = alert::Change::Kind::updated;
    update.alert.count = 5;
    effects.alerts = {update, update};
    effects.alerts[1].alert.count = 8;
    effects.from = 2, effects.to = 3;
    const auto done = session_->commit(effects);
    ASSERT_TRUE(done) << done.error().reason;
    EXPECT_EQ(done->opened, 1U);
    EXPECT_EQ(value("SELECT count FROM investigate.alerts"), "8");
    EXPECT_EQ(value("SELECT count(*) FROM investigate.alert_events"), "1");
}

TEST_F(Commit, OpensAnAlertThatComesTwiceInOneBatchOnce) {
    auto effects = batch(claim(), 2);
    effects.alerts = {opened("alert-1"), opened("alert-1"), opened("alert-2")};
    const auto done = session_->commit(effects);
    ASSERT_TRUE(done) << done.error().reason;
    EXPECT_EQ(done->opened, 2U);
    EXPECT_EQ(value("SELECT string_agg(action, ',') FROM investigate.alert_events"),
              "opened,opened");
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
