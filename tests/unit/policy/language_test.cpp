#include "policy/load.hpp"

#include <gtest/gtest.h>

/// One test a section of the language, and the tables of the reference row by row.
namespace {

using test::holds;
using test::refused;
using test::rule;
using test::selection;

struct Row {
    const char* entry;
    const char* event;
    bool match;
};

void check(std::initializer_list<Row> rows) {
    for (const Row& row : rows)
        EXPECT_EQ(holds(selection(row.entry), row.event), row.match)
            << row.entry << " on " << row.event;
}

TEST(Comparison, FollowsTheTableOfTypes) {
    check({
        {"f: abc", R"({"f":"ABC"})", true},
        {"f: '201'", R"({"f":201})", true},
        {"f: '1.5'", R"({"f":1.5})", true},
        {"f: '42'", R"({"f":42.0})", true},
        {"f: 'TRUE'", R"({"f":true})", true},
        {"f: 'x'", R"({"f":null})", false},
        {"f: 'x'", R"({"f":{"x":"x"}})", false},
        {"f: 201", R"({"f":201.0})", true},
        {"f: 201", R"({"f":"201"})", true},
        {"f: 201", R"({"f":"201.0"})", true},
        {"f: 201", R"({"f":"201 "})", false},
        {"f: 201", R"({"f":"0xC9"})", false},
        {"f: 1", R"({"f":true})", false},
        {"f: 0", R"({"f":null})", false},
        {"f: 9007199254740993", R"({"f":9007199254740992})", false},
        {"f: 9007199254740993", R"({"f":9007199254740993})", true},
        {"f: 18446744073709551615", R"({"f":18446744073709551615})", true},
        {"f: 1.5", R"({"f":"1.50"})", true},
        {"f: true", R"({"f":true})", true},
        {"f: true", R"({"f":"True"})", true},
        {"f: true", R"({"f":"yes"})", false},
        {"f: true", R"({"f":1})", false},
        {"f: false", R"({"f":false})", true},
        {"f: yes", R"({"f":"YES"})", true},
        {"f: two", R"({"f":["one","TWO"]})", true},
        {"f: 'ÅNGSTRÖM'", R"({"f":"ångström"})", true},
        {"f: 'ΣΊΣΥΦΟΣ'", R"({"f":"σίσυφος"})", true},
        {"f: 'straße'", R"({"f":"STRASSE"})", false},
    });
    EXPECT_NE(refused(selection("f: 99999999999999999999")).find("64 bits"), std::string::npos);
}

TEST(Missing, FollowsTheTableOfNullAndEmpty) {
    const char* const events[] = {R"({"g":1})", R"({"f":null})", R"({"f":""})", R"({"f":"x"})",
                                  R"({"f":[]})"};
    const struct {
        const char* entry;
        bool match[5];
    } rows[] = {
        {"f: null", {true, true, false, false, false}},
        {"f: ''", {false, false, true, false, false}},
        {"f: '*'", {false, false, true, true, false}},
        {"f|exists: true", {false, true, true, true, true}},
        {"f|exists: false", {true, false, false, false, false}},
        {"f|contains: ''", {false, false, true, true, false}},
        {"f|re: ''", {false, false, true, true, false}},
        {"f|neq: x", {true, true, true, false, true}},
        {"f|lt: 5", {false, false, false, false, false}},
        {"f: [null, x]", {true, true, false, true, false}},
    };
    for (const auto& row : rows)
        for (std::size_t i = 0; i < 5; ++i)
            EXPECT_EQ(holds(selection(row.entry), events[i]), row.match[i])
                << row.entry << " on " << events[i];
}

TEST(Strings, ReadWildcardsAndEscapes) {
    check({
        {R"(f: 'a\b')", R"({"f":"a\\b"})", true},
        {R"(f: 'a\\b')", R"({"f":"a\\b"})", true},
        {R"(f: '\\\\host')", R"({"f":"\\\\host"})", true},
        {R"(f: '\\\host')", R"({"f":"\\\\host"})", true},
        {R"(f: '\*')", R"({"f":"*"})", true},
        {R"(f: '\*')", R"({"f":"x"})", false},
        {R"(f: 'x\\*')", R"({"f":"x\\yz"})", true},
        {R"(f: 'x\\\*')", R"({"f":"x\\*"})", true},
        {R"(f: 'x\\\*')", R"({"f":"x\\y"})", false},
        {R"(f: 'dir\')", R"({"f":"dir\\"})", true},
        {R"(f|contains: 'dir\')", R"({"f":"a dir\\b"})", true},
        {"f: 'a*b'", "{\"f\":\"a\\n\\nb\"}", true},
        {"f: 'a?b'", R"({"f":"aéb"})", true},
        {"f: 'a?b'", R"({"f":"aééb"})", false},
        {"f: '?'", R"({"f":"😀"})", true},
        {"f|endswith: 'b?d'", R"({"f":"abéd"})", true},
        {"f|contains: 'b??e'", R"({"f":"xxbabbcdexx"})", true},
        {"f|contains: 'drop*table'", R"({"f":"; DROP   TABLE users"})", true},
    });
}

TEST(Edges, FollowTheTableOfTheEnginesTests) {
    check({
        {"cmd: 'tool *'", R"({"cmd":"tool "})", true},
        {R"(cmd: 'tool\*')", R"({"cmd":"toolbox"})", false},
        {R"(p: '\\\\nas\pub')", R"({"p":"\\\\nas\\pub"})", true},
        {R"(p|contains: 'D:\x\')", R"({"p":"open D:\\x\\y"})", true},
        {"p|contains: '*x*'", R"({"p":"x"})", true},
        {"n|startswith: '??c'", R"({"n":"abcd"})", true},
        {"a|contains|all: [x, y]", R"({"a":"y and x"})", true},
        {"a|contains|all: [x, y]", R"({"a":["y","x"]})", true},
        {"a|re: 'Err[0-9]'", R"({"a":"err7"})", false},
        {"a|re|i: 'Err[0-9]'", R"({"a":"err7"})", true},
        {"n|gte: 10", R"({"n":10})", true},
        {"n|gt: 1.5", R"({"n":2})", true},
        {"n|gt: 1", R"({"n":"abc"})", false},
        {"n|gt: 1", R"({"n":"2"})", true},
        {"ip|cidr: 172.16.0.0/12", R"({"ip":"172.32.0.1"})", false},
        {"u.name: x", R"({"u.name":"x","u":{"name":"y"}})", true},
        {"l: two", R"({"l":["one","TWO"]})", true},
        {"o.k: v", R"({"o":[{"k":"w"},{"k":"v"}]})", true},
        {"f|exists: false", "{}", true},
        {"f: null", R"({"f":null})", true},
        {"f|neq: a", R"({"f":"A"})", false},
        {"f|neq: [a, b]", R"({"f":"b"})", false},
        {"f|neq: [a, b]", R"({"f":"c"})", true},
        {"a|fieldref: b", R"({"a":"q"})", false},
        {"f|contains|windash: ' -x'", R"({"f":"t /x"})", true},
        {"f|base64offset|contains: 'secret'", R"({"f":"bXkgc2VjcmV0IGtleQ=="})", true},
    });
    const char* const two = "  sel: { a: 1 }\n  sel_x: { b: 1 }\n  _x: { c: 1 }\n  condition: ";
    EXPECT_FALSE(holds(rule(std::string(two) + "1 of sel_*\n"), R"({"a":1})"));
    EXPECT_FALSE(holds(rule(std::string(two) + "1 of them\n"), R"({"c":1})"));
    const char* const three = "  a: { a: 1 }\n  b: { b: 1 }\n  c: { c: 1 }\n  condition: ";
    EXPECT_TRUE(holds(rule(std::string(three) + "a or b and c\n"), R"({"a":1})"));
    EXPECT_TRUE(holds(rule(std::string(three) + "not a and b\n"), R"({"b":1})"));
}

TEST(Modifiers, CompareCaseExactlyWithCased) {
    check({
        {"f|cased: 'PROD'", R"({"f":"prod"})", false},
        {"f|cased: 'PROD'", R"({"f":"PROD"})", true},
        {"f|contains|cased: 'RO'", R"({"f":"PROD"})", true},
        {"f|cased|startswith: 'pr'", R"({"f":"PROD"})", false},
        {"f|cased: 'P?O*'", R"({"f":"PROD"})", true},
        {"f|cased: 'P?O*'", R"({"f":"pROD"})", false},
        {"a|fieldref|cased: b", R"({"a":"X","b":"x"})", false},
    });
}

TEST(Modifiers, EncodeBase64AndUtf16) {
    check({
        {"f|base64: 'foo'", R"({"f":"Zm9v"})", true},
        {"f|base64|contains: 'foo'", R"({"f":"xxZm9vxx"})", true},
        {"f|wide|base64: 'ab'", R"({"f":"YQBiAA=="})", true},
        {"f|utf16be|base64: 'ab'", R"({"f":"AGEAYg=="})", true},
        {"f|utf16|base64: 'a'", R"({"f":"//5hAA=="})", true},
        {"f|utf16le|base64offset|contains: 'ping'", R"({"f":"cABpAG4AZwA="})", true},
        {R"(f|base64: 'a\*')", R"({"f":"YSo="})", true},
    });
    for (const auto* entry :
         {"f|base64: 'a*'", "f|wide: a", "f|wide|contains: a", "f|base64|base64offset: a",
          "f|wide|utf16be|base64: a", "f|contains|base64: a"})
        (void)refused(selection(entry));
}

TEST(Modifiers, SwapDashesAtTheStartOfWords) {
    check({
        {"f|windash: '-x'", "{\"f\":\"\u2013x\"}", true},
        {"f|windash: '/x'", R"({"f":"-x"})", true},
        {"f|windash: 'a-b'", R"({"f":"a/b"})", false},
        {"f|windash|contains: ' -a -b'", "{\"f\":\"t /a \u2015b\"}", true},
        {"f|contains|windash|all: [' -a', ' -b']", R"({"f":"t /a -b"})", true},
        {"f|endswith|windash: ' -q'", R"({"f":"t /q"})", true},
        {"f|windash: '- x'", R"({"f":"/ x"})", false},
    });
    (void)refused(selection("f|windash: '-a -a -a -a -a -a -a -a -a'"));
}

TEST(Modifiers, CompareTwoFields) {
    check({
        {"a|fieldref: b", R"({"a":"Mona","b":"mona"})", true},
        {"a|fieldref: b", R"({"a":1,"b":"1.0"})", true},
        {"a|fieldref: b", R"({"a":"1","b":"1.0"})", false},
        {"a|fieldref|contains: b", R"({"a":"user mona!","b":"MONA"})", true},
        {"a|fieldref|startswith: b", R"({"a":"mona!","b":"MONA"})", true},
        {"a|endswith|fieldref: b", R"({"a":"mona!","b":"MONA"})", false},
        {"a|fieldref|neq: b", R"({"a":"x","b":"y"})", true},
        {"a|fieldref|neq: b", R"({"a":"x","b":"X"})", false},
        {"a|fieldref: b", R"({"a":["x","y"],"b":["z","y"]})", true},
    });
}

TEST(Modifiers, ExpandListsAsAProduct) {
    const policy::Lists lists = {{"ops", {"Face.*", "Read"}}, {"v", {"1", "2"}}, {"none", {}}};
    EXPECT_TRUE(holds(selection("f|expand: '%ops%'"), R"({"f":"face.identify"})", lists));
    EXPECT_TRUE(holds(selection("f|expand: '%ops%/%v%'"), R"({"f":"read/2"})", lists));
    EXPECT_FALSE(holds(selection("f|expand: '%ops%/%v%'"), R"({"f":"read/3"})", lists));
    EXPECT_TRUE(holds(selection("f|contains|expand: '%v%'"), R"({"f":"x2y"})", lists));
    EXPECT_TRUE(holds(selection("f|re|expand: '^%v%$'"), R"({"f":"2"})", lists));
    EXPECT_TRUE(holds(selection(R"(f|expand: 'a\%v\%')"), R"({"f":"a%v%"})", lists));
    EXPECT_FALSE(holds(selection("f|expand: '%none%'"), R"({"f":"x"})", lists));
    EXPECT_NE(refused(selection("f|expand: '%opps%'"), lists).find("did you mean 'ops'"),
              std::string::npos);
}

TEST(Modifiers, ReadPartsOfDates) {
    check({
        {"t|hour: 23", R"({"t":"2024-06-01T01:30:00+02:00"})", true},
        {"t|day: [30, 31]", R"({"t":"2024-06-01T01:30:00+02:00"})", true},
        {"t|minute: 30", R"({"t":"2024-06-01 01:30:00"})", true},
        {"t|month: 6", R"({"t":1717200000})", true},
        {"t|year: 2024", R"({"t":1717200000000})", true},
        {"t|week: 53", R"({"t":"2021-01-03T12:00:00Z"})", true},
        {"t|week: 1", R"({"t":"2021-01-04T00:00:00Z"})", true},
        {"t|week: 1", R"({"t":"2024-12-30T00:00:00Z"})", true},
        {"t|hour: 1", R"({"t":"soon"})", false},
    });
    (void)refused(selection("t|hour|gte: 5"));
    (void)refused(selection("t|hour: noon"));
    for (const auto* entry : {"t|minute: 60", "t|hour: 24", "t|hour: -1", "t|hour: 1.5", "t|day: 0",
                              "t|day: 32", "t|week: 54", "t|month: 13", "t|year: 0"})
        EXPECT_NE(refused(selection(entry)).find("is a whole number from"), std::string::npos)
            << entry;
    for (const auto* entry : {"t|minute: 59", "t|hour: 0", "t|hour: 23.0", "t|day: 31",
                              "t|week: 53", "t|month: 12", "t|year: 9999"})
        EXPECT_TRUE(test::load(selection(entry))) << entry;
}

TEST(Modifiers, MatchNetworks) {
    check({
        {"ip|cidr: [10.0.0.0/8, '2001:db8::/32']", R"({"ip":"2001:DB8::1"})", true},
        {"ip|cidr: 10.0.0.1", R"({"ip":"10.0.0.1"})", true},
        {"ip|cidr: 10.0.0.0/8", R"({"ip":"10.1.1.1:80"})", false},
        {"ip|cidr: 10.0.0.0/8", R"({"ip":"iam.example.com"})", false},
        {"ip|cidr: 10.0.0.0/8", R"({"ip":"::ffff:10.0.0.1"})", false},
        {"ip|cidr|neq: 10.0.0.0/8", R"({"ip":"11.0.0.1"})", true},
    });
    (void)refused(selection("ip|cidr: 10.1.2.3/8"));
    (void)refused(selection("ip|cidr: hello"));
    (void)refused(selection("ip|cidr|contains: 10.0.0.0/8"));
}

TEST(Regex, SearchesWithTheFlagsGiven) {
    check({
        {"f|re: 'b+'", R"({"f":"abbc"})", true},
        {"f|re: '^b'", "{\"f\":\"a\\nb\"}", false},
        {"f|re|m: '^b'", "{\"f\":\"a\\nb\"}", true},
        {"f|re: 'a.b'", "{\"f\":\"a\\nb\"}", false},
        {"f|re|s: 'a.b'", "{\"f\":\"a\\nb\"}", true},
        {"f|re: 'a$'", "{\"f\":\"a\\n\"}", false},
        {"f|re|i|m: '^B'", "{\"f\":\"a\\nb\"}", true},
        {"f|re: '^4\\d+$'", R"({"f":404})", true},
        {"f|re: '[^]x]oo[0-9]{2}ba+r'", R"({"f":"foo12baar"})", true},
        {"f|re: 'foo?bar'", R"({"f":"fobar"})", true},
        {"f|re: 'abc|def'", R"({"f":"xdefx"})", true},
        {"f|re|contains: 'ell'", R"({"f":"hello"})", true},
        {"f|re|all: ['a', 'b']", R"({"f":"ba"})", true},
    });
    EXPECT_NE(refused(selection("f|re: '(?=a)'")).find("refused"), std::string::npos);
    (void)refused(selection("f|re: '(a{0,1000}){0,1000}'"));
    (void)refused(selection("f|re: '" + std::string(1025, 'a') + "'"));
    (void)refused(selection("f|i: a"));
    (void)refused(selection("f|contains|re: a"));
}

TEST(Regex, TakesTheLastByteItLooksAtForNoEnd) {
    const std::string longer = R"({"f":")" + std::string(4'097, 'a') + R"(b"})";
    for (const auto* entry : {"f|re: 'a$'", "f|re|m: 'a$'", "f|re: 'a\\b'", "f|re: '^a+$'"})
        EXPECT_FALSE(holds(selection(entry), longer)) << entry;
    const std::string whole = R"({"f":")" + std::string(4'096, 'a') + R"("})";
    for (const auto* entry : {"f|re: 'a$'", "f|re: '^a+$'", "f|re: 'a\\b'"})
        EXPECT_TRUE(holds(selection(entry), whole)) << entry;
    EXPECT_TRUE(holds(selection("f|re: '^a'"), longer));
    EXPECT_FALSE(holds(selection("f|re: 'b'"), longer)) << "beyond what is looked at";
}

TEST(Keywords, SearchTheWholeRecord) {
    const auto words = [](std::string_view list) {
        return rule("  keywords:\n" + std::string(list) + "  condition: keywords\n");
    };
    EXPECT_TRUE(holds(words("    - impossible travel\n"), R"({"a":{"b":["Impossible Travel!"]}})"));
    EXPECT_TRUE(holds(words("    - 404\n"), R"({"a":14045})"));
    EXPECT_FALSE(holds(words("    - name\n"), R"({"name":"x"})"));
    EXPECT_TRUE(holds(words("    - 'a*z'\n"), R"({"q":"x abcz y"})"));
    EXPECT_TRUE(holds(words("    '|all': [token, replay]\n"), R"({"a":"Replay","b":"token-x"})"));
    EXPECT_FALSE(holds(words("    '|all': [token, replay]\n"), R"({"a":"Replay"})"));
    EXPECT_TRUE(holds(words("    '|re': 'x[0-9]'\n"), R"({"a":"ax1"})"));
    EXPECT_TRUE(holds(words("    - one\n    - a: 1\n"), R"({"a":1})"));
    EXPECT_TRUE(holds(rule("  k: lonely\n  condition: k\n"), R"({"a":"so lonely"})"));
}

TEST(Detection, JoinsMapsAndLists) {
    const std::string maps = rule("  s:\n    - a: 1\n      b: 1\n    - c: 1\n  condition: s\n");
    EXPECT_TRUE(holds(maps, R"({"a":1,"b":1})"));
    EXPECT_TRUE(holds(maps, R"({"c":1})"));
    EXPECT_FALSE(holds(maps, R"({"a":1})"));
}

TEST(LogSource, ExcludesOnlyWhatDiffers) {
    const auto set = test::load(
        "title: a\nlogsource: { product: aws, service: CloudTrail }\ndetection:\n  s: { x: 1 }\n"
        "  condition: s\n---\ntitle: b\nlogsource: { category: api_call }\ndetection:\n"
        "  s: { x: 1 }\n  condition: s\n---\ntitle: c\nlogsource: { product: gcp }\ndetection:\n"
        "  s: { x: 1 }\n  condition: s\n");
    auto names = std::make_shared<call::Names>();
    set->want(*names);
    call::Batch batch(names);
    fake::append(batch, test::event(R"({"x":1})"));
    policy::Matcher matcher(set, names);
    std::vector<policy::PolicyIndex> out;
    matcher.match(batch[0], matcher.route({"AWS", "cloudtrail", "api_call"}), out);
    EXPECT_EQ(out, (std::vector<policy::PolicyIndex>{0, 1}));
    matcher.match(batch[0], matcher.route({"gcp", "", ""}), out);
    EXPECT_EQ(out, (std::vector<policy::PolicyIndex>{1, 2}));
    matcher.match(batch[0], matcher.route({}), out);
    EXPECT_EQ(out.size(), 3u);
    EXPECT_EQ(matcher.route({"gcp", "", ""}), matcher.route({"gcp", "", ""}));
}

}  // namespace
