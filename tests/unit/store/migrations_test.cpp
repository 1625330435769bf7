#include "store/migrations.hpp"

#include "store/database.hpp"
#include "store/presence_traffic.hpp"

#include <thread>

namespace {

using store::Migration;

class Migrations : public store_test::Database {};

std::vector<Migration> with(std::initializer_list<Migration> more) {
    const auto all = store::built_in_migrations();
    std::vector<Migration> out(all.begin(), all.end());
    out.insert(out.end(), more);
    return out;
}

TEST_F(Migrations, DoNothingTheSecondTime) {
    const auto again = store::migrate(*session_);
    ASSERT_TRUE(again) << again.error().reason;
    EXPECT_EQ(again->from, again->to);
    EXPECT_EQ(again->to, store::built_in_migrations().back().number);
}

TEST_F(Migrations, ApplyOnlyWhatIsNew) {
    const auto all = with({{9001, "9001_a.sql", "CREATE TABLE callerprint.a (x integer);"}});
    const auto done = store::migrate(*session_, all);
    ASSERT_TRUE(done) << done.error().reason;
    EXPECT_EQ(done->to, 9001U);
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.a"), "0");
}

TEST_F(Migrations, RefuseAFileThatWasEdited) {
    auto all = with({});
    const auto edited = std::string(all.back().sql) + "\n-- a thought";
    all.back().sql = edited;
    const auto done = store::migrate(*session_, all);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().fault, base::Fault::conflict);
    EXPECT_TRUE(done.error().reason.contains("was edited")) << done.error().reason;
}

TEST_F(Migrations, RefuseANewerSchemaWithOneLine) {
    ASSERT_TRUE(store::migrate(*session_, with({{9001, "9001_a.sql", "SELECT 1"}})));
    const auto done = store::migrate(*session_);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().fault, base::Fault::conflict);
    EXPECT_TRUE(done.error().reason.contains("run the newer program"));
    EXPECT_FALSE(done.error().reason.contains('\n'));
}

TEST_F(Migrations, LeaveNothingOfAFileThatFails) {
    const auto all =
        with({{9001, "9001_a.sql", "CREATE TABLE callerprint.a (x integer); SELECT 1/0;"}});
    ASSERT_FALSE(store::migrate(*session_, all));
    EXPECT_EQ(value("SELECT to_regclass('callerprint.a')"), "NULL");
    EXPECT_TRUE(store::migrate(*session_)) << "the lock is free again";
}

// A "no" after an upgrade that forgot who had called before would be false.
TEST_F(Migrations, LeaveFoundWhoCalledBeforeThereWerePersonas) {
    rows("DROP SCHEMA investigate, callerprint CASCADE");
    rows("DROP TABLE public.callerprint_migrations");
    const auto all = store::built_in_migrations();
    const auto older =
        store::migrate(*session_, std::vector<Migration>(all.begin(), all.begin() + 13));
    ASSERT_TRUE(older) << older.error().reason;
    rows("SELECT callerprint.ensure_partition('key_origin_hour', '2024-05-27')");
    // One in a week of its own, one far from any, one of whose origin nothing is known.
    rows(R"(INSERT INTO callerprint.key_origin_hour
        (hour, key_uid, tenant_uid, origin, calls, ok, failed, denied, request_bytes, response_bytes,
         units, input_tokens, output_tokens, first_seen, last_seen, address, asn, as_name, country,
         client, record_id)
        SELECT hour, key, 'acme', 'o', 3, 3, 0, 0, 0, 0, 0, 0, 0, hour, hour, address::inet, asn,
               name, '', client, 1
        FROM (VALUES ('2024-06-01T00:00Z'::timestamptz, 'k1', '192.0.2.7', 64500, 'One', 'boto3 1.34'),
                     ('1999-01-01T00:00Z', 'k2', '192.0.2.9', 64500, 'Two', 'curl 8.5'),
                     ('2024-06-01T00:00Z', 'k3', NULL, NULL, NULL, NULL))
            AS v (hour, key, address, asn, name, client))");
    ASSERT_TRUE(store::migrate(*session_));
    const auto from = base::event_time(0);
    const auto to = base::event_time(2'000'000'000'000'000);
    const auto keys = [&](const store::TrafficClue& clue) {
        std::string out;
        const auto found = store::find_traffic(*session_, clue, from, to);
        if (!found) return found.error().reason;
        for (const auto& row : found->rows) out += row.key + " ";
        return out;
    };
    EXPECT_EQ(keys(store::ByNetwork{*call::parse_network("192.0.2.7/32")}), "k1 k2 ");
    EXPECT_EQ(keys(store::ByAs{{64500}}), "k1 k2 ");
    EXPECT_EQ(keys(store::ByHolder{.numbers = {64500}, .names = {"Two"}}), "k2 ");
    EXPECT_EQ(keys(store::ByClient{.family = "boto3", .version = ""}), "k1 ");
    EXPECT_EQ(keys(store::ByTenants{{"acme"}}), "k1 k2 k3 ");
}

TEST_F(Migrations, RunOnceWhenTwoStartTogether) {
    const auto all = with(
        {{9001, "9001_a.sql", "SELECT pg_sleep(0.2); CREATE TABLE callerprint.a (x integer);"}});
    auto other = connect();
    bool other_fine = false;
    {
        const std::jthread thread([&] { other_fine = store::migrate(*other, all).has_value(); });
        EXPECT_TRUE(store::migrate(*session_, all));
    }
    EXPECT_TRUE(other_fine);
}

}  // namespace
