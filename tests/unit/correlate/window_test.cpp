#include "correlate/window.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

namespace {

using namespace correlate;

constexpr std::int64_t span = 1'000'000;

struct Made {
    explicit Made(Counter::Kind kind, std::size_t limit = 1, std::size_t rules = 1) {
        counter.kind = kind;
        counter.correlation = &correlation;
        counter.span = span;
        counter.limit = limit;
        counter.rules = rules;
        window = make_window(counter);
    }
    void number(std::int64_t time, double value) {
        add({time, std::bit_cast<std::uint64_t>(value), {static_cast<std::uint64_t>(time), 0}});
    }
    void add(const Hit& hit) {
        while (window->drop_oldest(hit.time - span)) {
        }
        window->add(hit, hit.time - span);
    }
    policy::Correlation correlation;
    Counter counter;
    std::unique_ptr<Window> window;
};

TEST(SumWindow, LeavesNoRoundingErrorBehind) {
    Made made(Counter::Kind::sum);
    for (std::int64_t i = 0; i < 10; ++i) made.number(i, 0.1);
    EXPECT_EQ(made.window->value(), 1.0);
    made.number(10, 1e12);
    made.number(span + 10, 0.25);  // the tenths have left, the large number has not
    made.number(span + 11, 0.25);
    EXPECT_DOUBLE_EQ(made.window->value(), 0.5);
}

TEST(SumWindow, IsExactUpToTheStatedSizeAndSaysSoBeyond) {
    Made made(Counter::Kind::sum);
    for (std::size_t i = 0; i < exact_hits; ++i) made.number(static_cast<std::int64_t>(i), 1);
    EXPECT_TRUE(made.window->exact());
    EXPECT_EQ(made.window->value(), 10'000);
    made.number(static_cast<std::int64_t>(exact_hits), 1);
    EXPECT_FALSE(made.window->exact());
    EXPECT_EQ(made.window->value(), 10'001) << "nothing has left yet: nothing is lost";
}

TEST(SumWindow, BeyondTheSizeReachesBackAtMostAPartOfTheSpanFurther) {
    Made made(Counter::Kind::sum);
    // 20 hits a microsecond: the true window holds 20 * (span + 1).
    for (std::int64_t time = 0; time < 1'300'000; time += 10) {
        for (int n = 0; n < 2; ++n) made.number(time, 1);
    }
    const double true_count = 2.0 * (span / 10 + 1);
    EXPECT_GE(made.window->value(), true_count);
    EXPECT_LE(made.window->value(), true_count * (1 + 1.1 / 4'096));
    EXPECT_LT(made.window->bytes(), 300'000u);
}

TEST(SumWindow, IsExactAgainWhenABurstHasLeft) {
    Made made(Counter::Kind::average);
    for (int i = 0; i < 20'000; ++i) made.number(i, 3);
    EXPECT_FALSE(made.window->exact());
    made.number(10 * span, 5);
    EXPECT_TRUE(made.window->exact());
    EXPECT_EQ(made.window->value(), 5);
}

TEST(RankWindow, InterpolatesBetweenRanks) {
    Made made(Counter::Kind::rank);
    made.correlation.type = policy::Correlation::Type::value_percentile;
    made.correlation.percentile = 90;
    made.window = make_window(made.counter);
    for (const double n : {10.0, 20.0, 30.0, 40.0, 50.0}) made.number(1, n);
    EXPECT_DOUBLE_EQ(made.window->value(), 46);
}

TEST(RankWindow, SeesTheNewestHitsBeyondTheStatedSize) {
    Made made(Counter::Kind::rank);
    for (int i = 0; i < 15'000; ++i) made.number(i, i);
    EXPECT_FALSE(made.window->exact());
    EXPECT_EQ(made.window->weight(), exact_hits);
    EXPECT_DOUBLE_EQ(made.window->value(), 5'000 + 9'999 / 2.0);
    made.number(span + 6'000, 0);  // what was left out has left the span
    EXPECT_TRUE(made.window->exact());
}

TEST(DistinctWindow, KeepsOnlyAsManyValuesAsDecide) {
    Made made(Counter::Kind::distinct, 3);
    std::uint64_t record = 0;
    for (const std::uint64_t value : {7u, 8u, 9u, 10u, 8u}) {
        made.add({static_cast<std::int64_t>(++record), value, {record, 0}});
    }
    EXPECT_EQ(made.window->value(), 3);
    std::vector<RecordRef> sample;
    made.window->sample(0, sample);
    const std::vector<RecordRef> expected{{3, 0}, {4, 0}, {5, 0}};
    EXPECT_EQ(sample, expected) << "one record for each value, the newest of it";
}

TEST(DistinctWindow, CountsAsAPlainSetDoes) {
    std::mt19937_64 random(5);
    Made made(Counter::Kind::distinct, 500);
    std::vector<Hit> hits;
    for (std::int64_t time = 0; time < 20 * span; time += 10'000) {
        hits.push_back({time, random() % 90, {}});
        made.add(hits.back());
        std::vector<std::uint64_t> values;
        for (const Hit& hit : hits) {
            if (hit.time >= time - span) values.push_back(hit.value);
        }
        std::ranges::sort(values);
        const auto rest = std::ranges::unique(values);
        ASSERT_EQ(made.window->value(), static_cast<double>(values.size() - rest.size()));
    }
}

TEST(DistinctWindow, EstimatesBeyondTheStatedSize) {
    std::mt19937_64 random(11);
    Made made(Counter::Kind::distinct, 1'000'000);
    for (int i = 0; i < 200'000; ++i) made.add({i, random(), {}});
    EXPECT_FALSE(made.window->exact());
    EXPECT_NEAR(made.window->value(), 200'000, 200'000 * 0.05);
    EXPECT_LT(made.window->bytes(), 1'500'000u);
}

TEST(CadenceWindow, OnePauseDoesNotHideAMachine) {
    Made made(Counter::Kind::cadence);
    made.correlation.bounds = {{policy::Correlation::Operator::lte, 0.2}};
    made.correlation.at_least = 20;
    std::int64_t time = 0;
    for (int i = 0; i < 40; ++i) made.add({time += i == 20 ? 500'000 : 5'000 + i % 3 * 100, 0, {}});
    EXPECT_TRUE(made.window->holds(made.counter)) << made.window->value();
    EXPECT_LT(made.window->value(), 0.05);
    std::vector<Figure> figures;
    made.window->figures(figures);
    const std::vector<Figure> expected{{"interval_seconds", 0.0051}, {"intervals", 39}};
    EXPECT_EQ(figures, expected);
}

TEST(CadenceWindow, WhatComesByChanceIsNearOne) {
    std::mt19937_64 random(3);
    std::exponential_distribution<double> gap(0.005);
    Made made(Counter::Kind::cadence);
    made.counter.span = std::int64_t{1} << 50;
    double time = 0;
    for (int i = 0; i < 9'000; ++i)
        made.add({static_cast<std::int64_t>(time += gap(random)), 0, {}});
    EXPECT_NEAR(made.window->value(), 1.03, 0.1);
}

TEST(CadenceWindow, NeedsEnoughIntervalsOfAMedianAboveZero) {
    Made made(Counter::Kind::cadence);
    made.correlation.bounds = {{policy::Correlation::Operator::lte, 1}};
    made.correlation.at_least = 3;
    for (const std::int64_t time : {10, 20, 30}) made.add({time, 0, {}});
    EXPECT_FALSE(made.window->holds(made.counter));
    made.add({40, 0, {}});
    EXPECT_TRUE(made.window->holds(made.counter));
    for (int i = 0; i < 4; ++i) made.add({40, 0, {}});
    EXPECT_FALSE(made.window->holds(made.counter)) << "most hits have one time";
}

TEST(CadenceWindow, SeesTheNewestHitsBeyondTheStatedSize) {
    Made made(Counter::Kind::cadence);
    for (int i = 0; i < 5'000; ++i) made.add({i, 0, {}});
    for (int i = 0; i < 12'000; ++i) made.add({5'000 + i * 7, 0, {}});
    EXPECT_FALSE(made.window->exact());
    EXPECT_EQ(made.window->weight(), exact_hits);
    EXPECT_EQ(made.window->value(), 0);
    EXPECT_LT(made.window->bytes(), 250'000u);
    made.add({2 * span, 0, {}});
    EXPECT_TRUE(made.window->exact()) << "what was left out has left the span";
}

TEST(CadenceWindow, TakesTheMediansOfAnyIntervals) {
    std::mt19937_64 random(9);
    Made made(Counter::Kind::cadence);
    std::vector<std::int64_t> times;
    std::int64_t time = 0;
    for (int i = 0; i < 1'500; ++i) {
        // Many equal ones, none, and a few that are far off.
        time += static_cast<std::int64_t>(random() % 4 == 0 ? random() % 60'000 : random() % 5);
        times.push_back(time);
        made.add({time, 0, {}});
        std::erase_if(times, [&](std::int64_t old) { return old < time - span; });
        std::vector<double> gaps;
        for (std::size_t n = 1; n < times.size(); ++n)
            gaps.push_back(static_cast<double>(times[n] - times[n - 1]));
        const auto middle = [](std::vector<double> of) {
            std::ranges::sort(of);
            return (of[(of.size() - 1) / 2] + of[of.size() / 2]) / 2;
        };
        if (gaps.empty() || middle(gaps) == 0) continue;
        const double median = middle(gaps);
        for (double& gap : gaps) gap = std::abs(gap - median);
        ASSERT_DOUBLE_EQ(made.window->value(), 1.4826 * middle(gaps) / median) << i;
    }
}

TEST(OrderedWindow, ChainsHitsOfOneTimeInListOrderWhateverCameFirst) {
    Made made(Counter::Kind::ordered, 1, 3);
    made.add({5, 2, {}});
    made.add({5, 0, {}});
    EXPECT_EQ(made.window->value(), 2);
    made.add({5, 1, {}});
    EXPECT_EQ(made.window->value(), 3);
}

TEST(OrderedWindow, TheChainMustFitTheSpan) {
    Made made(Counter::Kind::ordered, 1, 2);
    made.add({0, 0, {}});
    made.add({span, 1, {}});
    EXPECT_EQ(made.window->value(), 2) << "both ends belong to the window";
    made.add({span + 1, 1, {}});
    EXPECT_EQ(made.window->value(), 1);
}

TEST(Window, LoadsWhatItSavedAndGoesOnAlike) {
    for (const auto kind :
         {Counter::Kind::sum, Counter::Kind::average, Counter::Kind::rank, Counter::Kind::distinct,
          Counter::Kind::temporal, Counter::Kind::ordered, Counter::Kind::cadence}) {
        std::mt19937_64 random(static_cast<unsigned>(kind));
        Made made(kind, 100, 4);
        Made other(kind, 100, 4);
        const bool numbers = kind == Counter::Kind::sum || kind == Counter::Kind::average ||
                             kind == Counter::Kind::rank;
        std::int64_t time = 0;
        for (int i = 0; i < 600; ++i) {
            time += static_cast<std::int64_t>(random() % 30'000);
            Hit hit{time, random() % 4, {random() % 100, 3}};
            if (numbers) hit.value = std::bit_cast<std::uint64_t>(static_cast<double>(hit.value));
            made.add(hit);
            other.add(hit);
            if (i % 50 == 0) {
                Writer out;
                other.window->save(out);
                other.window = make_window(other.counter);
                Reader in(out.text());
                other.window->load(in);
                ASSERT_TRUE(in.done());
            }
            ASSERT_EQ(made.window->value(), other.window->value());
            ASSERT_EQ(made.window->weight(), other.window->weight());
            ASSERT_EQ(made.window->newest(), other.window->newest());
            std::vector<RecordRef> sample;
            std::vector<RecordRef> sample_of_other;
            made.window->sample(time - span, sample);
            other.window->sample(time - span, sample_of_other);
            ASSERT_EQ(sample, sample_of_other);
        }
    }
}

}  // namespace
