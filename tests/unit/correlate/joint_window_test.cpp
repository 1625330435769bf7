#include "correlate/joint_window.hpp"
#include "world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

namespace {

using namespace correlate;
using testing::ElementsAre;
using testing::IsEmpty;
using world::Bench;
using world::correlation;
using world::rule;

std::shared_ptr<const policy::Set> joint(const std::string& rest) {
    return world::load(rule("leaked") + rule("resold") + rule("odd") +
                       correlation("c",
                                   "    type: joint\n    rules: [leaked, resold, odd]\n"
                                   "    group-by: [user]\n    timespan: 10s\n" +
                                       rest));
}

TEST(Joint, AddsUpTheWeightsOfTheRulesThatHaveAHit) {
    Bench bench(joint("    weights: { leaked: 2 }\n    condition: { gte: 3 }\n"));
    bench.hit(0, "resold", {{"user", "ann"}});
    bench.hit(1, "odd", {{"user", "ann"}});
    bench.hit(2, "odd", {{"user", "ann"}});
    bench.hit(2, "leaked", {{"user", "bob"}});
    bench.hit(10.5, "leaked", {{"user", "ann"}});
    EXPECT_THAT(bench.times("c"), ElementsAre(10.5)) << "many hits of one rule weigh as one";
    EXPECT_EQ(bench.fired[0].value, 3) << "the first rule's hit has left";
    EXPECT_THAT(bench.fired[0].held, ElementsAre(0, 2));
    EXPECT_EQ(bench.fired[0].sample.size(), 1u) << "the world's records are all one";
}

TEST(Joint, ACallThatMatchesSeveralRulesIsJudgedOnceWithAllOfThem) {
    Bench bench(joint("    condition: { gte: 2, lt: 3 }\n"));
    bench.hits(0, {"leaked", "resold", "odd"});
    EXPECT_THAT(bench.times("c"), IsEmpty()) << "two alone were never in the window";
    Bench two(joint("    condition: { gte: 2, lt: 3 }\n"));
    two.hits(20, {"leaked", "odd"});
    EXPECT_THAT(two.times("c"), ElementsAre(20));
}

TEST(Joint, JoinsWhatOtherCorrelationsFound) {
    Bench bench(world::load(
        rule("called") + rule("refused") +
        correlation("burst",
                    "    type: event_count\n    rules: [called]\n    group-by: [user]\n"
                    "    timespan: 2s\n    condition: { gte: 3 }\n") +
        correlation("moved",
                    "    type: new_value\n    rules: [called]\n    group-by: [user]\n"
                    "    timespan: 60s\n    learn: 5s\n    condition: { field: ip }\n") +
        correlation("c",
                    "    type: joint\n    rules: [burst, moved, refused]\n    group-by: [user]\n"
                    "    timespan: 10s\n    condition: { gte: 3 }\n")));
    bench.hit(0, "called", {{"user", "ann"}, {"ip", "home"}});
    bench.hit(7, "refused", {{"user", "ann"}});
    for (const double at : {8.0, 8.5, 9.0})
        bench.hit(at, "called", {{"user", "ann"}, {"ip", "abroad"}});
    EXPECT_THAT(bench.times("c"), ElementsAre(9));
    EXPECT_THAT(bench.fired[0].held, ElementsAre(0, 1, 2));
    EXPECT_EQ(bench.fired.size(), 1u) << "what it joins gives no alert of its own";
}

TEST(JointWindow, EqualsASumOverAllHitsAndLoadsWhatItSaved) {
    const std::vector<std::uint32_t> weights{1, 7, 100, 3, 20};
    std::mt19937_64 random(2);
    JointWindow window(weights);
    std::map<std::size_t, std::int64_t> last;
    std::int64_t time = 0;
    for (int i = 0; i < 5'000; ++i) {
        time += static_cast<std::int64_t>(random() % 900'000);
        const Hit hit{time, random() % weights.size(), {random() % 100, 3}};
        const std::int64_t from = time - world::second;
        while (window.drop_oldest(from)) {
        }
        window.add(hit, from);
        last[hit.value] = time;
        std::uint64_t sum = 0;
        std::vector<std::uint32_t> held;
        for (const auto& [rule, at] : last) {
            if (at < from) continue;
            sum += weights[rule];
            held.push_back(static_cast<std::uint32_t>(rule));
        }
        std::vector<std::uint32_t> found;
        window.held(found);
        ASSERT_EQ(found, held);
        ASSERT_EQ(window.value(), static_cast<double>(sum));
        ASSERT_EQ(window.newest(), time);
        ASSERT_TRUE(window.exact());
        Writer out;
        window.save(out);
        window = JointWindow(weights);
        Reader in(out.text());
        window.load(in);
        ASSERT_TRUE(in.done());
    }
}

}  // namespace
