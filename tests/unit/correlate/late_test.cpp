#include "world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using world::Bench;
using world::correlation;
using world::rule;

std::vector<double> late_times(const Bench& bench) {
    std::vector<double> out;
    for (const auto& firing : bench.fired) {
        if (firing.behind)
            out.push_back(static_cast<double>(base::micros(firing.at)) / world::second);
    }
    return out;
}

TEST(Late, ARuleThatNeedsNoWindowFiresAtOnce) {
    Bench bench(world::load(rule("r", "callerprint: { subject: tenant }\n")));
    bench.advance(6);
    bench.hit(6, "r", {{"tenant_uid", "t1"}});
    ASSERT_EQ(bench.fired.size(), 1u);
    EXPECT_EQ(bench.fired[0].at, base::event_time(6 * world::second));
    EXPECT_EQ(bench.fired[0].window_start, bench.fired[0].at);
    EXPECT_EQ(bench.fired[0].behind, base::event_time(6 * world::second));
    EXPECT_EQ(bench.fired[0].group.at(0).value, "t1");
    EXPECT_EQ(bench.fired[0].sample.size(), 1u);
    EXPECT_EQ(bench.engine().stats().late, 1u);
    EXPECT_EQ(bench.engine().stats().groups, 0u);
    bench.hit(7, "r", {{"tenant_uid", "t1"}});
    EXPECT_EQ(bench.finish().size(), 2u);
    EXPECT_FALSE(bench.fired[1].behind);
}

TEST(Late, QuietTimesAreNeitherAppliedNorChanged) {
    Bench bench(world::load(rule("r", "callerprint: { quiet: 1h }\n")));
    bench.hit(10, "r");
    bench.advance(100);
    for (const double at : {5.0, 11.0, 90.0}) bench.hit(at, "r");
    EXPECT_THAT(late_times(bench), ElementsAre(5, 11, 90));
    bench.hit(3'609, "r");
    bench.hit(3'610, "r");
    EXPECT_THAT(bench.times("r"), ElementsAre(10, 5, 11, 90, 3'610));
}

TEST(Late, ARuleMayDecline) {
    Bench bench(world::load(rule("r", "callerprint: { late_ok: false }\n") +
                            rule("s", "callerprint: { late_ok: true }\n")));
    bench.advance(6);
    bench.hits(5, {"r", "s"});
    EXPECT_THAT(late_times(bench), ElementsAre(5));
    EXPECT_EQ(bench.fired[0].policy, world::index_of(bench.set(), "s"));
    EXPECT_EQ(bench.engine().stats().late, 2u);
}

TEST(Late, CorrelationsDoNotFire) {
    Bench bench(world::load(rule("a") + correlation("c",
                                                    "    type: event_count\n    rules: [a]\n"
                                                    "    timespan: 10s\n"
                                                    "    condition: { gte: 1 }\n")));
    bench.advance(6);
    bench.hit(5, "a");
    EXPECT_THAT(bench.finish(), IsEmpty());
    EXPECT_EQ(bench.engine().stats().late, 1u);
}

TEST(Late, OneShardFires) {
    const auto set = world::load(rule("r", "callerprint: { subject: tenant }\n"));
    std::size_t fired = 0;
    for (unsigned shard = 0; shard < 3; ++shard) {
        correlate::Engine::Options options;
        options.shard = shard;
        options.shard_count = 3;
        Bench bench(set, options);
        bench.advance(6);
        for (int i = 0; i < 30; ++i) bench.hit(1, "r", {{"tenant_uid", i}});
        fired += bench.fired.size();
    }
    EXPECT_EQ(fired, 30u);
}

TEST(Late, NeverChangesAWindow) {
    const std::string by = "    rules: [a]\n    group-by: [tenant_uid]\n    timespan: 7s\n";
    const auto set = world::load(
        rule("a", "generate: true\ncallerprint: { subject: tenant }\n") +
        rule("quiet", "callerprint: { subject: tenant, quiet: 5s }\n") +
        correlation("count", "    type: event_count\n" + by + "    condition: { gte: 3 }\n") +
        correlation("values",
                    "    type: value_count\n" + by + "    condition: { field: key, gte: 3 }\n") +
        correlation("sum",
                    "    type: value_sum\n" + by + "    condition: { field: n, gte: 12 }\n"));
    ASSERT_NE(set, nullptr);
    const std::vector<policy::PolicyIndex> rules{world::index_of(*set, "a"),
                                                 world::index_of(*set, "quiet")};
    std::size_t late = 0;
    for (unsigned seed = 0; seed < 100; ++seed) {
        std::mt19937_64 random(seed);
        Bench without(set);
        Bench with(set);
        std::int64_t now = 1;
        for (int i = 0; i < 200; ++i) {
            world::Event event;
            event.id = random();
            event.fields = {{"tenant_uid", random() % 2 == 0 ? "t1" : "t2"},
                            {"key", static_cast<std::int64_t>(random() % 5)},
                            {"n", static_cast<std::int64_t>(random() % 6)}};
            event.rules = rules;
            if (random() % 3 == 0) {
                // Not before the first advance: until then nothing is late.
                if (without.engine().watermark() == base::EventTime::min()) continue;
                event.time = base::micros(without.engine().watermark()) -
                             static_cast<std::int64_t>(random() % 20) * world::second;
                with.observe(event);
                continue;
            }
            event.time = now + 1 + static_cast<std::int64_t>(random() % 4) * world::second;
            without.observe(event);
            with.observe(event);
            if (random() % 2 == 0) continue;
            now += static_cast<std::int64_t>(random() % 3) * world::second;
            without.engine().advance(base::event_time(now), without.fired);
            with.engine().advance(base::event_time(now), with.fired);
            ASSERT_EQ(without.saved(), with.saved());
        }
        late += late_times(with).size();
        std::erase_if(with.fired, [](const auto& firing) { return firing.behind.has_value(); });
        std::erase_if(without.fired, [](const auto& firing) { return firing.behind.has_value(); });
        const auto& expected = without.finish();
        const auto& found = with.finish();
        ASSERT_EQ(found.size(), expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
            EXPECT_EQ(found[i].at, expected[i].at);
            EXPECT_EQ(found[i].policy, expected[i].policy);
            EXPECT_EQ(found[i].group, expected[i].group);
            EXPECT_EQ(found[i].value, expected[i].value);
            EXPECT_EQ(found[i].sample, expected[i].sample);
        }
    }
    EXPECT_GT(late, 1'000u);
}

}  // namespace
