#include "correlate/ratio_window.hpp"
#include "world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace {

using namespace correlate;
using testing::ElementsAre;
using testing::IsEmpty;
using world::Bench;
using world::correlation;
using world::rule;

std::shared_ptr<const policy::Set> ratio(const std::string& rules, const std::string& rest) {
    return world::load(rule("refused") + rule("called") + rule("other") +
                       correlation("c", "    type: ratio\n    rules: [" + rules +
                                            "]\n    group-by: [user]\n    timespan: 10s\n" + rest));
}

TEST(Ratio, IsOfTheHitsOfTheFirstRuleOverThoseOfTheSecond) {
    Bench bench(ratio("refused, called", "    at-least: 4\n    condition: { gte: 0.75 }\n"));
    bench.hits(0, {"called", "refused"});
    bench.hits(1, {"called", "refused"});
    bench.hits(2, {"called"});
    bench.hits(3, {"called", "refused"});
    bench.hits(4, {"called", "refused"});
    bench.hits(4.5, {"other"});
    EXPECT_THAT(bench.times("c"), ElementsAre(3)) << "of one, two and three nothing is said";
    EXPECT_EQ(bench.fired[0].value, 0.75);
    EXPECT_EQ(bench.fired[0].total, 4u);
    EXPECT_EQ(bench.fired[0].sample.size(), 4u) << "a record that counts for both is shown once";
}

TEST(Ratio, TheFirstNeedNotBePartOfTheSecond) {
    Bench bench(ratio("refused, called", "    at-least: 2\n    condition: { gt: 1 }\n"));
    bench.hit(0, "called");
    bench.hit(1, "called");
    for (const double at : {2.0, 3.0, 4.0}) bench.hit(at, "refused");
    EXPECT_THAT(bench.times("c"), ElementsAre(4));
    EXPECT_EQ(bench.fired[0].value, 1.5);
    EXPECT_EQ(bench.fired[0].total, 2u);
}

TEST(Ratio, OverAllCountsACallOnceWhateverItMatches) {
    Bench bench(ratio("refused, called, other",
                      "    over: all\n    at-least: 3\n    condition: { gte: 0.5 }\n"));
    bench.hits(0, {"called", "other"});
    bench.hits(1, {"other", "refused"});  // in whatever order the rules are found
    EXPECT_THAT(bench.times("c"), IsEmpty());
    Bench three(ratio("refused, called, other",
                      "    over: all\n    at-least: 3\n    condition: { gte: 0.5 }\n"));
    three.hits(0, {"called", "other"});
    three.hits(1, {"called", "refused", "other"});
    three.hits(2, {"refused"});
    EXPECT_THAT(three.times("c"), ElementsAre(2));
    EXPECT_EQ(three.fired[0].total, 3u);
    EXPECT_DOUBLE_EQ(three.fired[0].value, 2.0 / 3);
}

TEST(Ratio, SlidesAndArmsAgainAsHitsLeave) {
    Bench bench(ratio("refused, called", "    at-least: 2\n    condition: { gte: 0.5 }\n"));
    bench.hits(0, {"called", "refused"});
    bench.hits(1, {"called"});
    bench.hits(10.5, {"called", "refused"});  // before it none of one was left
    EXPECT_THAT(bench.times("c"), ElementsAre(1, 10.5));
    EXPECT_EQ(bench.fired[1].total, 2u);
}

struct Made {
    Made() : window(world::second) {
        counter.kind = Counter::Kind::ratio;
        counter.correlation = &correlation;
        counter.span = world::second;
    }
    void add(const Hit& hit) {
        while (window.drop_oldest(hit.time - counter.span)) {
        }
        window.add(hit, hit.time - counter.span);
    }
    policy::Correlation correlation;
    Counter counter;
    RatioWindow window;
};

TEST(RatioWindow, IsExactUpToTheStatedSizeAndAgainWhenABurstHasLeft) {
    Made made;
    std::int64_t time = 0;
    for (std::size_t i = 0; i < exact_hits; ++i) made.add({++time, 1 + i % 2, {}});
    for (std::size_t i = 0; i < exact_hits; ++i) made.add({time, 2, {}});
    EXPECT_TRUE(made.window.exact()) << "hits of one time need no more room than one";
    EXPECT_EQ(made.window.total(), 15'000u);
    EXPECT_DOUBLE_EQ(made.window.value(), 1.0 / 3);
    made.add({++time, 1, {}});
    EXPECT_FALSE(made.window.exact());
    EXPECT_DOUBLE_EQ(made.window.value(), 5'001.0 / 15'000) << "nothing has left yet";
    made.add({time + 2 * world::second, 3, {}});
    EXPECT_TRUE(made.window.exact());
    EXPECT_EQ(made.window.value(), 1);
    EXPECT_LT(made.window.bytes(), 500u) << "the burst's memory is given back";
}

/// Beyond its size the window is one that begins early, by a 4,096th of the span at most.
TEST(RatioWindow, BeyondTheSizeReachesBackAtMostAPartOfTheSpanFurther) {
    for (unsigned seed = 0; seed < 5; ++seed) {
        std::mt19937_64 random(seed);
        Made made;
        std::vector<Hit> hits;
        const auto count = [&](std::int64_t from, std::uint64_t part) {
            return static_cast<double>(std::ranges::count_if(
                hits, [&](const Hit& hit) { return hit.time >= from && (hit.value & part) != 0; }));
        };
        std::int64_t time = 0;
        bool passed = false;
        for (int i = 0; i < 60'000; ++i) {
            time += static_cast<std::int64_t>(random() % 80);
            hits.push_back({time, 1 + random() % 3, {}});
            made.add(hits.back());
            passed = passed || !made.window.exact();
            if (i % 997 != 996) continue;
            const std::int64_t from = time - world::second;
            const std::int64_t early = from - world::second / 4'096 - 1;
            const auto total = static_cast<double>(made.window.total());
            const double parts = std::round(made.window.value() * total);
            ASSERT_GE(total, count(from, RatioWindow::denominator));
            ASSERT_LE(total, count(early, RatioWindow::denominator));
            ASSERT_GE(parts, count(from, RatioWindow::numerator));
            ASSERT_LE(parts, count(early, RatioWindow::numerator));
            if (made.window.exact()) ASSERT_EQ(total, count(from, RatioWindow::denominator));
            ASSERT_LT(made.window.bytes(), 600'000u);
        }
        EXPECT_TRUE(passed);
    }
}

TEST(RatioWindow, LoadsWhatItSavedAndGoesOnAlike) {
    std::mt19937_64 random(3);
    Made made;
    Made other;
    std::int64_t time = 0;
    for (int i = 0; i < 30'000; ++i) {
        time += static_cast<std::int64_t>(random() % (i < 15'000 ? 100 : 30'000));
        const Hit hit{time, 1 + random() % 3, {random() % 100, 3}};
        made.add(hit);
        other.add(hit);
        if (i % 500 == 0) {
            Writer out;
            other.window.save(out);
            other.window = RatioWindow(world::second);
            Reader in(out.text());
            other.window.load(in);
            ASSERT_TRUE(in.done());
        }
        ASSERT_EQ(made.window.value(), other.window.value());
        ASSERT_EQ(made.window.exact(), other.window.exact());
        ASSERT_EQ(made.window.weight(), other.window.weight());
        std::vector<RecordRef> sample;
        std::vector<RecordRef> sample_of_other;
        made.window.sample(time - world::second, sample);
        other.window.sample(time - world::second, sample_of_other);
        ASSERT_EQ(sample, sample_of_other);
    }
}

}  // namespace
