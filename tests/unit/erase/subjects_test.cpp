#include "erase/subjects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace erase {
namespace {

using testing::HasSubstr;

std::string erased(const std::string& value, std::string text) {
    const auto subject = Subject::make(value, "X");
    EXPECT_TRUE(subject) << value;
    if (subject) subject->replace(text);
    return text;
}

TEST(Subject, ReplacesANameWhereItIsWhole) {
    EXPECT_EQ(erased("bob", "bob"), "X");
    EXPECT_EQ(erased("bob", R"({"user":"bob","by":"bob"})"), R"({"user":"X","by":"X"})");
    EXPECT_EQ(erased("bob", "arn:aws:iam::1:user/bob:session"), "arn:aws:iam::1:user/X:session");
    EXPECT_EQ(erased("bob", "It was bob. Or bob, or (bob)."), "It was X. Or X, or (X).");
    EXPECT_EQ(erased("bob@x.example", "mailto:bob@x.example."), "mailto:X.");
    EXPECT_EQ(erased("CORP\\bob", "as CORP\\bob"), "as X");
}

TEST(Subject, LeavesOthersWhoseNamesHaveItInThem) {
    for (const std::string text :
         {"bobby", "bob-2", "2-bob", "bob_x", "bob@x.example", "bob.smith", "j.bob", "Bob", "bo",
          "\xc3\xa9"
          "bob",
          "bob\xc3\xa9"})
        EXPECT_EQ(erased("bob", text), text);
    for (const std::string text : {"acme-labs", "acme.example", "my-acme"})
        EXPECT_EQ(erased("acme", text), text);
}

TEST(Subject, KnowsPunctuationOfOtherScripts) {
    EXPECT_EQ(erased("bob",
                     "\xe2\x80\x9c"
                     "bob\xe2\x80\x9d"),
              "\xe2\x80\x9cX\xe2\x80\x9d");
    EXPECT_EQ(erased("bob", "bob\xe3\x80\x82"), "X\xe3\x80\x82");
}

TEST(Subject, ReplacesWhatJsonEscapes) {
    EXPECT_EQ(erased("bob@x.example", R"("bob\u0040x.example")"), R"("X")");
    EXPECT_EQ(erased("bob", R"("\u0062ob")"), R"("X")");
    EXPECT_EQ(erased("user/bob", R"("user\/bob")"), R"("X")");
    EXPECT_EQ(erased("CORP\\bob", R"("CORP\\bob")"), R"("X")");
    EXPECT_EQ(erased("Zo\xc3\xab K", R"("Zo\u00eb K")"), R"("X")");
    EXPECT_EQ(erased("a\xf0\x9f\x98\x80"
                     "b",
                     R"("a\ud83d\ude00b")"),
              R"("X")");
    // An escape before or behind it is a character like any other.
    EXPECT_EQ(erased("bob", R"("hello\nbob\tagain")"), R"("hello\nX\tagain")");
    EXPECT_EQ(erased("bob", R"("\u002fbob\u002f")"), R"("\u002fX\u002f")");
    EXPECT_EQ(erased("bob", R"("\u0061bob")"), R"("\u0061bob")");
    EXPECT_EQ(erased("bob", R"("bob\u0061")"), R"("bob\u0061")");
    EXPECT_EQ(erased("bob", R"("\\nbob")"), R"("\\nbob")");
}

TEST(Subject, ReplacesWhatIsPercentEncoded) {
    EXPECT_EQ(erased("bob@x.example", "/q?u=bob%40x.example&v"), "/q?u=X&v");
    EXPECT_EQ(erased("user/bob", "/q/user%2fbob"), "/q/X");
    EXPECT_EQ(erased("bob", "a%2Fbob%2Fb"), "a%2FX%2Fb");
    EXPECT_EQ(erased("bob", "a%61bob"), "a%61bob");
    // The first is joined to a byte that is encoded, until the second is gone.
    EXPECT_EQ(erased("8888", "8888%8888"), "0%0");
}

TEST(Subject, PutsANumberInANumbersPlace) {
    EXPECT_EQ(
        erased("123456789012", R"({"account":123456789012,"arn":"arn:aws:iam::123456789012:u"})"),
        R"({"account":0,"arn":"arn:aws:iam::0:u"})");
    EXPECT_EQ(erased("1234", "[12345, 1.1234, 1234.5, 1234]"), "[12345, 1.1234, 1234.5, 0]");
}

TEST(Subject, PutsAnAddressInAnAddressesPlace) {
    EXPECT_EQ(erased("203.0.113.7", R"({"ip":"203.0.113.7"})"), R"({"ip":"0.0.0.0"})");
    EXPECT_EQ(erased("203.0.113.7", "203.0.113.7:443, 203.0.113.70, 1203.0.113.7, 203.0.113.7.9"),
              "0.0.0.0:443, 203.0.113.70, 1203.0.113.7, 203.0.113.7.9");
    EXPECT_EQ(erased("203.0.113.7", "::ffff:203.0.113.7"), "::ffff:0.0.0.0");
    EXPECT_EQ(erased("203.0.113.7", "From 203.0.113.7."), "From 0.0.0.0.");
}

TEST(Subject, FindsAnAddressOfVersion6InAnySpelling) {
    const std::string value = "2001:db8::1";
    EXPECT_EQ(erased(value, R"("2001:DB8:0:0:0:0:0:1")"), R"("::")");
    EXPECT_EQ(erased(value, "[2001:db8::1]:443 addr:2001:db8::1."), "[::]:443 addr:::.");
    EXPECT_EQ(erased(value, "2001:db8::1%eth0"), "::%eth0");
    for (const std::string text : {"2001:db8::12", "2001:db8::1:2", "std::abc", "a::", "12:30:45"})
        EXPECT_EQ(erased(value, text), text);
    EXPECT_EQ(erased("2001:DB8::0:1", "2001:db8::1"), "::") << "the value in another spelling";
}

TEST(Subject, RefusesWhatIsNoValue) {
    const auto why = [](const std::string& value) {
        const auto made = Subject::make(value, "X");
        return made ? "" : made.error().reason;
    };
    EXPECT_THAT(why("ab"), HasSubstr("3 to 256 bytes, not 2"));
    EXPECT_EQ(why("abc"), "");
    EXPECT_EQ(why(std::string(256, 'a')), "");
    EXPECT_THAT(why(std::string(257, 'a')), HasSubstr("not 257"));
    EXPECT_THAT(why("a\nb"), HasSubstr("control characters"));
    EXPECT_THAT(why("a\xff"
                    "b"),
                HasSubstr("is text"));
    EXPECT_THAT(why(" bob"), HasSubstr("no blanks"));
    EXPECT_THAT(why("0.0.0.0"), HasSubstr("names nobody"));
    EXPECT_THAT(why("0:0:0:0:0:0:0:0"), HasSubstr("names nobody"));
}

TEST(Subject, IsFoundOnlyWhereANeedleIs) {
    std::mt19937 random(7);
    const std::vector<std::string> pieces{
        "bob@x", "%40", "\\u0040", "bob",   "@",   "x", "\\/", "/",
        "\"",    " ",   "::1",     "2001:", "db8", ":", "0",   "."};
    for (const std::string value : {"bob@x", "bob/x", "2001:db8::1", "::1", "bob"}) {
        const auto subject = Subject::make(value, "X");
        for (int i = 0; i < 20'000; ++i) {
            std::string text;
            for (int n = 0; n < 5; ++n) text += pieces[random() % pieces.size()];
            const bool likely = std::ranges::any_of(subject->needles(), [&](const auto& needle) {
                return text.find(needle) != std::string::npos;
            });
            EXPECT_TRUE(likely || !subject->in(text)) << value << " in " << text;
        }
    }
}

TEST(Subject, IsNowhereAfterItWasReplaced) {
    std::mt19937 random(11);
    const std::vector<std::string> pieces{"bob", "bob", "\\u0062ob", "%2F", "\\n", "-", " ",
                                          ".",   "/",   "@",         "\\",  "u",   "n", "%"};
    const auto subject = Subject::make("bob", "erased-x");
    for (int i = 0; i < 50'000; ++i) {
        std::string text;
        for (int n = 0; n < 7; ++n) text += pieces[random() % pieces.size()];
        const std::string before = text;
        const bool there = subject->in(text);
        EXPECT_EQ(subject->replace(text) > 0, there);
        EXPECT_FALSE(subject->in(text)) << before << " became " << text;
    }
}

TEST(Subjects, ReplacesTheLongerFirst) {
    const auto subjects = Subjects::make({"bob", "user/bob", "203.0.113.7"}, "k7");
    ASSERT_TRUE(subjects);
    std::string text = "user/bob, bob, 203.0.113.7";
    EXPECT_EQ(subjects->replace(text), 3u);
    EXPECT_EQ(text, "erased-k7-2, erased-k7, 0.0.0.0");
    EXPECT_FALSE(subjects->in(text));
}

TEST(Subjects, RefusesNoneTooManyAndTwice) {
    EXPECT_FALSE(Subjects::make({}, "k"));
    std::vector<std::string> many;
    for (std::size_t i = 0; i < Subjects::most; ++i) many.push_back("name" + std::to_string(i));
    EXPECT_TRUE(Subjects::make(many, "k"));
    many.emplace_back("another");
    EXPECT_FALSE(Subjects::make(many, "k"));
    EXPECT_FALSE(Subjects::make({"2001:db8::1", "2001:DB8::1"}, "k"));
}

}  // namespace
}  // namespace erase
