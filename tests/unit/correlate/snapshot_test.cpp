#include "base/digest.hpp"
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

/// What the first program of this version wrote for `BytesThatWereWrittenAreRead`.
constexpr std::string_view saved_at_first =
    "4350574e0200019d92f8d5f4f4b1cc3e809bee0206046c6f7564201eb90a1e7fc891447e5f9327fd9d9d"
    "e6a312838c5f139c548eebc7323c1b4f9c06000000809bee02000000000000057175696574207852b5b2"
    "4e5974215e73731ab89d4ab90715c97b40c1cad4603ee1f3c0d27d581a00000000010303743102010000"
    "80897a80897a010080ade204060100000000000005636f756e7420a4ac08fdeb532bb0b79ff497726fc1"
    "0cd529c9bf56ab1a26303e7656a4e9415f32000000c096b102020303753102000000028092f401010080"
    "897a0100030375320200000001809bee020100010080ade20407010000000000000676616c7565732049"
    "ac1557511a9304e383e66cde56a03649ec8836ba9f3ad756e5bee05baffdc85c000000c096b102020303"
    "753102000000010002e896f388efe0dff3ff018092f4010100e983cb899e83f78619809bee0201000303"
    "753202000000010001e896f388efe0dff3ff01809bee020100010080ade2040701009acfaa99fb8093de"
    "4200000000046d616e7920681ba76013e9cfd89f34790707feefa18db6a43cf0f916f4a4eaf884c5789f"
    "7b5c000000c096b102020303753102000000010002e896f388efe0dff3ff018092f4010100e983cb899e"
    "83f78619809bee0201000303753202000000010001e896f388efe0dff3ff01809bee020100010080ade2"
    "040701009acfaa99fb8093de42000000000373756d20b4117db631a9a2262c361687ede697310936900a"
    "c771032f0af173a3139e5eb98c000000c096b10201030375310200000001000000000000002040000000"
    "0000000000809bee0201008092f4010100ffffffffffffffffff010000ffffffffffffffffff010000ff"
    "ffffffffffffffff010000028092f4010100000000000010400000000000000000809bee020100000000"
    "000010400000000000000000010080ade20407010080808080808080884000000000";

std::string hex_of(std::string_view bytes) {
    return base::hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

TEST(Snapshot, BytesThatWereWrittenAreRead) {
    const std::string by = "    rules: [a]\n    group-by: [user]\n    timespan: 10s\n";
    const auto set = world::load(
        rule("a") + rule("loud", "callerprint: { subject: tenant }\n") +
        rule("quiet", "callerprint: { subject: tenant, quiet: 1h }\n") +
        correlation("count", "    type: event_count\n" + by + "    condition: { gte: 3 }\n") +
        correlation("values",
                    "    type: value_count\n" + by + "    condition: { field: key, gte: 3 }\n") +
        correlation("many",
                    "    type: value_count\n" + by + "    condition: { field: key, gte: 30 }\n") +
        correlation("sum", "    type: value_sum\n" + by + "    condition: { field: n, gte: 9 }\n"));
    Bench before(set);
    before.hit(1, "loud", {{"tenant_uid", "t1"}});
    before.hit(1, "quiet", {{"tenant_uid", "t1"}});
    before.hit(2, "a", {{"user", "u1"}, {"key", "k1"}, {"n", 4}});
    before.hit(3, "a", {{"user", "u1"}, {"key", "k2"}, {"n", 4}});
    before.hit(3, "a", {{"user", "u2"}, {"key", "k1"}});
    before.advance(3);
    before.hit(5, "quiet", {{"tenant_uid", "t1"}});
    before.hit(5, "a", {{"user", "u1"}, {"key", "k3"}, {"n", 4}});
    ASSERT_EQ(hex_of(before.saved()), saved_at_first);
    Bench after(set);
    ASSERT_TRUE(after.restore(before.saved()));
    EXPECT_THAT(after.times("count"), ElementsAre(5));
    EXPECT_THAT(after.times("values"), ElementsAre(5));
    EXPECT_THAT(after.times("sum"), ElementsAre(5));
    EXPECT_THAT(after.times("quiet"), IsEmpty());
    EXPECT_EQ(after.fired.size(), 3u);
}

/// Another set with a restart between, and in place.
class AnotherSet : public testing::TestWithParam<bool> {
protected:
    static void change(Bench& bench, std::shared_ptr<const policy::Set> set) {
        if (GetParam()) {
            bench.restart(std::move(set));
        } else {
            bench.reload(std::move(set));
        }
    }
};

INSTANTIATE_TEST_SUITE_P(Snapshot, AnotherSet, testing::Bool(), [](const auto& given) {
    return given.param ? "AfterARestart" : "AtAReload";
});

TEST_P(AnotherSet, KeepsTheWindowsOfAnUnchangedPolicy) {
    Bench bench(world::load(rule("a") + count_policy("kept", "{ gte: 2 }") +
                            count_policy("changed", "{ gte: 2 }")));
    bench.hit(1, "a");
    bench.advance(1);
    // Another place in the set, another text, the same meaning; and one that means another thing.
    change(bench, world::load(rule("other") + count_policy("changed", "{ gte: 2, lt: 9 }") +
                              rule("a") + count_policy("kept", "{ gte: 2 }", "new words")));
    EXPECT_EQ(bench.engine().stats().groups, 1u);
    bench.hit(2, "a");
    EXPECT_THAT(bench.times("kept"), ElementsAre(2));
    EXPECT_THAT(bench.times("changed"), IsEmpty());
}

TEST_P(AnotherSet, KeepsWaitingMatches) {
    Bench bench(world::load(rule("a") + count_policy("gone", "{ gte: 1 }") +
                            count_policy("kept", "{ gte: 2 }")));
    bench.hit(2, "a");
    bench.hit(1, "a");
    change(bench, world::load(rule("b") + rule("a") + count_policy("kept", "{ gte: 2 }")));
    EXPECT_EQ(bench.engine().stats().buffered, 2u);
    EXPECT_THAT(bench.times("kept"), ElementsAre(2));
}

TEST_P(AnotherSet, LetsNoWindowReadTheSetThatIsGone) {
    const std::string text =
        rule("a") + rule("b") +
        correlation("joint",
                    "    type: joint\n    rules: [a, b]\n    group-by: [user]\n    timespan: 9s\n"
                    "    weights: { b: 2 }\n    condition: { gte: 3 }\n") +
        correlation("usual",
                    "    type: baseline\n    rules: [a]\n    group-by: [user]\n    timespan: 1h\n"
                    "    history: 2w\n    at-least: 1\n    condition: { gte: 2 }\n");
    Bench bench(world::load(text));
    bench.hit(1, "a");
    bench.advance(1);
    change(bench, world::load(text));
    bench.hit(2, "b");
    bench.hit(3, "a");
    EXPECT_THAT(bench.times("joint"), ElementsAre(2));
    EXPECT_THAT(bench.times("usual"), IsEmpty());
}

TEST_P(AnotherSet, StartsTheCorrelationsOfAChangedRuleAnew) {
    const std::string counted = count_policy("c", "{ gte: 2 }");
    Bench bench(world::load(rule("a") + counted));
    bench.hit(1, "a");
    change(bench, world::load(rule("a", "description: other calls now\n") + counted));
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

TEST(Snapshot, ACutOrForeignStateChangesNothing) {
    const auto set = world::load(rule("a") + count_policy("c", "{ gte: 2 }"));
    Bench bench(set);
    bench.hit(1, "a");
    const std::string state = bench.saved();
    for (std::size_t i = 0; i < state.size(); ++i)
        EXPECT_FALSE(bench.restore(state.substr(0, i))) << i;
    correlate::Engine::Options sharded;
    sharded.shard_count = 2;
    Bench other_shard(set, sharded);
    const auto refused = other_shard.restore(state);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, "saved windows are of shard 0 of 1, not of 0 of 2");
    correlate::Engine::Options keyed;
    keyed.hash_key[0] = 1;
    Bench other_key(set, keyed);
    EXPECT_FALSE(other_key.restore(state));
    bench.hit(2, "a");
    EXPECT_THAT(bench.times("c"), ElementsAre(2)) << "the engine is as it was";
}

/// Whoever keeps a state tells that it was changed; if nobody did, it may be refused or read, and
/// the sanitizers say that nothing else happens.
TEST(Snapshot, NoChangeOfAByteBreaksTheReader) {
    const std::string by = "    rules: [a]\n    group-by: [user]\n    timespan: 10s\n";
    const auto set = world::load(
        rule("a") + rule("b") + rule("plain", "callerprint: { subject: tenant, quiet: 1h }\n") +
        correlation("count", "    type: event_count\n" + by + "    condition: { gte: 3 }\n") +
        correlation("few",
                    "    type: value_count\n" + by + "    condition: { field: key, gte: 3 }\n") +
        correlation("many",
                    "    type: value_count\n" + by + "    condition: { field: key, gte: 30 }\n") +
        correlation("sum", "    type: value_sum\n" + by + "    condition: { field: n, gte: 9 }\n") +
        correlation("novel", "    type: new_value\n" + by +
                                 "    condition: { field: key }\n    learn: 1s\n") +
        correlation("share",
                    "    type: ratio\n    rules: [a, b]\n    group-by: [user]\n"
                    "    timespan: 10s\n    at-least: 2\n    condition: { lt: 3 }\n") +
        correlation("cadence",
                    "    type: cadence\n" + by + "    condition: { lte: 0.5 }\n    at-least: 3\n") +
        correlation("silent", "    type: absence\n" + by) +
        correlation("baseline",
                    "    type: baseline\n    rules: [a]\n    group-by: [user]\n"
                    "    timespan: 1h\n    condition: { gte: 6 }\n    at-least: 1\n"
                    "    history: 2w\n") +
        correlation("unanswered",
                    "    type: absence\n    rules: [a, b]\n    group-by: [user]\n"
                    "    timespan: 10s\n") +
        correlation("joint",
                    "    type: joint\n    rules: [a, b]\n    group-by: [user]\n"
                    "    timespan: 10s\n    condition: { gte: 2 }\n"));
    Bench bench(set);
    for (int i = 0; i < 6; ++i) bench.hit(i, "a", {{"user", i % 2}, {"key", i}, {"n", 1}});
    bench.hit(1, "plain", {{"tenant_uid", "t1"}});
    bench.hit(-30'000, "a", {{"user", 1}, {"key", 1}});  // hours of history
    bench.advance(3);
    const std::string state = bench.saved();
    for (std::size_t i = 0; i < state.size(); ++i)
        for (const int change : {0x01, 0x40, 0x80, 0xff}) {
            std::string changed = state;
            changed[i] = static_cast<char>(changed[i] ^ change);
            Bench other(set);
            correlate::Reader in(changed);
            if (!other.engine().restore(in)) continue;
            other.hit(9, "a", {{"user", 1}, {"key", "new"}, {"n", 1}});
            other.finish();
        }
}

TEST(Snapshot, SavingTwiceGivesTheSameBytes) {
    Bench bench(world::load(rule("a") + count_policy("c", "{ gte: 2 }")));
    for (int i = 0; i < 100; ++i) bench.hit(i, "a", {{"user", i % 7}});
    bench.advance(50);
    const std::string state = bench.saved();
    EXPECT_EQ(bench.saved(), state);
    bench.restart();
    EXPECT_EQ(bench.saved(), state);
}

}  // namespace
