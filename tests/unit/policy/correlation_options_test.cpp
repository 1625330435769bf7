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
    EXPECT_THAT(refused(correlation("  type: event_count\n  rules: [a]\n  timespan: 7d\n  learn: "
                                    "1d\n  condition: { gte: 2 }\n")),
                HasSubstr("p.yaml:28:10: 'learn' is for the type new_value: remove it"));
}

TEST(NewValue, SaysWhatIsTooLongOrNeverFires) {
    const std::string head = "  type: new_value\n  rules: [a]\n  condition: { field: ip }\n";
    expect_inert(head + "  timespan: 91d\n  learn: 1d\n", "a time span above 90d keeps much");
    expect_inert(head + "  timespan: 1d\n  learn: 91d\n", "learns for more than 90d");
    expect_inert(head + "  timespan: 1d\n  group-by: [u, ip]\n",
                 "this condition never holds: 'group-by' lists all of 'field'");
}

}  // namespace
