#include "store/cluster.hpp"

#include "store/connection.hpp"
#include "store/database.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <thread>

namespace {

using store::Cluster;
using store_test::scratch_folder;

Cluster::Options options(const std::string& name) {
    Cluster::Options out;
    out.folder = scratch_folder() / name;
    out.durable = false;
    return out;
}

std::string show(const Cluster& cluster, const std::string& setting) {
    pqxx::connection connection(cluster.url());
    pqxx::nontransaction tx(connection);
    return tx.exec1("SHOW " + setting)[0].as<std::string>();
}

TEST(Cluster, MakesStartsAdoptsAndStops) {
    auto first = Cluster::open(options("one"));
    ASSERT_TRUE(first) << first.error().reason;
    EXPECT_FALSE(first->adopted());
    const auto pid = first->postmaster();
    EXPECT_GT(pid, 1);
    EXPECT_EQ(show(*first, "listen_addresses"), "");
    EXPECT_EQ(show(*first, "data_checksums"), "on");
    EXPECT_EQ(show(*first, "jit"), "off");
    EXPECT_EQ(show(*first, "shared_buffers"), "128MB");

    auto second = Cluster::open(options("one"));
    ASSERT_TRUE(second) << second.error().reason;
    EXPECT_TRUE(second->adopted());
    EXPECT_EQ(second->postmaster(), pid);

    ASSERT_TRUE(second->stop());
    EXPECT_EQ(first->postmaster(), 0);
    EXPECT_TRUE(first->stop()) << "stopping what is stopped is fine";

    // Data survive, and a postmaster that was killed leaves nothing that must be cleared by hand.
    auto third = Cluster::open(options("one"));
    ASSERT_TRUE(third) << third.error().reason;
    ::kill(third->postmaster(), SIGKILL);
    while (third->postmaster() != 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    auto fourth = Cluster::open(options("one"));
    ASSERT_TRUE(fourth) << fourth.error().reason;
    EXPECT_FALSE(fourth->adopted());
    EXPECT_TRUE(fourth->stop());
}

TEST(Cluster, MakesTheDatabaseThatAFirstStartWasKilledBefore) {
    auto killed = Cluster::open(options("half"));
    ASSERT_TRUE(killed) << killed.error().reason;
    {
        pqxx::connection connection("host=" + (scratch_folder() / "half/run").string() +
                                    " dbname=postgres user=callerprint");
        pqxx::nontransaction(connection).exec("DROP DATABASE callerprint");
    }
    auto next = Cluster::open(options("half"));
    ASSERT_TRUE(next) << next.error().reason;
    EXPECT_TRUE(next->adopted());
    EXPECT_EQ(show(*next, "listen_addresses"), "");
    EXPECT_TRUE(next->stop());
}

TEST(Cluster, IsStartedAgainWhenItWasKilledWhileWeRun) {
    auto cluster = Cluster::open(options("killed"));
    ASSERT_TRUE(cluster) << cluster.error().reason;
    const auto running = cluster->revive();
    ASSERT_TRUE(running) << running.error().reason;
    EXPECT_FALSE(*running) << "it was there";

    ::kill(cluster->postmaster(), SIGKILL);
    while (cluster->postmaster() != 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const auto revived = cluster->revive();
    ASSERT_TRUE(revived) << revived.error().reason;
    EXPECT_TRUE(*revived);
    EXPECT_EQ(show(*cluster, "listen_addresses"), "");
    EXPECT_TRUE(cluster->stop());
}

TEST(Cluster, RefusesASocketPathThatIsTooLong) {
    auto with = options("one");
    with.folder = "/tmp/" + std::string(100, 'x');
    const auto made = Cluster::open(with);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault, base::Fault::invalid);
    EXPECT_TRUE(made.error().reason.contains("shorter data_dir")) << made.error().reason;
    EXPECT_FALSE(std::filesystem::exists(with.folder));
}

TEST(Cluster, RefusesARelativeFolder) {
    auto with = options("one");
    with.folder = "data/pg";
    EXPECT_FALSE(Cluster::open(with));
}

TEST(Cluster, NamesThePackageWhenProgramsAreMissing) {
    auto with = options("two");
    with.binaries = scratch_folder() / "nothing-here";
    const auto made = Cluster::open(with);
    ASSERT_FALSE(made);
    EXPECT_TRUE(made.error().reason.contains("apt-get install postgresql-15"))
        << made.error().reason;
}

TEST(Cluster, RefusesDataOfAnotherMajorVersion) {
    auto with = options("three");
    std::filesystem::create_directories(with.folder / "data");
    std::ofstream(with.folder / "data" / "PG_VERSION") << "9\n";
    const auto made = Cluster::open(with);
    ASSERT_FALSE(made);
    EXPECT_TRUE(made.error().reason.contains("are of PostgreSQL 9")) << made.error().reason;
}

TEST(Cluster, MakesAHalfMadeOneAgain) {
    auto with = options("four");
    std::filesystem::create_directories(with.folder / "data");
    std::ofstream(with.folder / "data.unfinished") << "killed during initdb\n";
    std::ofstream(with.folder / "data" / "PG_VERSION") << "15\n";
    auto made = Cluster::open(with);
    ASSERT_TRUE(made) << made.error().reason;
    EXPECT_TRUE(made->stop());
}

TEST(Cluster, SaysTheServersLastWordsWhenItDoesNotStart) {
    auto with = options("five");
    auto made = Cluster::open(with);
    ASSERT_TRUE(made) << made.error().reason;
    ASSERT_TRUE(made->stop());
    std::ofstream(with.folder / "data" / "postgresql.conf", std::ios::app)
        << "no_such_setting = 1\n";
    const auto again = Cluster::open(with);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().fault, base::Fault::unavailable);
    EXPECT_TRUE(again.error().reason.contains("no_such_setting")) << again.error().reason;
}

}  // namespace
