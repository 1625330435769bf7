#include "policy/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// The keys of a correlation that only some types take.
namespace {

using test::refused;
using testing::HasSubstr;

/// Two rules and a correlation, the first line of whose block is line 17.
std::string with(const std::string& block, bool ours = false) {
    std::string text;
    for (const std::string name : {"a", "b"})
        text += "title: " + name + "\nname: " + name +
                "\nlogsource: { product: x }\ndetection:\n  s: { e: 1 }\n  condition: s\n---\n";
    return text + "title: C\ncorrelation:\n" + block +
           (ours ? "callerprint: { family: abuse }\n" : "");
}

std::string warned(const std::string& block) {
    const auto set = test::load(with(block));
    return set ? test::problems_text({set->warnings().begin(), set->warnings().end()}) : "";
}

void expect_inert(const std::string& block, const char* what) {
    EXPECT_THAT(warned(block), HasSubstr(what)) << block;
    EXPECT_THAT(refused(with(block, true)), HasSubstr(what)) << block;
}

const std::string cadence =
    "  type: cadence\n  rules: [a]\n  timespan: 1h\n  condition: { lte: 0.2 }\n";

TEST(Cadence, IsReadWhole) {
    const auto set =
        test::load(with(cadence + "  at-least: 20\n  interval: { gte: 33ms, lt: 5s }\n", true));
    ASSERT_TRUE(set);
    const auto* c = set->correlation(2);
    ASSERT_NE(c, nullptr);
    EXPECT_EQ(c->type, policy::Correlation::Type::cadence);
    EXPECT_EQ(policy::name(c->type), "cadence");
    EXPECT_EQ(c->at_least, 20u);
    ASSERT_EQ(c->interval.size(), 2u);
    EXPECT_TRUE(policy::within(c->interval, 33'000));
    EXPECT_FALSE(policy::within(c->interval, 32'999));
    EXPECT_FALSE(policy::within(c->interval, 5'000'000));
}

TEST(Cadence, SaysWhatIsWrongAllAtOnce) {
    EXPECT_EQ(refused(with("  type: cadence\n  rules: [a]\n  timespan: 1h\n  at-least: 2\n"
                           "  condition: { field: x, lte: 0.2 }\n"
                           "  interval: { gte: 33, abov: 1s }\n",
                           true)),
              "p.yaml:20:13: 'at-least' is the fewest intervals that are judged, 3 to 9999\n"
              "p.yaml:21:14: 'field' has no effect with 'cadence': remove it\n"
              "p.yaml:22:20: 'gte' needs a whole number and a unit, such as 33ms, 5s or 1m\n"
              "p.yaml:22:24: 'interval' has no key 'abov'\n");
    EXPECT_THAT(refused(with(cadence)),
                HasSubstr("p.yaml:17:3: 'cadence' needs 'at-least': the fewest intervals"));
    EXPECT_THAT(refused(with(cadence + "  at-last: 3\n")), HasSubstr("did you mean 'at-least'?"));
    for (const auto* line :
         {"  at-least: many\n", "  at-least: 3.5\n", "  at-least: 10000\n",
          "  at-least: 20\n  interval: 5s\n", "  at-least: 20\n  interval: {}\n",
          "  at-least: 20\n  interval: { eq: 5s }\n", "  at-least: 20\n  interval: { gte: 0ms }\n",
          "  at-least: 20\n  interval: { gte: -3ms }\n"})
        (void)refused(with(cadence + line));
}

TEST(Cadence, SaysWhatHasNoEffect) {
    const std::string count =
        "  type: event_count\n  rules: [a]\n  timespan: 1h\n  condition: { gte: 2 }\n";
    expect_inert(count + "  at-least: 20\n", "'at-least' has no effect with 'event_count'");
    expect_inert(count + "  interval: { gte: 1s }\n", "'interval' has no effect with");
}

TEST(Cadence, SaysWhenItNeverHolds) {
    const std::string head = "  type: cadence\n  rules: [a]\n  timespan: 1h\n  at-least: 20\n";
    for (const auto* condition : {"{ lt: 0 }", "{ gt: 1.4826 }", "{ gte: 2 }", "{ eq: -1 }"})
        expect_inert(head + "  condition: " + condition + "\n", "this condition never holds");
    const std::string fine = head + "  condition: { lte: 0.2 }\n";
    for (const auto* interval : {"{ gt: 6m }", "{ gte: 5m, lt: 5m }", "{ gt: 10s, lt: 9s }"})
        expect_inert(fine + "  interval: " + interval + "\n",
                     "this interval never holds: no 20 intervals within the timespan have such a "
                     "median");
    for (const auto* interval : {"{ gte: 6m }", "{ lt: 1ms }", "{ gte: 5m, lte: 5m }"})
        EXPECT_EQ(warned(fine + "  interval: " + interval + "\n"), "");
}

TEST(Absence, IsReadWhole) {
    const auto set =
        test::load(with("  type: absence\n  rules: [a]\n  timespan: 1h\n  at-least: 3\n", true));
    ASSERT_TRUE(set);
    EXPECT_EQ(set->correlation(2)->type, policy::Correlation::Type::absence);
    EXPECT_EQ(set->correlation(2)->at_least, 3u);
    EXPECT_EQ(warned("  type: absence\n  rules: [a, b]\n  timespan: 1h\n"), "");
}

TEST(Absence, SaysWhatIsWrongAllAtOnce) {
    EXPECT_EQ(refused(with("  type: absence\n  rules: [a, b, c]\n  at-least: 3\n"
                           "  condition: { lte: 0 }\n  interval: { gte: 1s }\n",
                           true)),
              "p.yaml:17:3: 'timespan' is a whole number and a unit, such as 30s, 5m, 1h or 7d\n"
              "p.yaml:18:17: 'absence' lists one rule, or two: what happens and what must follow\n"
              "p.yaml:18:17: no rule has the id or name 'c'; did you mean 'a'?\n"
              "p.yaml:19:3: 'at-least' has no effect where a second rule must follow: remove it\n"
              "p.yaml:20:14: 'condition' has no effect with 'absence', which fires when nothing "
              "comes: remove it\n"
              "p.yaml:21:3: 'interval' has no effect with 'absence': remove it\n");
    EXPECT_THAT(refused(with("  type: absence\n  rules: [a]\n  timespan: 1h\n  at-least: 0\n")),
                HasSubstr("the fewest calls after which silence counts, 1 to 1000000"));
    EXPECT_THAT(refused(with("  type: absense\n  rules: [a]\n  timespan: 1h\n")),
                HasSubstr("did you mean 'absence'?"));
}

const std::string baseline =
    "  type: baseline\n  rules: [a]\n  timespan: 1h\n  condition: { gte: 6 }\n";

TEST(Baseline, IsReadWhole) {
    const auto set =
        test::load(with(baseline + "  at-least: 20\n  history: 17d\n  measure: factor\n", true));
    ASSERT_TRUE(set);
    const auto* c = set->correlation(2);
    EXPECT_EQ(c->type, policy::Correlation::Type::baseline);
    EXPECT_EQ(c->at_least, 20u);
    EXPECT_EQ(c->history, std::chrono::days(17));
    EXPECT_TRUE(c->factor);
    EXPECT_FALSE(
        test::load(with(baseline + "  at-least: 20\n  history: 2w\n"))->correlation(2)->factor);
}

TEST(Baseline, SaysWhatIsWrongAllAtOnce) {
    EXPECT_EQ(refused(with("  type: baseline\n  rules: [a]\n  timespan: 2h\n  at-least: none\n"
                           "  condition: { gte: 2, lt: 6 }\n  history: 1w\n  measure: factors\n"
                           "  interval: { gte: 1s }\n",
                           true)),
              "p.yaml:19:13: the 'timespan' of a baseline is 1h: it compares hours of the week\n"
              "p.yaml:20:13: 'at-least' is the fewest calls in an hour that are judged, 1 to "
              "1000000\n"
              "p.yaml:21:14: an hour is judged as its calls come, so a baseline tells only what is "
              "above: use gt or gte\n"
              "p.yaml:22:12: 'history' is a time span from 2w to 4w\n"
              "p.yaml:23:12: 'measure' is deviations or factor; did you mean 'factor'?\n"
              "p.yaml:24:3: 'interval' has no effect with 'baseline': remove it\n");
    EXPECT_EQ(refused(with(baseline)),
              "p.yaml:17:3: 'baseline' needs 'at-least': the fewest calls in an hour that are "
              "judged\n"
              "p.yaml:17:3: 'baseline' needs 'history': how long a group is watched before it is "
              "judged\n");
    expect_inert(
        "  type: event_count\n  rules: [a]\n  timespan: 1h\n  condition: { gte: 2 }\n"
        "  history: 2w\n  measure: factor\n",
        "'history' has no effect with 'event_count'");
}

}  // namespace
