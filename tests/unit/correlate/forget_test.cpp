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

/// One of each kind of window, by user; and one by two names.
std::string policies() {
    const auto by = [](const std::string& type, const std::string& condition,
                       const std::string& rules = "[a]") {
        return "    type: " + type + "\n    rules: " + rules +
               "\n    group-by: [user]\n    timespan: 10s\n    condition: " + condition + "\n";
    };
    return rule("a") + rule("b") + rule("quiet", "callerprint: { subject: tenant, quiet: 1h }\n") +
           correlation("count", by("event_count", "{ gte: 3 }")) +
           correlation("values", by("value_count", "{ field: key, gte: 3 }")) +
           correlation("many", by("value_count", "{ field: key, gte: 30 }")) +
           correlation("sum", by("value_sum", "{ field: n, gte: 12 }")) +
           "title: both\nname: both\ncorrelation:\n    type: temporal\n    rules: [a, b]\n"
           "    group-by: [user]\n    timespan: 10s\n---\n" +
           "title: pair\nname: pair\ncorrelation:\n    type: event_count\n    rules: [a]\n"
           "    group-by: [tenant_uid, user]\n    timespan: 10s\n    condition: { gte: 2 }\n---\n";
}

bool is_u1(std::string_view text) {
    return text == "u1";
}

TEST(Forget, TakesWindowsAndWaitingMatches) {
    Bench bench(world::load(policies()));
    for (const char* user : {"u1", "u2"}) {
        bench.hit(1, "a", {{"user", user}, {"tenant_uid", "t"}, {"key", "k1"}, {"n", 4}});
        bench.hit(2, "a", {{"user", user}, {"tenant_uid", "t"}, {"key", "k2"}, {"n", 4}});
    }
    bench.advance(1.5);
    bench.engine().forget(is_u1);
    EXPECT_THAT(bench.saved(), testing::Not(testing::HasSubstr("u1")));
    for (const char* user : {"u1", "u2"})
        bench.hit(3, "a", {{"user", user}, {"tenant_uid", "t"}, {"key", "k3"}, {"n", 4}});
    EXPECT_THAT(bench.times("count"), ElementsAre(3)) << "of u2 alone";
    EXPECT_THAT(bench.times("values"), ElementsAre(3));
    EXPECT_THAT(bench.times("sum"), ElementsAre(3));
    EXPECT_THAT(bench.times("pair"), ElementsAre(2)) << "u2's second call";
}

TEST(Forget, TakesQuietTimes) {
    Bench bench(world::load(policies()));
    bench.hit(1, "quiet", {{"tenant_uid", "u1"}});
    bench.hit(1, "quiet", {{"tenant_uid", "t2"}});
    bench.advance(2);
    ASSERT_EQ(bench.fired.size(), 2u);
    bench.engine().forget(is_u1);
    bench.hit(3, "quiet", {{"tenant_uid", "u1"}});
    bench.hit(3, "quiet", {{"tenant_uid", "t2"}});
    EXPECT_EQ(bench.finish().size(), 3u) << "only the tenant that was forgotten is told of anew";
}

TEST(Forget, TellsNothingOfAnEpisodeThatItEnds) {
    correlate::Engine::Options options;
    options.repeat_every = std::chrono::seconds(1);
    Bench bench(world::load(policies()), options);
    for (int i = 0; i < 5; ++i) bench.hit(1 + i, "a", {{"user", "u1"}});
    bench.advance(6);
    bench.fired.clear();
    bench.engine().forget(is_u1);
    bench.finish(100);
    EXPECT_THAT(bench.fired, IsEmpty());
    EXPECT_EQ(bench.engine().stats().groups, 0u);
}

TEST(Forget, ChangesNothingForOthersWhateverCameBefore) {
    const auto set = world::load(policies());
    for (unsigned seed = 1; seed <= 200; ++seed) {
        std::mt19937 random(seed);
        Bench with(set), without(set);
        const auto play = [&](int from, int to, bool begun) {
            for (int t = from; t < to; ++t) {
                const auto user = "u" + std::to_string(1 + random() % 4);
                const world::Event event{
                    .time = t * world::second / 2,
                    .id = static_cast<std::uint64_t>(t),
                    .fields = {{"user", user},
                               {"tenant_uid", random() % 2 == 0 ? "t1" : "t2"},
                               {"key", "k" + std::to_string(random() % 40)},
                               {"n", static_cast<std::int64_t>(random() % 9)}},
                    .rules = {world::index_of(*set, random() % 3 == 0 ? "b" : "a")}};
                with.observe(event);
                if (begun || user != "u1") without.observe(event);
                if (random() % 5 != 0) continue;
                with.advance(t / 2.0 - 2);
                without.advance(t / 2.0 - 2);
            }
        };
        play(1, 60, false);
        with.advance(28);
        without.advance(28);
        with.engine().forget(is_u1);
        with.fired.clear();
        without.fired.clear();
        play(60, 120, true);
        const auto told = [](Bench& bench) {
            std::vector<std::tuple<std::int64_t, policy::PolicyIndex, std::string, std::uint64_t>>
                out;
            for (const auto& firing : bench.finish()) {
                std::string group;
                for (const auto& value : firing.group) group += value.value.value_or("-") + "|";
                out.emplace_back(base::micros(firing.at), firing.policy, group, firing.matches);
            }
            return out;
        };
        EXPECT_EQ(told(with), told(without)) << "seed " << seed;
        EXPECT_EQ(with.engine().stats().groups, without.engine().stats().groups) << "seed " << seed;
    }
}

}  // namespace
