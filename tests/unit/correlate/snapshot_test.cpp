#include "world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using world::Bench;
using world::correlation;
using world::rule;

std::string count_policy(const std::string& name, const std::string& condition,
                         const std::string& title = "") {
    return correlation(name,
                       "    type: event_count\n    rules: [a]\n    group-by: [user]\n"
                       "    timespan: 10s\n    condition: " +
                           condition + "\n",
                       "description: " + (title.empty() ? name : title) + "\n");
}

TEST(Snapshot, AnUnchangedPolicyKeepsItsWindowsUnderAnotherSet) {
    Bench bench(world::load(rule("a") + count_policy("kept", "{ gte: 2 }") +
                            count_policy("changed", "{ gte: 2 }")));
    bench.hit(1, "a");
    bench.advance(1);
    // Another place in the set, another text, the same meaning; and one that means another thing.
    bench.restart(world::load(rule("other") + count_policy("changed", "{ gte: 2, lt: 9 }") +
                              rule("a") + count_policy("kept", "{ gte: 2 }", "new words")));
    bench.hit(2, "a");
    EXPECT_THAT(bench.times("kept"), ElementsAre(2));
    EXPECT_THAT(bench.times("changed"), IsEmpty());
}

TEST(Snapshot, WaitingMatchesOutliveAReload) {
    Bench bench(world::load(rule("a") + count_policy("kept", "{ gte: 2 }")));
    bench.hit(2, "a");
    bench.hit(1, "a");
    bench.restart(world::load(rule("b") + rule("a") + count_policy("kept", "{ gte: 2 }")));
    EXPECT_EQ(bench.engine().stats().buffered, 2u);
    EXPECT_THAT(bench.times("kept"), ElementsAre(2));
}

TEST(Snapshot, AChangedRuleStartsItsCorrelationsAnew) {
    const std::string counted = count_policy("c", "{ gte: 2 }");
    Bench bench(world::load(rule("a") + counted));
    bench.hit(1, "a");
    bench.restart(world::load(rule("a", "description: other calls now\n") + counted));
    bench.hit(2, "a");
    EXPECT_THAT(bench.times("c"), IsEmpty());
}

TEST(Snapshot, QuietMemoryAndEpisodesAreKept) {
    const auto set = world::load(rule("a") + count_policy("c", "{ gte: 2 }") +
                                 rule("r", "callerprint: { subject: tenant, quiet: 1h }\n"));
    Bench bench(set);
    bench.hit(1, "r");
    bench.hit(1, "a");
    bench.hit(2, "a");
    bench.advance(3);
    bench.restart();
    bench.hit(4, "r");
    bench.hit(11.5, "a");
    bench.finish();
    EXPECT_THAT(bench.times("r"), ElementsAre(1));
    EXPECT_THAT(bench.times("c"), ElementsAre(2, 11.5));
    EXPECT_EQ(bench.fired.back().episode, 1u);
}

TEST(Snapshot, TheWatermarkIsKept) {
    Bench bench(world::load(rule("a") + count_policy("c", "{ gte: 1 }")));
    bench.advance(100);
    bench.restart();
    bench.hit(99, "a");
    EXPECT_EQ(bench.engine().stats().late, 1u);
}

TEST(Snapshot, ADamagedOrForeignStateChangesNothing) {
    const auto set = world::load(rule("a") + count_policy("c", "{ gte: 2 }"));
    Bench bench(set);
    bench.hit(1, "a");
    const std::string state = bench.engine().save();
    for (std::size_t i = 0; i < state.size(); ++i) {
        std::string damaged = state;
        damaged[i] = static_cast<char>(damaged[i] ^ 1);
        EXPECT_FALSE(bench.engine().restore(damaged)) << i;
        EXPECT_FALSE(bench.engine().restore(state.substr(0, i))) << i;
    }
    correlate::Engine::Options sharded;
    sharded.shard_count = 2;
    Bench other_shard(set, sharded);
    const auto refused = other_shard.engine().restore(state);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, "saved windows are of shard 0 of 1, not of 0 of 2");
    correlate::Engine::Options keyed;
    keyed.hash_key[0] = 1;
    Bench other_key(set, keyed);
    EXPECT_FALSE(other_key.engine().restore(state));
    bench.hit(2, "a");
    EXPECT_THAT(bench.times("c"), ElementsAre(2)) << "the engine is as it was";
}

TEST(Snapshot, SavingTwiceGivesTheSameBytes) {
    Bench bench(world::load(rule("a") + count_policy("c", "{ gte: 2 }")));
    for (int i = 0; i < 100; ++i) bench.hit(i, "a", {{"user", i % 7}});
    bench.advance(50);
    const std::string state = bench.engine().save();
    EXPECT_EQ(bench.engine().save(), state);
    bench.restart();
    EXPECT_EQ(bench.engine().save(), state);
}

}  // namespace
