#include "correlate/baseline_window.hpp"

#include <gtest/gtest.h>

#include <random>

namespace {

using namespace correlate;

constexpr std::int64_t hour = BaselineWindow::hour;

/// A group of which calls are counted by the hour since its first.
struct Group {
    Group() {
        asked.bounds = {{policy::Correlation::Operator::gte, 6}};
        asked.at_least = 10;
        asked.history = std::chrono::weeks(2);
        counter.kind = Counter::Kind::baseline;
        counter.correlation = &asked;
        counter.span = hour;
        window = make_window(counter);
    }
    void calls(std::int64_t at, int count) {
        for (int i = 0; i < count; ++i) add(at * hour + i * (hour / count));
    }
    void add(std::int64_t time) {
        while (window->drop_oldest(time - hour)) {
        }
        window->add({time, 0, {1, 0}}, time - hour);
    }
    [[nodiscard]] bool holds() const { return window->holds(counter); }

    policy::Correlation asked;
    Counter counter;
    std::unique_ptr<Window> window;
};

TEST(ShortCount, IsExactTo4095AndThenWithinOneIn4096) {
    for (std::uint64_t count = 0; count <= 4'095; ++count)
        ASSERT_EQ(whole_count(short_count(count)), count);
    std::mt19937_64 random(1);
    for (int i = 0; i < 100'000; ++i) {
        const std::uint64_t count = (random() & ((1ull << 42) - 1)) >> random() % 40;
        const auto read = static_cast<double>(whole_count(short_count(count)));
        ASSERT_NEAR(read, static_cast<double>(count), static_cast<double>(count) / 4'096) << count;
    }
    EXPECT_EQ(whole_count(short_count(~0ull)), 4'095ull << 30) << "the most that there is";
    std::uint64_t last = 0;
    for (unsigned code = 0; code <= 0xffff; ++code) {
        const auto whole = whole_count(static_cast<std::uint16_t>(code));
        EXPECT_EQ(short_count(whole), code);
        EXPECT_TRUE(code == 0 || whole > last);
        last = whole;
    }
}

TEST(BaselineWindow, AnHourLikeItsOwnIsNoNewsHoweverMuch) {
    Group group;
    // Mondays at nine, as every week; else next to nothing.
    for (std::int64_t week = 0; week < 6; ++week) {
        if (week > 0) group.calls(week * 168 - 3, 1);
        group.calls(week * 168, 1'000 + static_cast<int>(week % 3) * 20);
        EXPECT_FALSE(group.holds()) << week;
    }
    group.calls(6 * 168 + 1, 200);
    EXPECT_TRUE(group.holds()) << "as many at ten are";
}

TEST(BaselineWindow, SaysNothingBeforeItsHistory) {
    Group group;
    group.calls(0, 1);
    group.calls(335, 500);
    EXPECT_FALSE(group.holds());
    group.calls(336, 500);
    EXPECT_TRUE(group.holds());
    std::vector<Figure> figures;
    group.window->figures(figures);
    ASSERT_EQ(figures.size(), 3u);
    EXPECT_EQ(figures[0], (Figure{"hits", 500}));
    EXPECT_EQ(figures[2], (Figure{"weeks", 2}));
}

TEST(BaselineWindow, OneStrangeWeekIsNoUsage) {
    Group group;
    for (std::int64_t week = 0; week < 4; ++week) group.calls(week * 168, week == 2 ? 5'000 : 50);
    group.calls(4 * 168, 200);
    EXPECT_TRUE(group.holds()) << group.window->value();
}

TEST(BaselineWindow, WithFewWeeksItDoubtsWhatIsUsual) {
    Group two;
    Group four;
    for (std::int64_t week = 0; week < 4; ++week) {
        if (week < 2) two.calls(week * 168, 100);
        four.calls(week * 168, 100);
    }
    two.calls(2 * 168, 150);
    four.calls(4 * 168, 150);
    EXPECT_LT(two.window->value(), four.window->value());
    EXPECT_DOUBLE_EQ(four.window->value(), 5) << "no deviation but that of chance, 10";
}

TEST(BaselineWindow, CountsTimes) {
    Group group;
    group.asked.factor = true;
    for (std::int64_t week = 0; week < 4; ++week) group.calls(week * 168, 20);
    group.calls(4 * 168, 119);
    EXPECT_FALSE(group.holds());
    group.add(4 * 168 * hour + hour - 1);
    EXPECT_TRUE(group.holds());
    EXPECT_EQ(group.window->value(), 6);
}

TEST(BaselineWindow, ASilenceLongerThanItRemembersBeginsAnew) {
    Group group;
    group.calls(0, 5);
    group.calls(672, 50);
    EXPECT_TRUE(group.holds()) << "four silent weeks are a history";
    group.calls(672 + 673, 500);
    EXPECT_FALSE(group.holds());
}

TEST(BaselineWindow, KeepsAFewBytesAnHour) {
    Group once;
    once.calls(1, 1);
    EXPECT_LE(once.window->bytes(), 320u);
    Group group;
    for (std::int64_t at = 0; at < 3'000; ++at) group.calls(at, 1);
    EXPECT_LE(group.window->bytes(), 1'344u + 320u);
}

TEST(BaselineWindow, LoadsWhatItSavedAndGoesOnAlike) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::mt19937_64 random(seed);
        Group kept;
        Group other;
        std::int64_t at = -1'000;
        for (int i = 0; i < 60; ++i) {
            at += static_cast<std::int64_t>(random() % (random() % 20 == 0 ? 800 : 60));
            const int count = 1 + static_cast<int>(random() % 30);
            kept.calls(at, count);
            other.calls(at, count);
            Writer out;
            other.window->save(out);
            other.window = make_window(other.counter);
            Reader in(out.text());
            other.window->load(in);
            ASSERT_TRUE(in.done());
            ASSERT_EQ(kept.holds(), other.holds());
            ASSERT_EQ(kept.window->weight(), other.window->weight());
            if (at > -600) ASSERT_EQ(kept.window->begins(0), other.window->begins(0));
        }
    }
}

}  // namespace
