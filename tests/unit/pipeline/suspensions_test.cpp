#include "pipeline/suspensions.hpp"

#include <gtest/gtest.h>

namespace {

using base::EventTime;
using correlate::Seen;
using pipeline::Suspensions;
using std::chrono::minutes;

constexpr EventTime noon = base::event_time(1'750'000'020'000'000);
constexpr base::WallTime now = base::wall_time(1'750'000'020'000'000);

EventTime at(int minute) {
    return noon + minutes(minute);
}

std::string rule(const std::string& name) {
    return "title: " + name + "\nname: " + name +
           "\nlogsource: { category: api_call }\ndetection:\n  s: { f: " + name +
           " }\n  condition: s\n---\n";
}

std::string counted(const std::string& name, const std::string& lines) {
    return "title: " + name + "\nname: " + name + "\ncorrelation:\n" + lines +
           "  timespan: 10m\n---\n";
}

std::shared_ptr<const policy::Set> make_set() {
    const policy::File file{
        "p.yaml",
        rule("a") + rule("b") +
            counted("many", "  type: event_count\n  rules: [a, b]\n  condition: { gte: 5 }\n") +
            counted("few", "  type: event_count\n  rules: [a]\n  condition: { lte: 5 }\n") +
            counted("share",
                    "  type: ratio\n  rules: [b, a]\n  at-least: 2\n  condition: { gte: 0.5 }\n") +
            counted("twice", "  type: event_count\n  rules: [few]\n  condition: { gte: 2 }\n") +
            counted("other", "  type: event_count\n  rules: [b]\n  condition: { lte: 5 }\n")};
    const auto set = policy::Set::load({&file, 1}, {});
    EXPECT_TRUE(set) << (set ? "" : policy::to_text(set.error().front()));
    return set ? *set : nullptr;
}

class Suspended : public testing::Test {
protected:
    [[nodiscard]] policy::PolicyIndex index(std::string_view name) const {
        return static_cast<policy::PolicyIndex>(set_->find(name) - set_->policies().data());
    }
    [[nodiscard]] std::string digest(std::string_view name) const {
        return set_->find(name)->digest;
    }
    [[nodiscard]] bool misled(std::string_view name, int from, int to) const {
        return times_.misled(*set_, index(name), at(from), at(to));
    }
    [[nodiscard]] Seen seen(std::string_view name, int from, int to) const {
        return times_.seen(*set_, index(name), at(from), at(to), at(100));
    }
    std::shared_ptr<const policy::Set> set_ = make_set();
    Suspensions times_;
};

TEST_F(Suspended, IsTheRuleOfThatDigestUntilItResumes) {
    EXPECT_TRUE(times_.suspended(*set_).empty());
    EXPECT_TRUE(times_.suspend(digest("a"), at(0), now));
    EXPECT_FALSE(times_.suspend(digest("a"), at(1), now)) << "it is already";
    EXPECT_EQ(times_.active(), 1);
    std::vector<bool> expected(set_->policies().size(), false);
    expected[index("a")] = true;
    EXPECT_EQ(times_.suspended(*set_), expected);
    EXPECT_FALSE(times_.resume(digest("b"), at(9)));
    EXPECT_TRUE(times_.resume(digest("a"), at(10)));
    EXPECT_FALSE(times_.resume(digest("a"), at(11)));
    EXPECT_TRUE(times_.suspended(*set_).empty());
    EXPECT_FALSE(times_.empty()) << "the time is remembered";
    times_.forget(at(10));
    EXPECT_FALSE(times_.empty());
    times_.forget(at(11));
    EXPECT_TRUE(times_.empty());
}

TEST_F(Suspended, IsTriedAgainAfterTenMinutes) {
    times_.suspend(digest("a"), at(0), now);
    EXPECT_TRUE(times_.due(now + minutes(10) - std::chrono::microseconds(1)).empty());
    EXPECT_EQ(times_.due(now + minutes(10)), std::vector{digest("a")});
    times_.resume(digest("a"), at(10));
    EXPECT_TRUE(times_.due(now + minutes(30)).empty());
}

TEST_F(Suspended, BlindsWhateverCountsIt) {
    times_.suspend(digest("a"), at(20), now);
    EXPECT_EQ(seen("a", 0, 19), Seen{});
    EXPECT_EQ(seen("many", 0, 20), (Seen{.lost = true, .until = base::micros(at(100))}));
    EXPECT_EQ(seen("other", 0, 20), Seen{});
    times_.resume(digest("a"), at(30));
    EXPECT_EQ(seen("many", 0, 20), (Seen{.lost = true, .until = base::micros(at(30))}));
    EXPECT_EQ(seen("many", 31, 40), Seen{});
    EXPECT_TRUE(seen("twice", 31, 41).lost) << "what it counts looks back ten minutes";
    EXPECT_FALSE(seen("twice", 41, 50).lost);
}

TEST_F(Suspended, MisleadsOnlyWhatHoldsForLack) {
    times_.suspend(digest("a"), at(20), now);
    times_.resume(digest("a"), at(30));
    EXPECT_FALSE(misled("many", 15, 25)) << "five are five";
    EXPECT_TRUE(misled("few", 15, 25));
    EXPECT_TRUE(misled("share", 29, 39));
    EXPECT_TRUE(misled("twice", 35, 45)) << "through what it counts";
    EXPECT_FALSE(misled("few", 31, 41));
    EXPECT_FALSE(misled("other", 15, 25));
    EXPECT_FALSE(misled("a", 15, 25));
}

TEST_F(Suspended, IsForgottenWithItsText) {
    times_.suspend(digest("a"), at(0), now);
    times_.suspend("another text", at(0), now);
    times_.suspend("one that was resumed", at(0), now);
    times_.resume("one that was resumed", at(5));
    EXPECT_EQ(times_.keep(*set_), std::vector<std::string>{"another text"});
    EXPECT_EQ(times_.active(), 1);
    EXPECT_EQ(times_.keep({"b"}), std::vector{digest("a")});
    EXPECT_TRUE(times_.empty());
}

TEST_F(Suspended, IsSavedAndKeepsItsFirstBeginning) {
    times_.suspend(digest("a"), at(0), now);
    times_.suspend(digest("b"), at(2), now);
    times_.resume(digest("a"), at(10));
    times_.suspend(digest("a"), at(20), now + minutes(20));
    times_.resume(digest("b"), at(30));
    std::string text;
    correlate::Writer out([&](std::string_view piece) { text += piece; });
    times_.save(out);
    out.flush();
    correlate::Reader in(text);
    Suspensions again;
    again.load(in);
    EXPECT_TRUE(in.done());
    EXPECT_EQ(again.suspended(*set_), times_.suspended(*set_));
    EXPECT_EQ(again.due(now + minutes(29)), std::vector<std::string>{});
    EXPECT_EQ(again.due(now + minutes(30)), std::vector{digest("a")});
    for (const auto* name : {"a", "b"})
        EXPECT_EQ(
            again.seen(*set_, index(name), at(5), at(6), at(9)),
            seen(name, 5, 6).until ? times_.seen(*set_, index(name), at(5), at(6), at(9)) : Seen{});
}

}  // namespace
