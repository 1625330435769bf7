#include "correlate/new_value_window.hpp"
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

std::shared_ptr<const policy::Set> learning(const std::string& rest = "    learn: 5s\n",
                                            const std::string& field = "ip") {
    return world::load(rule("a") + rule("b") +
                       correlation("c",
                                   "    type: new_value\n    rules: [a, b]\n    group-by: [key]\n"
                                   "    timespan: 10s\n    condition: { field: " +
                                       field + " }\n" + rest));
}

TEST(NewValue, FiresAtTheFirstSightOfAValueOnceTheGroupHasLearned) {
    Bench bench(learning());
    bench.hit(0, "a", {{"key", "k"}, {"ip", "home"}});
    bench.hit(4.9, "a", {{"key", "k"}, {"ip", "office"}});
    bench.hit(5, "a", {{"key", "k"}, {"ip", "home"}});
    bench.hit(6, "a", {{"key", "k"}, {"ip", "abroad"}});
    bench.hit(7, "a", {{"key", "k"}, {"ip", "abroad"}});
    bench.hit(8, "a", {{"key", "k"}, {"ip", "elsewhere"}});
    EXPECT_THAT(bench.times("c"), ElementsAre(6, 8)) << "each new value is news of its own";
    EXPECT_EQ(bench.fired[0].value, 3) << "with the two that are known";
    EXPECT_EQ(bench.fired[0].sample.size(), 1u) << "the record that brought it, and no other";
    EXPECT_EQ(bench.fired[1].episode, 1u);
    EXPECT_TRUE(bench.fired[1].exact);
}

TEST(NewValue, AGroupLearnsForAsLongAsItRemembersUnlessToldOtherwise) {
    Bench bench(learning(""));
    bench.hit(0, "a", {{"key", "k"}, {"ip", "home"}});
    bench.hit(9.9, "a", {{"key", "k"}, {"ip", "early"}});
    bench.hit(10, "a", {{"key", "k"}, {"ip", "late"}});
    EXPECT_THAT(bench.times("c"), ElementsAre(10));
}

TEST(NewValue, RemembersAValueForTheSpanAfterItWasLastSeen) {
    Bench bench(learning());
    bench.hit(0, "a", {{"key", "k"}, {"ip", "home"}});
    bench.hit(3, "a", {{"key", "k"}, {"ip", "home"}});
    for (int at = 4; at <= 20; at += 4) bench.hit(at, "a", {{"key", "k"}, {"ip", "office"}});
    bench.hit(13, "a", {{"key", "k"}, {"ip", "home"}});  // ten seconds: both ends belong to it
    bench.hit(23.000001, "a", {{"key", "k"}, {"ip", "home"}});
    EXPECT_THAT(bench.times("c"), ElementsAre(23.000001));
}

TEST(NewValue, AGroupThatWasSilentForTheSpanLearnsAnew) {
    Bench bench(learning());
    bench.hit(0, "a", {{"key", "k"}, {"ip", "home"}});
    bench.hit(6, "a", {{"key", "k"}, {"ip", "home"}});
    bench.hit(16.1, "a", {{"key", "k"}, {"ip", "abroad"}});
    bench.hit(17, "a", {{"key", "k"}, {"ip", "elsewhere"}});
    bench.hit(21.1, "a", {{"key", "k"}, {"ip", "third"}});
    EXPECT_THAT(bench.times("c"), ElementsAre(21.1));
}

TEST(NewValue, GroupsLearnApartAndCallsWithoutTheFieldTeachNothing) {
    Bench bench(learning("    learn: 5s\n", "[ip, n]"));
    bench.hit(0, "a", {{"key", "k"}, {"ip", "home"}, {"n", 1}});
    bench.hit(0, "a", {{"key", "other"}, {"n", 1}});
    bench.hit(6, "b", {{"key", "k"}, {"ip", "home"}, {"n", 2}});
    bench.hit(6, "b", {{"key", "other"}, {"ip", "home"}, {"n", 1}});
    bench.hit(7, "b", {{"key", "k"}, {"ip", "home"}, {"n", nullptr}});
    bench.hits(8, {"a", "b"}, {{"key", "k"}, {"ip", "home"}, {"n", 3}});
    EXPECT_THAT(bench.times("c"), ElementsAre(6, 8))
        << "one call that matches two rules is one hit";
}

TEST(NewValue, ALongKnownGroupOutlivesAFloodOfNewOnes) {
    correlate::Engine::Options options;
    options.groups_per_policy = 32;
    Bench bench(learning(), options);
    for (int at = 0; at < 6; ++at) bench.hit(at, "a", {{"key", "known"}, {"ip", "home"}});
    for (int i = 0; i < 500; ++i)
        bench.hit(6 + i * 0.001, "a", {{"key", i}, {"ip", "flood" + std::to_string(i)}});
    bench.hit(7, "a", {{"key", "known"}, {"ip", "abroad"}});
    EXPECT_THAT(bench.times("c"), ElementsAre(7));
    EXPECT_GT(bench.engine().stats().evicted, 400u);
}

/// The window, as an engine uses it.
struct Made {
    explicit Made(std::size_t limit) : window(limit) {
        correlation.learn = std::chrono::microseconds{0};
        counter.kind = Counter::Kind::new_value;
        counter.correlation = &correlation;
        counter.span = world::second;
    }
    bool fires(const Hit& hit) {
        while (window.drop_oldest(hit.time - counter.span)) {
        }
        window.add(hit, hit.time - counter.span);
        return window.holds(counter);
    }
    policy::Correlation correlation;
    Counter counter;
    NewValueWindow window;
};

/// When each value was last seen: nothing is ever forgotten.
class LastSeen {
public:
    /// Whether the span before shows the value; then the hit is added.
    bool seen(const Hit& hit, std::int64_t span) {
        const auto known = times_.find(hit.value);
        const bool seen = known != times_.end() && known->second >= hit.time - span;
        times_[hit.value] = hit.time;
        return seen;
    }
    std::size_t values(std::int64_t from) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(times_, [&](const auto& each) { return each.second >= from; }));
    }
    /// Values seen after the one of the hit was.
    std::size_t seen_since(std::uint64_t value) const {
        const auto known = times_.find(value);
        if (known == times_.end()) return 0;
        return static_cast<std::size_t>(std::ranges::count_if(
            times_, [&](const auto& each) { return each.second > known->second; }));
    }

private:
    std::map<std::uint64_t, std::int64_t> times_;
};

TEST(NewValueWindow, BeyondItsSizeMissesNothingNewAndErrsOnlyOnValuesSeenLongestAgo) {
    constexpr std::size_t limit = 50;
    std::size_t wrong = 0;
    std::size_t right = 0;
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::mt19937_64 random(seed);
        Made made(limit);
        LastSeen truth;
        std::int64_t time = 0;
        for (int i = 0; i < 3'000; ++i) {
            time += 1 + static_cast<std::int64_t>(random() % 10'000);
            // More values than fit, then fewer, then more.
            const std::uint64_t values = i / 1'000 % 2 == 0 ? 120 : 30;
            const Hit hit{time, random() % values, {1, 0}};
            const std::size_t between = truth.seen_since(hit.value);
            const bool fired = made.fires(hit);
            const bool seen = truth.seen(hit, made.counter.span);
            ASSERT_TRUE(fired || seen) << "a new value was missed";
            ASSERT_LE(made.window.value(), limit);
            if (made.window.exact()) {
                ASSERT_EQ(fired, !seen);
                ASSERT_EQ(made.window.value(), truth.values(time - made.counter.span));
            }
            if (!fired) continue;
            if (!seen) {
                ++right;
            } else {
                ++wrong;
                ASSERT_FALSE(made.window.exact());
                ASSERT_GE(between, limit) << "one of the values seen last was forgotten";
            }
        }
    }
    EXPECT_GT(wrong, 100u);
    EXPECT_GT(right, 1'000u);
}

TEST(NewValueWindow, IsExactUpToTheStatedSizeAndAgainWhenTheFloodHasLeft) {
    Made made(exact_hits);
    std::int64_t time = 0;
    for (std::uint64_t i = 0; i < exact_hits; ++i) ASSERT_TRUE(made.fires({++time, i, {}}));
    EXPECT_TRUE(made.window.exact());
    EXPECT_EQ(made.window.value(), 10'000);
    for (std::uint64_t i = 0; i < exact_hits; ++i) ASSERT_FALSE(made.fires({++time, i, {}}));
    EXPECT_TRUE(made.fires({++time, exact_hits, {}}));
    EXPECT_FALSE(made.window.exact());
    EXPECT_TRUE(made.fires({++time, 0, {}})) << "the one that was forgotten";
    EXPECT_LT(made.window.bytes(), 1'000'000u);
    time += world::second;
    EXPECT_FALSE(made.fires({time, 0, {}}));
    EXPECT_TRUE(made.window.exact());
    EXPECT_EQ(made.window.value(), 1);
}

TEST(NewValueWindow, LoadsWhatItSavedAndGoesOnAlike) {
    std::mt19937_64 random(3);
    Made made(40);
    Made other(40);
    std::int64_t time = 0;
    for (int i = 0; i < 2'000; ++i) {
        time += static_cast<std::int64_t>(random() % 30'000);
        const Hit hit{time, random() % 60, {random() % 100, 3}};
        ASSERT_EQ(made.fires(hit), other.fires(hit)) << i;
        ASSERT_EQ(made.window.exact(), other.window.exact());
        ASSERT_EQ(made.window.value(), other.window.value());
        ASSERT_EQ(made.window.weight(), other.window.weight());
        Writer out;
        other.window.save(out);
        other.window = NewValueWindow(40);
        Reader in(out.text());
        other.window.load(in);
        ASSERT_TRUE(in.done());
    }
}

}  // namespace
