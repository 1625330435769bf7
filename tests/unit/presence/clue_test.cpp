#include "presence/clue.hpp"

#include <gmock/gmock.h>

namespace presence {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string value(std::string_view text) {
    auto clue = parse_clue(text);
    return clue ? clue->value : "! " + clue.error().reason;
}

TEST(Clue, IsKeptInOneSpelling) {
    EXPECT_EQ(value("ip=::ffff:192.0.2.7"), "192.0.2.7");
    EXPECT_EQ(value("ip=2001:DB8:0:0::7"), "2001:db8::7");
    EXPECT_EQ(value("cidr= 192.0.2.0/24 "), "192.0.2.0/24");
    EXPECT_EQ(value("asn=AS64500"), "64500");
    EXPECT_EQ(value("domain=Orchard.Example."), "orchard.example");
    EXPECT_EQ(value("key-sha256=" + std::string(64, 'A')), std::string(64, 'a'));
    EXPECT_EQ(value("party= Orchard Analytics "), "Orchard Analytics");
}

TEST(Clue, SaysWhatItTakesInstead) {
    EXPECT_THAT(value("ip=192.0.2"), HasSubstr("one address, such as 192.0.2.7"));
    EXPECT_THAT(value("cidr=192.0.2.1/24"), HasSubstr("without host bits"));
    EXPECT_THAT(value("cidr=0.0.0.0/0"), HasSubstr("no wider than a /8"));
    EXPECT_THAT(value("asn=4294967296"), HasSubstr("from 1 to 4294967295"));
    EXPECT_THAT(value("asn=0"), HasSubstr("from 1"));
    EXPECT_THAT(value("domain=orchard"), HasSubstr("such as orchard.example"));
    EXPECT_THAT(value("key-sha256=12"), HasSubstr("64 hexadecimal digits"));
    EXPECT_THAT(value("key-suffix=9f2"), HasSubstr("at least 4 characters"));
    EXPECT_THAT(value("phone=1"), HasSubstr("the kinds are key, key-prefix"));
    EXPECT_THAT(value("orchard"), HasSubstr("KIND=VALUE"));
    EXPECT_THAT(value("party= "), HasSubstr("give a value"));
    EXPECT_THAT(value("party=" + std::string(longest_value + 1, 'x')), HasSubstr("at most 1024"));
    EXPECT_THAT(value("party=" + std::string(longest_value, 'x')), Not(HasSubstr("!")));
}

TEST(Clue, OfAKeyIsNeverWrittenWhole) {
    const auto key = parse_clue("key=sk-abcdefghijklmnop9f2c").value();
    EXPECT_EQ(masked(key), "sk-...9f2c");
    EXPECT_THAT(value("key=sk-abc def"), Not(HasSubstr("sk-abc")));
    EXPECT_EQ(masked(parse_clue("key=short").value()), "*****");
    EXPECT_THAT(masked(make_clue(Kind::text, "sk-secret").value()), Not(HasSubstr("secret")));
}

TEST(Clue, HasOneNameForEachKind) {
    for (int kind = 0; kind <= static_cast<int>(Kind::text); ++kind) {
        EXPECT_EQ(kind_of(name(static_cast<Kind>(kind))), static_cast<Kind>(kind));
    }
}

TEST(NameKey, MakesSpellingsOfOneNameEqualAndKeepsNamesApart) {
    EXPECT_EQ(name_key("Orchard Analytics Ltd"), name_key("  orchard  analytics, LTD. "));
    EXPECT_EQ(name_key("Orchard GmbH & Co. KG"), "orchard gmbh &");
    EXPECT_NE(name_key("Orchard Analytics"), name_key("Orchard Analytica"));
    EXPECT_NE(name_key("Orchard"), name_key("Orchards"));
    EXPECT_EQ(name_key("Ltd"), "ltd");
}

TEST(Text, GivesTheCluesThatStandInCode) {
    const auto clues = clues_in(R"(client = FaceClient("203.0.113.9")
        headers = {"Ocp-Apim-Subscription-Key": "abcdefghijkmnopqrstuvwxyz2346793"}
        User-Agent: "crowdview/2.1 python-requests/2.31"
        person_group_id = "plaza-north")",
                                0);
    std::vector<std::pair<Kind, std::string>> found;
    for (const Clue& clue : clues) found.emplace_back(clue.kind, clue.value);
    EXPECT_THAT(found, testing::UnorderedElementsAre(
                           testing::Pair(Kind::key, "abcdefghijkmnopqrstuvwxyz2346793"),
                           testing::Pair(Kind::address, "203.0.113.9"),
                           testing::Pair(Kind::user_agent, "crowdview/2.1 python-requests/2.31"),
                           testing::Pair(Kind::resource, "plaza-north")));
}

TEST(Text, TriesWhatLooksAlikeAndCountsTheSpellings) {
    const auto clues = clues_in("key: sk-abcdefghij0klmnopq1r", 3);
    ASSERT_EQ(clues.size(), 6U);  // as it stands; O for 0; l and I for 1; 1 and I for l
    for (const Clue& clue : clues) {
        EXPECT_EQ(clue.kind, Kind::key);
        EXPECT_EQ(clue.spellings, 6U);
        EXPECT_EQ(clue.from, 3U);
    }
    EXPECT_EQ(clues[1].value, "sk-abcdefghijOklmnopq1r");
    EXPECT_EQ(clues[2].value, "sk-abcdefghij0k1mnopq1r");
}

TEST(Text, ReadsAKeyThatTheScreenshotCutsOffAsItsBeginning) {
    const auto clues = clues_in("sk-abcdef...", 0);
    ASSERT_EQ(clues.size(), 1U);
    EXPECT_EQ(clues[0].kind, Kind::key_prefix);
    EXPECT_EQ(clues[0].value, "sk-abcdef");
}

TEST(Text, WithoutCluesGivesNone) {
    EXPECT_TRUE(clues_in("our partners: cloud vendor, camera maker", 0).empty());
}

}  // namespace
}  // namespace presence
