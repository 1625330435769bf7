#include "policy/load.hpp"

#include "policy/regex.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

/// What loads, what is refused and with which words, and what a loaded set knows.
namespace {

using namespace std::chrono_literals;
using test::refused;
using test::rule;
using test::selection;
using testing::HasSubstr;

constexpr std::string_view base_rules =
    "title: A\nname: a\nlogsource: { product: x }\ndetection:\n  s: { e: a }\n  condition: s\n---\n"
    "title: B\nid: 11111111-2222-3333-4444-555555555555\nlogsource: { product: x }\ndetection:\n"
    "  s: { e: b }\n  condition: s\n---\n";

std::string correlation(std::string_view lines) {
    return std::string(base_rules) + "title: C\nname: c\ncorrelation:\n" + std::string(lines);
}

TEST(Problems, AreAllToldWithPlaceAndSuggestion) {
    const std::string text = refused(
        "title: t\nlogsource: { product: x }\ndetection:\n  sel:\n    f|contans: x\n"
        "    g|gt: lots\n    h|cidr: 10.0.0.1/8\n  condition: sel and slect\n");
    EXPECT_THAT(text,
                HasSubstr("p.yaml:5:5: unknown modifier 'contans'; did you mean 'contains'?"));
    EXPECT_THAT(text, HasSubstr("p.yaml:6:11: 'gt' needs"));
    EXPECT_THAT(text, HasSubstr("p.yaml:7:13: '10.0.0.1/8' is no network"));
    EXPECT_THAT(text, HasSubstr("p.yaml:8:14: condition: there is no selection 'slect'"));
}

TEST(Problems, StandInTheOrderOfTheFiles) {
    const std::vector<policy::File> files = {
        {"one.yaml", correlation("  type: event_count\n  rules: [nobody]\n  timespan: 1m\n"
                                 "  condition: { gte: 2 }\n")},
        {"two.yaml", "title: x\n"},
        {"three.yaml", "a: ["}};
    const auto set = policy::Set::load(files, {});
    ASSERT_FALSE(set);
    EXPECT_EQ(set.error().front().file, "one.yaml");
    EXPECT_EQ(set.error().back().file, "three.yaml");
}

TEST(Problems, RefuseWhatMeansNothing) {
    for (const auto* entry : {"f|bogus: x",
                              "f|Contains: x",
                              "f|: x",
                              "f|exists: yes",
                              "f|exists: [true, false]",
                              "f|exists|neq: true",
                              "f|contains|startswith: x",
                              "f|gt|lt: 1",
                              "f|lt: '5'",
                              "f|lt: null",
                              "f|contains: null",
                              "f: {a: 1}",
                              "f: []",
                              "f: [[a]]",
                              "f|cidr|contains: 10.0.0.0/8",
                              "f|contains|contains: x",
                              "f|wide|re: x",
                              "f|gt: .inf",
                              "f|fieldref|base64: x",
                              "'|exists': true",
                              "'|fieldref': x"})
        (void)refused(selection(entry));
    for (const auto* detection :
         {"  s: {}\n  condition: s\n", "  s: []\n  condition: s\n", "  s: [{}]\n  condition: s\n",
          "  s:\n  condition: s\n", "  s: { a: 1 }\n", "  s: { a: 1 }\n  condition: ''\n",
          "  condition: s\n", "  s: [[a]]\n  condition: s\n"})
        (void)refused(rule(detection));
    (void)refused("title: t\nlogsource: { product: x }\n");
    (void)refused("logsource: { product: x }\ndetection:\n  s: { a: 1 }\n  condition: s\n");
    (void)refused("title: t\ndetection:\n  s: { a: 1 }\n  condition: s\n");
    (void)refused(
        "title: t\nlogsource: { definition: x }\ndetection:\n  s: { a: 1 }\n"
        "  condition: s\n");
    (void)refused("action: global\ntitle: t\n");
    (void)refused("# nothing here\n");
    (void)refused("- a\n");
}

TEST(Condition, RefusesWhatIsMalformed) {
    for (const auto* condition : {"(s", "s)", "s and", "and s", "s s", "not", "1 of x*",
                                  "all of nothing*", "s | count() > 5", "0 of s", "3 of them", "s*",
                                  "()", "s or or s", "1 of", "some of s", "'s & s'"})
        (void)refused(
            rule("  s: { a: 1 }\n  s2: { b: 1 }\n  condition: " + std::string(condition) + "\n"));
    (void)refused(rule("  s: { a: 1 }\n  condition: " + std::string(100, '(') + "s" +
                       std::string(100, ')') + "\n"));
}

TEST(Condition, TakesUpperCaseListsAndManyOf) {
    const std::string head = "  s1: { a: 1 }\n  s2: { b: 1 }\n  notepad: { c: 1 }\n  condition: ";
    EXPECT_TRUE(test::holds(rule(head + "s1 AND NOT notepad\n"), R"({"a":1})"));
    EXPECT_TRUE(test::holds(rule(head + "2 OF s*\n"), R"({"a":1,"b":1})"));
    EXPECT_FALSE(test::holds(rule(head + "2 of s*\n"), R"({"a":1})"));
    EXPECT_TRUE(test::holds(rule(head + "[s1 and s2, notepad]\n"), R"({"c":1})"));
    EXPECT_TRUE(test::holds(rule(head + "all of s*\n"), R"({"a":1,"b":1})"));
    EXPECT_TRUE(test::holds(rule(head + "|\n    s1\n      and s2\n"), R"({"a":1,"b":1})"));
    EXPECT_TRUE(test::holds(rule(head + "1 of *1\n"), R"({"a":1})"));
    EXPECT_TRUE(test::holds(rule(head + "not not s1\n"), R"({"a":1})"));
}

TEST(Correlation, IsReadWhole) {
    const auto set = test::load(correlation(
        "  type: value_count\n  rules: [a, 11111111-2222-3333-4444-555555555555]\n"
        "  group-by: [tenant_uid, who]\n  timespan: 5m\n  condition: { gte: 3, lt: 10.5, field: ip "
        "}"
        "\n  aliases:\n    who: { a: user.name, 11111111-2222-3333-4444-555555555555: login }\n"));
    ASSERT_TRUE(set);
    const auto* c = set->correlation(2);
    ASSERT_NE(c, nullptr);
    EXPECT_EQ(c->type, policy::Correlation::Type::value_count);
    EXPECT_EQ(c->rules, (std::vector<policy::PolicyIndex>{0, 1}));
    EXPECT_EQ(c->timespan, 5min);
    EXPECT_EQ(c->group_by[0].name, "tenant_uid");
    EXPECT_EQ(c->group_by[0].in_rule[0], "metadata.tenant_uid");
    EXPECT_EQ(c->group_by[1].in_rule, (std::vector<std::string>{"user.name", "login"}));
    EXPECT_EQ(c->fields[0].in_rule, (std::vector<std::string>{"ip", "ip"}));
    EXPECT_TRUE(c->within_bounds(3));
    EXPECT_FALSE(c->within_bounds(2));
    EXPECT_FALSE(c->within_bounds(11));
    EXPECT_FALSE(set->policies()[0].generate);
    EXPECT_TRUE(set->policies()[2].generate);
    call::Names names;
    set->want(names);
    for (const auto* name : {"metadata.tenant_uid", "user.name", "login", "ip", "e"})
        EXPECT_NE(names.find(name), call::no_slot) << name;
    EXPECT_EQ(set->find("c"), &set->policies()[2]);
}

TEST(Correlation, ReadsExpressionsChainsAndGenerate) {
    const auto set = test::load(correlation(
        "  type: temporal\n  timespan: 1h\n  group-by: u\n"
        "  condition: a and not 11111111-2222-3333-4444-555555555555\n  generate: true\n---\n"
        "title: D\ncorrelation:\n  type: event_count\n  rules: c\n  group-by: u\n  timespan: 1d\n"
        "  condition: { gt: 1 }\n"));
    ASSERT_TRUE(set);
    const auto* c = set->correlation(2);
    EXPECT_EQ(c->rules.size(), 2u);
    EXPECT_TRUE(c->expression.holds([](std::uint32_t i) { return i == 0; }));
    EXPECT_FALSE(c->expression.holds([](std::uint32_t) { return true; }));
    EXPECT_TRUE(set->policies()[0].generate);
    EXPECT_TRUE(set->policies()[2].generate);
    EXPECT_EQ(
        (std::vector<policy::PolicyIndex>(set->correlations().begin(), set->correlations().end())),
        (std::vector<policy::PolicyIndex>{2, 3}));
    EXPECT_EQ(set->correlation(3)->group_by[0].in_rule[0], "u");
}

TEST(Correlation, GivesNoAlertOfItsOwnInsideAChain) {
    const auto set = test::load(
        "title: r\nname: r\nlogsource: {product: p}\ndetection: {s: {a: 1}, condition: s}\n---\n"
        "title: inner\nname: inner\ncorrelation: {type: event_count, rules: [r], group-by: [u], "
        "timespan: 1m, "
        "condition: {gte: 2}}\n---\n"
        "title: outer\nname: outer\ncorrelation: {type: value_count, rules: [inner], timespan: 1h, "
        "condition: {field: u, gte: 2}}\n");
    ASSERT_TRUE(set);
    EXPECT_FALSE(set->policies()[0].generate);
    EXPECT_FALSE(set->policies()[1].generate);
    EXPECT_TRUE(set->policies()[2].generate);
}

TEST(Correlation, RefusesWhatCannotBeComputed) {
    const std::string head = "  rules: [a]\n  timespan: 1m\n";
    const std::string many = "  type: event_count\n  rules: [a]\n";
    for (const std::string& lines :
         {head + "  type: bogus\n  condition: { gte: 1 }\n", head + "  type: event_count\n",
          head + "  type: event_count\n  condition: { field: x }\n",
          head + "  type: event_count\n  condition: a\n",
          head + "  type: event_count\n  condition: { gte: many }\n",
          head + "  type: event_count\n  condition: { gte: 1, persentile: 3 }\n",
          head + "  type: value_count\n  condition: { gte: 1 }\n",
          head + "  type: value_sum\n  condition: { gte: 1, field: [a, b] }\n",
          head + "  type: value_percentile\n  condition: { gte: 1, field: a, percentile: 101 }\n",
          head + "  type: temporal\n  condition: a and nobody\n",
          head + "  type: event_count\n  condition: { gte: 1 }\n  groupby: [x]\n",
          many + "  condition: { gte: 1 }\n", many + "  timespan: 5\n  condition: { gte: 1 }\n",
          many + "  timespan: -5m\n  condition: { gte: 1 }\n",
          many + "  timespan: 0s\n  condition: { gte: 1 }\n",
          many + "  timespan: 1.5h\n  condition: { gte: 1 }\n",
          std::string("  type: event_count\n  timespan: 1m\n  condition: { gte: 1 }\n"),
          std::string("  type: event_count\n  rules: [c]\n  timespan: 1m\n"
                      "  condition: { gte: 1 }\n"),
          std::string("  type: temporal\n  rules: [a, 11111111-2222-3333-4444-555555555555]\n"
                      "  timespan: 1m\n  condition: a\n")})
        (void)refused(correlation(lines));
    EXPECT_THAT(refused(correlation("  type: event_count\n  rules: [c]\n  timespan: 1m\n"
                                    "  condition: { gte: 1 }\n")),
                HasSubstr("refers to itself"));
}

/// What is told of a text that loads.
std::string warned(const std::string& text) {
    const auto set = test::load(text);
    std::string out;
    if (set)
        for (const auto& warning : set->warnings()) out += policy::to_text(warning) + "\n";
    return out;
}

/// A part that a policy of ours may not have and that a policy of others is warned of.
void expect_inert(const std::string& lines, const char* what, const std::string& before = "") {
    EXPECT_THAT(warned(correlation(before + lines)), HasSubstr(what)) << lines;
    EXPECT_THAT(refused(correlation(before + lines + "callerprint: { family: abuse }\n")),
                HasSubstr(what))
        << lines;
}

TEST(Correlation, SaysWhenItsConditionNeverHolds) {
    const std::string head = "  rules: [a, 11111111-2222-3333-4444-555555555555]\n  timespan: 1m\n";
    const char* const never = "this condition never holds";
    for (const auto* lines :
         {"  type: event_count\n  condition: { gte: 5, lt: 3 }\n",
          "  type: event_count\n  condition: { gt: 4, lt: 5 }\n",
          "  type: event_count\n  condition: { eq: 1.5 }\n",
          "  type: event_count\n  condition: { eq: 3, neq: 3 }\n",
          "  type: value_count\n  condition: { lt: 0, field: x }\n",
          "  type: value_sum\n  condition: { gt: 2, lt: 2, field: x }\n",
          "  type: value_avg\n  condition: { gte: 2, lte: 2, neq: 2, field: x }\n",
          "  type: temporal\n  condition: { gte: 3 }\n",
          "  type: temporal_ordered\n  condition: { gt: 2 }\n",
          "  type: temporal\n  condition: not a and not 11111111-2222-3333-4444-555555555555\n"})
        expect_inert(head + lines, never);
    for (const auto* lines : {"  type: event_count\n  condition: { eq: 0 }\n",
                              "  type: event_count\n  condition: { lt: 1 }\n"})
        expect_inert(head + lines, "seen by the type 'absence' only");
    for (const auto* lines :
         {"  type: event_count\n  condition: { gt: 4, lt: 6 }\n",
          "  type: event_count\n  condition: { gte: 1e12 }\n",
          "  type: event_count\n  condition: { neq: 1 }\n",
          "  type: value_count\n  condition: { lte: 0, field: x }\n",
          "  type: value_sum\n  condition: { gt: 2, lt: 2.5, field: x }\n",
          "  type: value_sum\n  condition: { lt: -1, field: x }\n",
          "  type: value_median\n  condition: { gte: 2, lte: 2, field: x }\n",
          "  type: temporal\n  condition: { eq: 1 }\n", "  type: temporal\n",
          "  type: temporal\n  condition: a and not 11111111-2222-3333-4444-555555555555\n"})
        EXPECT_EQ(warned(correlation(head + lines)), "") << lines;
}

TEST(Correlation, SaysWhenAnInnerOneLacksWhatItAsksFor) {
    const std::string inner =
        "  type: event_count\n  rules: [a]\n  timespan: 1m\n  group-by: [user, tenant_uid]\n"
        "  condition: { gte: 2 }\n---\ntitle: D\ncorrelation:\n  rules: [c]\n  timespan: 1h\n";
    expect_inert("  type: event_count\n  condition: { gte: 2 }\n  group-by: [usr]\n",
                 "'c' does not group by 'usr'; did you mean 'user'?", inner);
    expect_inert("  type: value_count\n  condition: { gte: 2, field: ip }\n",
                 "'c' does not group by 'ip'", inner);
    expect_inert(
        "  type: event_count\n  condition: { gte: 2 }\n  group-by: [who]\n"
        "  aliases: { who: { c: name } }\n",
        "'c' does not group by 'name'", inner);
    for (const auto* lines :
         {"  type: event_count\n  condition: { gte: 2 }\n  group-by: [metadata.tenant_uid]\n",
          "  type: event_count\n  condition: { gte: 2 }\n  group-by: [who]\n"
          "  aliases: { who: { c: user } }\n"})
        EXPECT_EQ(warned(correlation(inner + lines)), "") << lines;
}

TEST(Correlation, SaysWhatHasNoEffect) {
    const std::string head = "  type: event_count\n  rules: [a]\n  timespan: 1m\n";
    expect_inert(head + "  condition: { gte: 2, field: x }\n", "'field' has no effect");
    expect_inert(head + "  condition: { gte: 2 }\n  aliases: { who: { a: x } }\n",
                 "the alias 'who' has no effect");
    EXPECT_THAT(refused(correlation(head + "  timeframe: 5m\n  condition: { gte: 2 }\n")),
                HasSubstr("'timespan' and 'timeframe'"));
}

TEST(Filter, SaysWhatItDoesNotRestrict) {
    const auto filter = [](std::string_view product, std::string_view rules) {
        return std::string(base_rules) +
               "title: C\nname: c\ncorrelation: { type: event_count, rules: [b1], timespan: 1m, "
               "condition: { gte: 1 } }\n---\ntitle: B1\nname: b1\nlogsource: { product: x }\n"
               "detection:\n  s: { e: b }\n  condition: s\n---\ntitle: F\nlogsource: { product: " +
               std::string(product) + " }\nfilter:\n  rules: " + std::string(rules) +
               "\n  s: { u: a }\n  condition: not s\n";
    };
    EXPECT_EQ(warned(filter("x", "[a]")), "");
    EXPECT_EQ(warned(filter("x", "any")), "");
    EXPECT_THAT(warned(filter("y", "[a]")), HasSubstr("does not cover that of 'a'"));
    EXPECT_THAT(warned(filter("y", "any")), HasSubstr("this filter restricts no rule"));
    EXPECT_THAT(warned(filter("x", "[a, c]")), HasSubstr("'c' is a correlation"));
    EXPECT_THAT(refused(filter("x", "[a]") + "callerprint: { quiet: 1h }\n"),
                HasSubstr("'callerprint' has no effect in a filter"));
    EXPECT_THAT(
        refused(filter("x", "[a]") + "tests: [ { name: t, given: [ { a: 1 } ], expect: [] } ]\n"),
        HasSubstr("'tests' has no effect in a filter"));
    // The place is that of the reference.
    EXPECT_THAT(refused(filter("x", "[a, nobody]")), HasSubstr(":29:14: no rule has"));
}

TEST(Filter, RestrictsTheRulesItNames) {
    const auto set = test::load(
        std::string(base_rules) +
        "title: F\nlogsource: { product: x }\nfilter:\n  rules: [a]\n  selection: { u: admin }\n"
        "  condition: not selection\n");
    ASSERT_TRUE(set);
    EXPECT_EQ(set->policies().size(), 2u);
    EXPECT_TRUE(test::matches(set, test::event(R"({"e":"a","u":"admin"})")).empty());
    EXPECT_EQ(test::matches(set, test::event(R"({"e":"a","u":"bob"})")).size(), 1u);
    EXPECT_EQ(test::matches(set, test::event(R"({"e":"b","u":"admin"})")).size(), 1u);
    (void)refused(std::string(base_rules) +
                  "title: F\nlogsource: { product: x }\nfilter:\n  rules: [z]\n  s: { u: a }\n"
                  "  condition: s\n");
}

TEST(Callerprint, IsReadAndChecked) {
    const std::string head = selection("api.operation: x");
    const auto set = test::load(head +
                                "callerprint:\n  family: abuse\n  clause: a/b\n  subject: tenant\n"
                                "  quiet: 24h\n  benign: [load_test]\n  series: s1\n");
    ASSERT_TRUE(set);
    const auto& meta = set->policies()[0].callerprint;
    EXPECT_EQ(meta.family, "abuse");
    EXPECT_EQ(meta.subject, policy::SubjectKind::tenant);
    EXPECT_EQ(meta.subject_field, "metadata.tenant_uid");
    EXPECT_EQ(meta.quiet, 24h);
    EXPECT_EQ(meta.benign, std::vector<std::string>{"load_test"});
    call::Names names;
    set->want(names);
    EXPECT_NE(names.slot(call::Field::tenant_uid), call::no_slot);
    EXPECT_EQ(test::load(head + "callerprint: { subject: src_endpoint.ip }\n")
                  ->policies()[0]
                  .callerprint.subject,
              policy::SubjectKind::custom);
    EXPECT_THAT(refused(head + "callerprint: { famly: abuse }\n"),
                HasSubstr("did you mean 'family'?"));
    EXPECT_THAT(refused(head + "callerprint: { family: abus }\n"),
                HasSubstr("did you mean 'abuse'?"));
    (void)refused(head + "callerprint: { subject: tennant }\n");
    (void)refused(head + "callerprint: { quiet: soon }\n");
    (void)refused(head + "callerprint: {}\n");
    EXPECT_TRUE(meta.keep_calls);
    EXPECT_FALSE(test::load(head + "callerprint: { keep_calls: false }\n")
                     ->policies()[0]
                     .callerprint.keep_calls);
    (void)refused(head + "callerprint: { keep_calls: no }\n");
}

TEST(Callerprint, SaysWhetherLateCallsFire) {
    const std::string head = selection("api.operation: x");
    const auto meta = [&](const std::string& block) {
        return test::load(head + block)->policies()[0].callerprint;
    };
    EXPECT_TRUE(meta("").fires_late()) << "what a rule says of one call is true whenever it comes";
    EXPECT_TRUE(meta("callerprint: { late_ok: true }\n").fires_late());
    EXPECT_FALSE(meta("callerprint: { late_ok: false }\n").fires_late());
    EXPECT_THAT(refused(head + "callerprint: { late_ok: perhaps }\n"),
                HasSubstr("'late_ok' is true or false"));
}

TEST(Callerprint, RefusesOptionsWithoutEffect) {
    const std::string c =
        "  type: event_count\n  rules: [a]\n  timespan: 1m\n"
        "  condition: { gte: 1 }\n";
    EXPECT_THAT(refused(correlation(c + "callerprint: { subject: tenant }\n")),
                HasSubstr("group-by"));
    EXPECT_THAT(refused(correlation(c + "callerprint: { keep_calls: false }\n")),
                HasSubstr("no effect"));
    EXPECT_TRUE(test::load(correlation(c + "  group-by: [tenant_uid]\ncallerprint: { subject: "
                                           "tenant }\n")));
    EXPECT_THAT(
        refused("title: A\nname: a\nlogsource: { product: x }\ndetection:\n  s: { e: a }\n"
                "  condition: s\ncallerprint: { quiet: 1h }\n---\ntitle: C\ncorrelation:\n" +
                c),
        HasSubstr("no effect"));
    for (const auto* flag : {"true", "false"}) {
        EXPECT_THAT(
            refused(correlation(c + "callerprint: { late_ok: " + std::string(flag) + " }\n")),
            HasSubstr("windows cannot be reopened"));
    }
    EXPECT_THAT(
        refused("title: A\nname: a\nlogsource: { product: x }\ndetection:\n  s: { e: a }\n"
                "  condition: s\ncallerprint: { late_ok: true }\n---\ntitle: C\ncorrelation:\n" +
                c),
        HasSubstr("'late_ok' has no effect"));
    (void)refused(correlation(c + "  group-by: [a, b, c, d, e]\ncallerprint: { family: abuse }\n"));
    (void)refused(
        correlation("  type: event_count\n  rules: [a]\n  timespan: 8d\n"
                    "  condition: { gte: 1 }\ncallerprint: { family: abuse }\n"));
}

TEST(Geography, AloneIsRefused) {
    EXPECT_THAT(refused(selection("src_endpoint.location.country: XX")),
                HasSubstr("geography alone"));
    (void)refused(selection("cloud.region: eu\nsrc_endpoint.location.country|neq: XX"));
    EXPECT_TRUE(test::load(selection("cloud.region: eu\napi.operation: x")));
    (void)refused(
        "title: A\nname: a\nlogsource: { product: x }\ndetection:\n"
        "  s: { cloud.region: a }\n  condition: s\n---\ntitle: C\ncorrelation:\n"
        "  type: event_count\n  rules: [a]\n  timespan: 1m\n  condition: { gte: 5 }\n");
}

TEST(Tests, AreReadWithTimesAndRepeats) {
    const auto set = test::load(
        selection("a: 1") +
        "tests:\n  - name: one\n    given:\n      - { a: 1, b: { c: [x, null] }, at: 90s }\n"
        "      - { a: '2', at: 2024-06-01T00:00:00Z, repeat: 3, every: 10s }\n"
        "    expect: [ { subject: t1, value: 3 } ]\n  - name: none\n    given: [ { a: 2 } ]\n"
        "    expect: []\n");
    ASSERT_TRUE(set);
    const auto& tests = set->policies()[0].tests;
    ASSERT_EQ(tests.size(), 2u);
    ASSERT_EQ(tests[0].given.size(), 2u);
    EXPECT_EQ(tests[0].given[0].after, 90s);
    EXPECT_EQ(boost::json::serialize(tests[0].given[0].values), R"({"a":1,"b":{"c":["x",null]}})");
    EXPECT_EQ(base::to_rfc3339(*tests[0].given[1].at), "2024-06-01T00:00:00Z");
    EXPECT_EQ(tests[0].given[1].repeat, 3u);
    EXPECT_EQ(tests[0].given[1].every, 10s);
    EXPECT_EQ(tests[0].expect[0][1], (std::pair<std::string, std::string>("value", "3")));
    EXPECT_TRUE(tests[1].expect.empty());
    for (const auto* block : {"tests: { a: 1 }\n", "tests: [ { name: x, given: [ { a: 1 } ] } ]\n",
                              "tests: [ { name: x, given: [], expect: [] } ]\n",
                              "tests: [ { name: x, gven: [ { a: 1 } ], expect: [] } ]\n",
                              "tests: [ { name: x, given: [ { at: soon } ], expect: [] } ]\n",
                              "tests: [ { name: x, given: [ { repeat: 0 } ], expect: [] } ]\n"})
        (void)refused(selection("a: 1") + block);
}

TEST(Tests, HaveAtMost10000Calls) {
    const auto with = [](const std::string& repeat) {
        return selection("a: 1") +
               "tests: [ { name: x, expect: [], given: [ { a: 1 }, { repeat: " + repeat +
               " } ] } ]\n";
    };
    EXPECT_TRUE(test::load(with("9999")));
    EXPECT_NE(refused(with("10000")).find("a test has at most 10,000 calls"), std::string::npos);
}

TEST(Header, WarnsAboutOptionalKeysAndKeepsGoing) {
    const auto good = test::load(
        "title: t\nid: nope\nstatus: stabel\nlevel: high\ndate: yesterday\ntags: [x]\nauthr: me\n"
        "logsource: { product: x }\ndetection:\n  s: { a|contains|all: [x] }\n  condition: s\n");
    ASSERT_TRUE(good);
    EXPECT_EQ(good->policies()[0].status, "");
    EXPECT_EQ(good->policies()[0].level, "high");
    std::string warnings;
    for (const auto& warning : good->warnings()) warnings += policy::to_text(warning) + "\n";
    for (const auto* part : {"UUID", "did you mean 'stable'?", "did you mean 'author'?",
                             "YYYY-MM-DD", "namespace.value", "'all' has no effect"})
        EXPECT_THAT(warnings, HasSubstr(part));
}

TEST(Header, WarnsAboutWhatIsNearlyAKeyOfTheLogSource) {
    const auto with = [](const char* key) {
        return warned("title: t\nlogsource: { product: x, " + std::string(key) +
                      ": y }\ndetection:\n  s: { a: 1 }\n  condition: s\n");
    };
    EXPECT_THAT(with("servce"), HasSubstr("did you mean 'service'?"));
    EXPECT_EQ(with("service"), "");
    EXPECT_EQ(with("definition"), "");
    EXPECT_EQ(with("pipeline_hint"), "") << "others are kept, as the specification says";
}

TEST(Expand, WarnsWhenThereIsNothingToExpand) {
    EXPECT_THAT(warned(selection("f|expand: plain")), HasSubstr("'expand' has no effect"));
    EXPECT_THAT(warned(selection("f|re|expand: 'a%'")), HasSubstr("'expand' has no effect"));
    EXPECT_EQ(warned(selection("f|expand: 'a\\%'")), "") << "it makes the percent sign literal";
}

TEST(Header, CountsTheCharactersOfATitle) {
    const auto titled = [](int characters) {
        std::string title;
        for (int i = 0; i < characters; ++i) title += "\u00e9";
        const std::string text = "title: " + title + selection("a: 1").substr(8);
        return test::load(text)->warnings().size();
    };
    EXPECT_EQ(titled(256), 0u);
    EXPECT_EQ(titled(257), 1u);
}

TEST(Set, RefusesOneIdTwiceAndDigestsTheText) {
    EXPECT_THAT(refused(std::string(base_rules) + std::string(base_rules)),
                HasSubstr("is taken by p.yaml:1"));
    const auto one = test::load(base_rules);
    const auto two = test::load(std::string(base_rules) +
                                "title: C\nlogsource: { product: y }\n"
                                "detection:\n  s: { a: 1 }\n"
                                "  condition: s\n");
    ASSERT_TRUE(one && two);
    EXPECT_EQ(one->policies()[0].digest, two->policies()[0].digest);
    EXPECT_NE(one->policies()[0].digest, one->policies()[1].digest);
    EXPECT_NE(one->digest(), two->digest());
    EXPECT_EQ(two->policies()[2].line, 15u);
}

TEST(Explain, SaysWhatHeldAndWhatDidNot) {
    const auto set =
        test::load(rule("  s:\n    op: [Read, Write]\n    n|gte: 5\n  f:\n    ok: true\n"
                        "  condition: s and not f\n"));
    auto names = std::make_shared<call::Names>();
    set->want(*names);
    call::Batch batch(names);
    fake::append(batch, test::event(R"({"op":"WRITE","n":[1,7]})"));
    const auto explanation = policy::explain(*set, 0, batch[0]);
    EXPECT_TRUE(explanation.matched);
    EXPECT_EQ(explanation.condition, "s and not f");
    ASSERT_EQ(explanation.findings.size(), 3u);
    EXPECT_EQ(explanation.findings[0].expected, "Read, Write");
    EXPECT_EQ(explanation.findings[0].actual, "WRITE");
    EXPECT_TRUE(explanation.findings[0].held);
    EXPECT_EQ(explanation.findings[1].op, "gte");
    EXPECT_EQ(explanation.findings[1].actual, "1, 7");
    EXPECT_EQ(explanation.findings[2].actual, "(absent)");
    EXPECT_FALSE(explanation.findings[2].held);
}

TEST(Explain, SaysWhichSelectionHeldAndWhichMapOfIt) {
    const auto set =
        test::load(rule("  s:\n    - { op: Read, n: 1 }\n    - { op: Write }\n"
                        "  f: { ok: true }\n  condition: s and not f\n"));
    auto names = std::make_shared<call::Names>();
    set->want(*names);
    call::Batch batch(names);
    fake::append(batch, test::event(R"({"op":"Read","n":2})"));
    fake::append(batch, test::event(R"({"op":"write","ok":true})"));
    const auto first = policy::explain(*set, 0, batch[0]);
    ASSERT_EQ(first.selections.size(), 2u);
    EXPECT_EQ(first.selections[0].name, "s");
    EXPECT_FALSE(first.selections[0].held) << "half of each map";
    EXPECT_TRUE(first.findings[0].held);
    EXPECT_EQ(first.findings[1].block, 0u);
    EXPECT_EQ(first.findings[2].block, 1u);
    const auto second = policy::explain(*set, 0, batch[1]);
    EXPECT_TRUE(second.selections[0].held && second.selections[1].held);
    EXPECT_FALSE(second.matched);
}

TEST(RequiredLiteral, PromisesOnlyWhatEveryMatchContains) {
    const auto literal = [](const char* regex) { return policy::required_literal(regex); };
    EXPECT_EQ(literal("^abc[0-9]+DEFG$"), "defg");
    EXPECT_EQ(literal("abcd?ef"), "abc");
    EXPECT_EQ(literal("(?i)Hello\\.World"), "hello.world");
    EXPECT_EQ(literal("a|bcd"), "");
    EXPECT_EQ(literal("(abc)?"), "");
    EXPECT_EQ(literal("[^]abc]xyz"), "xyz");
    EXPECT_EQ(literal("abc{0,2}"), "ab");
    EXPECT_EQ(literal("\\x41bc"), "");
}

}  // namespace
