#include "origin/fingerprint.hpp"

#include "origin/ja4.hpp"

#include <gtest/gtest.h>

namespace origin {
namespace {

constexpr std::string_view ja4 = "t13d1516h2_8daaf6152771_02713d6af862";

struct Example {
    Client client = parse_client("PayrollBot/3.1 Boto3/1.34.2 Linux/5.10");
    Parts parts;

    Example() {
        parts.address = call::parse_address("203.0.113.77");
        parts.asn = 64500;
        parts.ja4 = ja4;
        parts.tls_version = "TLSv1.3";
        parts.client = &client;
    }
};

std::string token_of(Level level, const Parts& parts,
                     std::string_view key = "a fixed key for pinned tokens") {
    if (!has_token(level, parts)) return "none";
    const Token made = token(base::Mac(key), level, parts);
    return {made.data(), made.size()};
}

// These tokens are stored in databases: a change of any of them is a new version, of2.
TEST(Of1, TokensArePinned) {
    const Example example;
    EXPECT_EQ(token_of(Level::exact, example.parts), "of1:0:g2hhwaygwaz3hnnf5rdjciucri");
    EXPECT_EQ(token_of(Level::place, example.parts), "of1:1:agmxgz6strvfiuexzfk57n3kda");
    EXPECT_EQ(token_of(Level::kind, example.parts), "of1:2:i2nfsqi2nmmkh6tumlbckyeqle");
    EXPECT_EQ(token_of(Level::software, example.parts), "of1:3:nm7l6vkfre2r6i5wggi53nikwq");
    Parts sparse;
    sparse.address = call::parse_address("2001:db8::1");
    EXPECT_EQ(token_of(Level::exact, sparse), "of1:0:ud4asi2ox44epulrk3b72rhubm");
    EXPECT_EQ(token_of(Level::place, sparse), "of1:1:24rprtg3g7m25kqu2ahbrh2vpu");
    sparse.address.reset();
    sparse.place = "cloudtrail.amazonaws.com";
    EXPECT_EQ(token_of(Level::place, sparse), "of1:1:ydgdfa42ylmvzvrkptls4nizhi");
}

TEST(Of1, IsTheHmacOfTheDocumentedBytes) {
    const Example example;
    base::LengthPrefixed mask;
    mask.add(std::int64_t{0b111});
    base::LengthPrefixed fields;
    fields.add("64500").add("boto3").add("linux");
    const auto digest =
        base::hmac_sha256("a fixed key for pinned tokens", "of12" + mask.text() + fields.text());
    EXPECT_EQ(token_of(Level::kind, example.parts),
              "of1:2:" + base::base32(std::span(digest).first(16)));
}

TEST(Of1, ChangesWithTheKeyOfTheDeployment) {
    const Example example;
    EXPECT_NE(token_of(Level::exact, example.parts, "another key of a deployment"),
              token_of(Level::exact, example.parts));
}

TEST(Of1, SurvivesAMoveInsideTheNetworkAndAPatchRelease) {
    const Example example;
    Example moved;
    moved.parts.address = call::parse_address("203.0.113.9");
    moved.client = parse_client("PayrollBot/3.2 Boto3/1.35.0 Linux/5.15");
    EXPECT_NE(token_of(Level::exact, moved.parts), token_of(Level::exact, example.parts));
    for (const Level level : {Level::place, Level::kind, Level::software})
        EXPECT_EQ(token_of(level, moved.parts), token_of(level, example.parts));
}

TEST(Of1, SoftwareSurvivesAProxyAndPlaceDoesNot) {
    const Example example;
    Example proxied;
    proxied.parts.address = call::parse_address("198.51.100.1");
    proxied.parts.asn = 64999;
    EXPECT_EQ(token_of(Level::software, proxied.parts), token_of(Level::software, example.parts));
    EXPECT_NE(token_of(Level::place, proxied.parts), token_of(Level::place, example.parts));
    EXPECT_NE(token_of(Level::kind, proxied.parts), token_of(Level::kind, example.parts));
}

TEST(Of1, IgnoresTheCiphersBelowTheExactLevelAndSniAndAlpnEverywhereButThere) {
    const Example example;
    Example other;
    other.parts.ja4 = "t13i1516h1_aaaaaaaaaaaa_02713d6af862";
    EXPECT_NE(token_of(Level::exact, other.parts), token_of(Level::exact, example.parts));
    EXPECT_EQ(token_of(Level::place, other.parts), token_of(Level::place, example.parts));
    EXPECT_EQ(token_of(Level::software, other.parts), token_of(Level::software, example.parts));
}

TEST(Of1, NeverEqualsAnOriginWithOtherPartsPresent) {
    // A source that logs no TLS must not look like the one that does, nor an empty field like an
    // absent neighbour.
    const Example example;
    Example bare;
    bare.parts.ja4 = {};
    bare.parts.tls_version = {};
    for (const Level level : {Level::exact, Level::place, Level::software})
        EXPECT_NE(token_of(level, bare.parts), token_of(level, example.parts));
    Parts left;
    left.ja4 = ja4;
    Parts right;
    const Client client{
        .family = std::string(ja4), .version = {}, .platform = {}, .app = {}, .skeleton = {}};
    right.client = &client;
    EXPECT_NE(token_of(Level::software, left), token_of(Level::software, right));
}

TEST(Of1, TakesAnIpv6NetworkAs48BitsAndAnAddressAs64) {
    Example one;
    Example two;
    one.parts.address = call::parse_address("2001:db8:1:2::1");
    two.parts.address = call::parse_address("2001:db8:1:2:ffff::9");
    EXPECT_EQ(token_of(Level::exact, one.parts), token_of(Level::exact, two.parts));
    two.parts.address = call::parse_address("2001:db8:1:3::1");
    EXPECT_NE(token_of(Level::exact, one.parts), token_of(Level::exact, two.parts));
    EXPECT_EQ(token_of(Level::place, one.parts), token_of(Level::place, two.parts));
}

TEST(Of1, HasNoLevelWithoutWhatTheLevelIsAbout) {
    const Client client = parse_client("curl/8.4");
    Parts software_only;
    software_only.client = &client;
    EXPECT_EQ(token_of(Level::exact, software_only), "none");
    EXPECT_EQ(token_of(Level::place, software_only), "none");
    EXPECT_EQ(token_of(Level::kind, software_only), "none");
    EXPECT_NE(token_of(Level::software, software_only), "none");
    Parts place_only;
    place_only.address = call::parse_address("10.0.0.1");
    EXPECT_NE(token_of(Level::place, place_only), "none");
    EXPECT_EQ(token_of(Level::software, place_only), "none");
}

TEST(Of1, TellsAgentsOfNoGrammarApartByTheirShape) {
    const Client one = parse_client("{a: 1}");
    const Client two = parse_client("<a 1>");
    Parts left;
    left.client = &one;
    Parts right;
    right.client = &two;
    EXPECT_NE(token_of(Level::software, left), token_of(Level::software, right));
}

TEST(Ja4, HasThreePartsOrIsNone) {
    const auto parsed = parse_ja4(ja4);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->a, "t13d1516h2");
    EXPECT_EQ(parsed->b, "8daaf6152771");
    EXPECT_EQ(parsed->c, "02713d6af862");
    EXPECT_EQ(stable_part(*parsed), "t131516");
    for (const char* bad :
         {"", "t13d1516h2", "t13d1516h2_8daaf6152771_02713d6af86",
          "x13d1516h2_8daaf6152771_02713d6af862", "t13d1516h2_8DAAF6152771_02713d6af862",
          "t13d15x6h2_8daaf6152771_02713d6af862", "t13d1516h2-8daaf6152771-02713d6af862"}) {
        EXPECT_FALSE(parse_ja4(bad)) << bad;
    }
}

}  // namespace
}  // namespace origin
