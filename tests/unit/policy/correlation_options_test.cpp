#include "load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using test::refused;
using testing::AllOf;
using testing::HasSubstr;

constexpr std::string_view base_rules =
    "title: A\nname: a\nlogsource: { product: x }\ndetection:\n  s: { e: a }\n  condition: s\n---\n"
    "title: B\nname: b\nlogsource: { product: x }\ndetection:\n  s: { e: b }\n  condition: s\n---\n"
    "title: D\nname: d\nlogsource: { product: x }\ndetection:\n  s: { e: d }\n  condition: "
    "s\n---\n";

/// Its lines begin with the 25th of the text.
std::string correlation(std::string_view lines) {
    return std::string(base_rules) + "title: C\nname: c\ncorrelation:\n" + std::string(lines);
}

const policy::Correlation* loaded(std::string_view lines, std::shared_ptr<const policy::Set>& set) {
    set = test::load(correlation(lines));
    if (set) EXPECT_EQ(test::problems_text({set->warnings().begin(), set->warnings().end()}), "");
    return set ? set->correlation(3) : nullptr;
}

/// A part that a policy of ours may not have and that a policy of others is warned of.
void expect_inert(const std::string& lines, const char* what) {
    const auto set = test::load(correlation(lines));
    ASSERT_TRUE(set);
    EXPECT_THAT(test::problems_text({set->warnings().begin(), set->warnings().end()}),
                HasSubstr(what));
    EXPECT_THAT(refused(correlation(lines + "callerprint: { family: abuse }\n")), HasSubstr(what));
}

TEST(NewValue, IsReadWhole) {
    std::shared_ptr<const policy::Set> set;
    const auto* c = loaded(
        "  type: new_value\n  rules: [a, b]\n  group-by: [u]\n  timespan: 60d\n  learn: 7d\n"
        "  condition: { field: [ip, who] }\n  aliases: { who: { a: x, b: y } }\n"
        "callerprint: { family: abuse }\n",
        set);
    ASSERT_NE(c, nullptr);
    EXPECT_EQ(c->type, policy::Correlation::Type::new_value);
    EXPECT_EQ(policy::name(c->type), "new_value");
    EXPECT_EQ(c->timespan, 60 * 24h);
    EXPECT_EQ(c->learn, 7 * 24h);
    EXPECT_EQ(c->fields[1].in_rule, (std::vector<std::string>{"x", "y"}));
    EXPECT_TRUE(c->bounds.empty());
    c = loaded("  type: new_value\n  rules: [a]\n  timespan: 5d\n  condition: { field: ip }\n",
               set);
    ASSERT_NE(c, nullptr);
    EXPECT_EQ(c->learn, 5 * 24h) << "as long as it remembers";
}

TEST(NewValue, RefusesWhatItCannotCompute) {
    const std::string head = "  type: new_value\n  rules: [a]\n  timespan: 7d\n";
    EXPECT_THAT(refused(correlation(head)),
                HasSubstr("p.yaml:25:3: 'condition' is missing: add one, such as { field: "
                          "src_endpoint.ip }"));
    EXPECT_THAT(refused(correlation(head + "  condition: a\n")), HasSubstr("write a map such as"));
    EXPECT_THAT(refused(correlation(head + "  condition: { gte: 2 }\n")),
                AllOf(HasSubstr("p.yaml:28:14: 'new_value' needs 'field'"),
                      HasSubstr("'new_value' compares no number")));
    EXPECT_THAT(refused(correlation(head + "  condition: { field: ip }\n  learn: soon\n")),
                HasSubstr("p.yaml:29:10: 'learn' is a whole number and a unit, such as 1d"));
    EXPECT_THAT(refused(correlation(head + "  condition: { field: ip }\n  lern: 1d\n")),
                HasSubstr("'correlation' has no key 'lern'; did you mean 'learn'?"));
    expect_inert(
        "  type: event_count\n  rules: [a]\n  timespan: 7d\n  learn: 1d\n  condition: { gte: 2 }\n",
        "'learn' has no effect with 'event_count': remove it");
}

TEST(NewValue, SaysWhatIsTooLongOrNeverFires) {
    const std::string head = "  type: new_value\n  rules: [a]\n  condition: { field: ip }\n";
    expect_inert(head + "  timespan: 91d\n  learn: 1d\n", "a time span above 90d keeps much");
    expect_inert(head + "  timespan: 1d\n  learn: 91d\n", "learns for more than 90d");
    expect_inert(head + "  timespan: 1d\n  group-by: [u, ip]\n",
                 "this condition never holds: 'group-by' lists all of 'field'");
}

TEST(Joint, IsReadWhole) {
    std::shared_ptr<const policy::Set> set;
    const auto* c = loaded(
        "  type: joint\n  rules: [a, b, d]\n  group-by: [u]\n  timespan: 1h\n"
        "  weights: { d: 3, a: 2 }\n  condition: { gte: 4 }\ncallerprint: { family: abuse }\n",
        set);
    ASSERT_NE(c, nullptr);
    EXPECT_EQ(c->type, policy::Correlation::Type::joint);
    EXPECT_EQ(policy::name(c->type), "joint");
    EXPECT_EQ(c->weights, (std::vector<std::uint32_t>{2, 1, 3}));
    c = loaded("  type: joint\n  rules: [a, b]\n  timespan: 1h\n  condition: { gte: 2 }\n", set);
    ASSERT_NE(c, nullptr);
    EXPECT_EQ(c->weights, (std::vector<std::uint32_t>{1, 1}));
}

TEST(Joint, RefusesWhatItCannotCompute) {
    const std::string bare = "  type: joint\n  rules: [a, b]\n  timespan: 1h\n";
    const std::string head = bare + "  condition: { gte: 2 }\n";
    EXPECT_THAT(refused(correlation(bare)),
                HasSubstr("p.yaml:25:3: 'condition' is missing: add one, such as { gte: 3 }"));
    EXPECT_THAT(refused(correlation(bare + "  condition: a and b\n")),
                HasSubstr("an expression of rule names is for the temporal types"));
    for (const auto* weight : {"0", "-1", "0.5", "101", "heavy", "[1]"})
        EXPECT_EQ(refused(correlation(head + "  weights: { a: " + weight + " }\n")),
                  "p.yaml:29:17: a weight is a whole number from 1 to 100; without one it is 1\n")
            << weight;
    EXPECT_THAT(refused(correlation(head + "  weights: 2\n")),
                HasSubstr("p.yaml:29:12: 'weights' is a map { rule name: weight }"));
    EXPECT_THAT(refused(correlation(head + "  weights: { d: 2 }\n")),
                HasSubstr("p.yaml:29:14: 'd' is not listed in 'rules'"));
    EXPECT_THAT(refused(correlation(head + "  weights: { nobody: 2 }\n")),
                HasSubstr("p.yaml:29:14: no rule has"));
    EXPECT_THAT(refused(correlation("  type: joint\n  rules: [a]\n  timespan: 1h\n"
                                    "  condition: { gte: 1 }\n")),
                HasSubstr("p.yaml:25:3: a joint correlation lists 2 to 64 rules, not 1"));
    expect_inert("  type: temporal\n  rules: [a, b]\n  timespan: 1h\n  weights: { a: 2 }\n",
                 "'weights' has no effect with 'temporal': remove it");
}

TEST(Joint, SaysWhatNeverHoldsAndWhichRuleNeverDecides) {
    const std::string head =
        "  type: joint\n  rules: [a, b, d]\n  timespan: 1h\n  weights: { a: 5, b: 5 }\n";
    for (const auto* condition : {"{ gte: 12 }", "{ eq: 2 }", "{ gt: 6, lt: 10 }", "{ lt: 1 }"})
        expect_inert(head + "  condition: " + condition + "\n", "this condition never holds");
    expect_inert(head + "  condition: { gte: 5 }\n",
                 "the rule 'd' with a weight of 1 never decides");
    expect_inert(head + "  condition: { gte: 2 }\n",
                 "the rule 'd' with a weight of 1 never decides");
    EXPECT_THAT(refused(correlation(head + "  condition: { gte: 5 }\n"
                                           "callerprint: { family: abuse }\n")),
                HasSubstr("p.yaml:26:17: the rule 'd'"));
    std::shared_ptr<const policy::Set> set;
    for (const auto* condition :
         {"{ gte: 11 }", "{ gte: 6 }", "{ eq: 5 }", "{ lt: 6 }", "{ gte: 1 }"})
        EXPECT_NE(loaded(head + "  condition: " + condition + "\n", set), nullptr);
}

TEST(Ratio, IsReadWhole) {
    std::shared_ptr<const policy::Set> set;
    const auto* c = loaded(
        "  type: ratio\n  rules: [b, a]\n  group-by: [u]\n  timespan: 1h\n  at-least: 20\n"
        "  condition: { gte: 0.8 }\ncallerprint: { family: abuse }\n",
        set);
    ASSERT_NE(c, nullptr);
    EXPECT_EQ(c->type, policy::Correlation::Type::ratio);
    EXPECT_EQ(policy::name(c->type), "ratio");
    EXPECT_EQ(c->rules, (std::vector<policy::PolicyIndex>{1, 0}));
    EXPECT_EQ(c->at_least, 20u);
    EXPECT_FALSE(c->over_all);
    c = loaded(
        "  type: ratio\n  rules: [a, b, d]\n  timespan: 1h\n  at-least: 20\n  over: all\n"
        "  condition: { lt: 0.1 }\n",
        set);
    ASSERT_NE(c, nullptr);
    EXPECT_TRUE(c->over_all);
}

TEST(Ratio, RefusesWhatItCannotCompute) {
    const std::string bare = "  type: ratio\n  rules: [a, b]\n  timespan: 1h\n";
    const std::string head = bare + "  condition: { gte: 0.8 }\n";
    EXPECT_THAT(refused(correlation(head)), HasSubstr("p.yaml:25:3: 'ratio' needs 'at-least': the "
                                                      "denominator from which on"));
    for (const auto* count : {"1", "0", "-3", "2.5", "many", "1e12", "[2]"})
        EXPECT_THAT(
            refused(correlation(head + "  at-least: " + count + "\n")),
            HasSubstr("p.yaml:29:13: 'at-least' is the denominator from which on the ratio is "
                      "judged, so that 1 of 1 accuses nobody, 2 to 1000000000"))
            << count;
    EXPECT_THAT(refused(correlation(bare + "  at-least: 2\n")),
                HasSubstr("'condition' is missing: add one, such as { gte: 0.8 }"));
    EXPECT_THAT(refused(correlation(head + "  at-least: 2\n  over: everything\n")),
                HasSubstr("p.yaml:30:9: 'over' is all: "));
    const std::string rest = "  timespan: 1h\n  at-least: 2\n  condition: { gte: 0.8 }\n";
    for (const auto* rules : {"[a]", "[a, b, d]", "[a, a]"})
        EXPECT_THAT(
            refused(correlation("  type: ratio\n  rules: " + std::string(rules) + "\n" + rest)),
            HasSubstr("p.yaml:25:3: a ratio needs two rules, "))
            << rules;
    EXPECT_THAT(refused(correlation("  type: ratio\n  rules: [a]\n  over: all\n" + rest)),
                HasSubstr("a ratio over all needs two rules or more"));
    const std::string count =
        "  type: event_count\n  rules: [a]\n  timespan: 7d\n  condition: { gte: 2 }\n";
    expect_inert(count + "  at-least: 3\n", "'at-least' has no effect with 'event_count'");
    expect_inert(count + "  over: all\n", "'over' has no effect with 'event_count'");
}

TEST(Ratio, SaysWhatHasNoEffectOrNeverHolds) {
    const std::string head = "  type: ratio\n  rules: [a, b]\n  timespan: 1h\n  at-least: 20\n";
    expect_inert(head + "  condition: { lt: 0 }\n", "this condition never holds");
    expect_inert(head + "  over: all\n  condition: { gt: 1 }\n", "this condition never holds");
    expect_inert(head + "  over: all\n  condition: { gte: 80 }\n", "this condition never holds");
    expect_inert(head + "  condition: { gte: 0.5, field: ip }\n",
                 "'field' has no effect with 'ratio'");
    std::shared_ptr<const policy::Set> set;
    for (const auto* lines : {"  condition: { gt: 1 }\n", "  condition: { lte: 0 }\n",
                              "  over: all\n  condition: { gte: 1 }\n"})
        EXPECT_NE(loaded(head + lines, set), nullptr);
}

}  // namespace
