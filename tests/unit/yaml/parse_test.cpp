#include "yaml/parse.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using yaml::Limits;
using yaml::Node;
using yaml::parse;

Node one(std::string_view text, Limits limits = {}) {
    const auto documents = parse(text, limits);
    EXPECT_TRUE(documents) << (documents ? "" : documents.error().what) << "\n" << text;
    return documents && !documents->empty() ? documents->front() : Node();
}

yaml::Problem refused(std::string_view text, Limits limits = {}) {
    const auto documents = parse(text, limits);
    EXPECT_FALSE(documents) << "taken: " << text;
    return documents ? yaml::Problem{} : documents.error();
}

TEST(Parse, KeepsOrderMarksAndKinds) {
    const Node root = one("b: 1\na:\n  - x\n  - ''\n  -\n");
    ASSERT_TRUE(root.is_map());
    ASSERT_EQ(root.entries().size(), 2u);
    EXPECT_EQ(root.entries()[0].key, "b");
    EXPECT_EQ(root.entries()[1].key_mark.line, 2u);
    EXPECT_EQ(root.entries()[1].key_mark.column, 1u);
    const Node& list = *root.find("a");
    ASSERT_EQ(list.items().size(), 3u);
    EXPECT_EQ(list.items()[0].mark().line, 3u);
    EXPECT_EQ(list.items()[0].mark().column, 5u);
    EXPECT_TRUE(list.items()[1].is_scalar());
    EXPECT_TRUE(list.items()[1].quoted());
    EXPECT_TRUE(list.items()[2].is_null());
    EXPECT_EQ(root.find("c"), nullptr);
}

TEST(Parse, TypesScalarsByTheCoreSchema) {
    for (const auto* text : {"true", "True", "TRUE"}) EXPECT_EQ(one(text).as_bool(), true) << text;
    EXPECT_EQ(one("FALSE").as_bool(), false);
    for (const auto* text : {"yes", "no", "on", "off", "NO", "y"}) {
        EXPECT_FALSE(one(text).as_bool()) << text;
        EXPECT_TRUE(one(text).is_text()) << text;
    }
    for (const auto* text : {"~", "null", "Null", "NULL"}) EXPECT_TRUE(one(text).is_null()) << text;
    EXPECT_TRUE(one("'null'").is_text());
    EXPECT_EQ(one("017").as_int(), 17);
    EXPECT_EQ(one("0o17").as_int(), 15);
    EXPECT_EQ(one("0x1F").as_int(), 31);
    EXPECT_EQ(one("-3").as_int(), -3);
    EXPECT_EQ(one("+3").as_int(), 3);
    EXPECT_EQ(one("18446744073709551615").as_unsigned(), 18446744073709551615u);
    EXPECT_FALSE(one("18446744073709551615").as_int());
    EXPECT_TRUE(one("18446744073709551616").looks_integer());
    EXPECT_FALSE(one("18446744073709551616").as_unsigned());
    EXPECT_EQ(one("1.10").as_double(), 1.1);
    EXPECT_EQ(one("1e3").as_double(), 1000.0);
    EXPECT_FALSE(one(".inf").as_double());
    EXPECT_FALSE(one("1e999").as_double());
    for (const auto* text : {"12:30", "190:20:30", "2024-01-01", "1_000", "0b11", "1.2.3", "-"})
        EXPECT_TRUE(one(std::string("a: ") + (text[0] == '-' ? "'-'" : text)).find("a")->is_text())
            << text;
    EXPECT_TRUE(one("'12'").is_text());
    EXPECT_FALSE(one("'12'").as_int());
}

TEST(Parse, ReadsManyDocumentsOnlyWhereAllowed) {
    const std::string text = "a: 1\n---\n---\nb: 2\n";
    EXPECT_EQ(refused(text).what.substr(0, 17), "a second document");
    const auto documents = parse(text, {.many_documents = true});
    ASSERT_TRUE(documents);
    ASSERT_EQ(documents->size(), 3u);
    EXPECT_TRUE((*documents)[1].is_null());
    EXPECT_EQ((*documents)[2].entries()[0].key_mark.line, 4u);
}

TEST(Parse, FindsNothingInCommentsAlone) {
    const auto documents = parse("# nothing\n", {});
    ASSERT_TRUE(documents);
    EXPECT_TRUE(documents->empty() || documents->front().is_null());
}

TEST(Parse, RefusesAnchorsAliasesTagsAndMergeKeys) {
    EXPECT_EQ(refused("a: &x 1").mark.line, 1u);
    (void)refused("a: &x [1]\nb: *x");
    (void)refused("&x [*x]");
    (void)refused("a: !!str 1");
    (void)refused("a: !thing {b: 1}");
    (void)refused("a: {<<: {b: 1}}");
}

TEST(Parse, ExpandsAliasesUnderTheCaps) {
    const Limits limits{.nodes = 100, .aliases = true};
    const Node root = one("a: &x [1, 2]\nb: *x\n", limits);
    ASSERT_EQ(root.find("b")->items().size(), 2u);
    EXPECT_EQ(root.find("b")->items()[1].as_int(), 2);
    std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
    for (int i = 1; i < 9; ++i) {
        const auto n = std::to_string(i), p = "*a" + std::to_string(i - 1);
        bomb += "a" + n + ": &a" + n + " [" + p + "," + p + "," + p + "," + p + "]\n";
    }
    EXPECT_NE(refused(bomb, limits).what.find("more than 100 values"), std::string::npos);
    EXPECT_NE(refused("&x [*x]", limits).what.find("inside"), std::string::npos);
    EXPECT_NE(refused("a: &a {b: *a}", limits).what.find("inside"), std::string::npos);
    EXPECT_EQ(refused("a: &a [[[[]]]]\nb: [*a]", {.depth = 5, .aliases = true}).mark.line, 2u);
}

TEST(Parse, RefusesDuplicateAndOddKeys) {
    const auto duplicate = refused("a: 1\nb: 2\na: 3\n");
    EXPECT_EQ(duplicate.mark.line, 3u);
    EXPECT_NE(duplicate.what.find("'a'"), std::string::npos);
    (void)refused("? [a]\n: 1\n");
    (void)refused("? {a: 1}\n: 1\n");
    (void)refused(": 1\n");
    (void)refused(std::string(2000, 'k') + ": 1");
    EXPECT_EQ(one("'': 1").entries()[0].key, "");
}

TEST(Parse, RefusesDepthNodesAndSize) {
    (void)refused(std::string(100'000, '['));
    (void)refused(std::string(51, '[') + std::string(51, ']'));
    (void)one(std::string(50, '[') + std::string(50, ']'));
    (void)refused(std::string(1000, ' '), {.bytes = 999});
    (void)refused("[a,b,c]", {.nodes = 3});
    (void)one("[a,b]", {.nodes = 3});
}

TEST(Parse, RefusesWhatIsNotUtf8Text) {
    EXPECT_EQ(refused("a: 1\nb: \xff").mark.line, 2u);
    (void)refused(std::string("a: x\0y", 6));
    (void)refused(
        "\xff\xfe"
        "a\0:\0");
    (void)refused("a: \"x\x1b\"");
    EXPECT_EQ(one("\xef\xbb\xbf"
                  "a: 1")
                  .find("a")
                  ->as_int(),
              1);
}

TEST(Parse, RefusesUnknownDirectives) {
    (void)refused("%FOO bar\n---\na: 1\n");
    (void)refused("%TAG ! tag:x,2000:\n---\na: 1\n");
    EXPECT_EQ(one("%YAML 1.2\n---\na: 1\n").find("a")->as_int(), 1);
    EXPECT_EQ(one("a: |\n  x\n  %y\n").find("a")->text(), "x\n%y\n");
}

TEST(Parse, SaysWhereYamlIsBroken) {
    EXPECT_EQ(refused("a:\n\tb: 1\n").mark.line, 2u);
    (void)refused("a: [1, 2");
    (void)refused("a: 'x");
    (void)refused("a: b: c");
}

TEST(Parse, RefusesWhatDoesNotContinueADocument) {
    const Limits many{.many_documents = true};
    EXPECT_EQ(refused("foo:\n  bar\ninvalid\n", many).mark.line, 3u);
    EXPECT_EQ(refused("a: [1]\n]\n", many).mark.line, 2u);
    EXPECT_EQ(parse("a: 1\n...\nb: 2\n", many)->size(), 2u);
    EXPECT_EQ(parse("a: 1\n--- \nb: 2\n--- # c\nc: 3\n", many)->size(), 3u);
}

TEST(Parse, KeepsBackslashesInSingleQuotes) {
    EXPECT_EQ(one(R"(a: 'x\\*\')").find("a")->text(), R"(x\\*\)");
    EXPECT_EQ(one(R"(a: "x\\*")").find("a")->text(), R"(x\*)");
}

}  // namespace
