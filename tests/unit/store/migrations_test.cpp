#include "store/migrations.hpp"

#include "store/database.hpp"

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
