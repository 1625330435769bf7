#include "decode/scrubber.hpp"

#include "decode/anchors.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace decode {
namespace {

constexpr std::string_view deployment_key = "a deployment key of tests";

std::string scrubbed(std::string_view text) {
    Scrubber scrubber(deployment_key);
    std::string out;
    scrubber.scrub(text, out);
    return out;
}

void expect_hidden(std::string_view before, std::string_view secret, std::string_view behind) {
    const std::string text = std::string(before) + std::string(secret) + std::string(behind);
    const std::string out = scrubbed(text);
    EXPECT_EQ(out, std::string(before) + "scrubbed:" + Scrubber(deployment_key).hash(secret) +
                       std::string(behind));
    EXPECT_EQ(scrubbed(out), out) << "a scrubbed text must stay as it is";
}

// Made up for these tests. Built from parts, so that no scanner takes this file for a leak.
const std::string api_key = std::string("sk-") + "proj0123456789abcdefABCDEF";
const std::string jwt = std::string("eyJ") + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl";

TEST(Scrubber, HidesKeysByTheirPrefix) {
    expect_hidden(R"({"note":"used )", api_key, R"( today"})");
    expect_hidden(R"({"t":")", jwt, R"("})");
    expect_hidden("x ", "cp_abcdefghij_" + std::string(52, 'a') + "_0123abcd", " y");
    expect_hidden("x ", std::string("ghp") + "_" + std::string(36, '7'), "");
    expect_hidden("x ", std::string("AIza") + std::string(35, '7'), "");
    expect_hidden(R"({"pat":")", std::string("github") + "_pat_" + std::string(40, '7'), R"("})");
}

TEST(Scrubber, HidesPrivateKeysOnly) {
    const std::string pem =
        std::string("-----BEGIN RSA ") + "PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY-----";
    expect_hidden(R"({"data":")", pem, R"(\n"})");
    const std::string open =
        R"({"c":"-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----"})";
    EXPECT_EQ(scrubbed(open), open);
}

TEST(Scrubber, HidesCredentialsOfTheAuthorizationHeader) {
    expect_hidden(R"({"ua":"curl Bearer )", "abcdef0123456789", R"("})");
    expect_hidden(R"({"h":"Basic )", "dXNlcjpwYXNz", R"("})");
    expect_hidden(R"({"authorization":")", "Negotiate whatever", R"("})");
    const std::string words = R"({"m":"Basic information, Bearer authentication"})";
    EXPECT_EQ(scrubbed(words), words);
}

TEST(Scrubber, HidesParametersOfUrls) {
    expect_hidden(R"({"url":"/v1?subscription-key=)", "0123456789abcdef0123", R"(&x=1"})");
    expect_hidden(R"({"url":"/v1?a=b&key=)", "0123456789abcdef0123", R"("})");
    expect_hidden(R"({"url":"/v1?api_key\u003d)", "0123456789abcdef", R"(\u0026x=1"})");
    expect_hidden("GET /b?sv=1&sig=", "aGVsbG8%3D", " HTTP/1.1");
}

TEST(Scrubber, HidesMembersThatAreNamedLikeSecrets) {
    expect_hidden(R"({"credentials":{"sessionToken":")", "FwoGZXIvYXdzEAo",
                  R"(","accessKeyId":"ASIAEXAMPLE"}})");
    expect_hidden(R"({"secretAccessKey" : ")", "wJalrXUtnFEMI/K7MDENG", R"("})");
    expect_hidden(R"({"b":"{\"password\":\")", "hunter2", R"(\",\"u\":\"v\"}"})");
    expect_hidden(R"({"password":")", R"(abc\\)", R"(","x":"y"})");
    expect_hidden(R"({"password":")", R"(a\"b)", R"(","x":"y"})");
    expect_hidden(R"({"Ocp-Apim-Subscription-Key":")", "short1", R"("})");
}

TEST(Scrubber, GivesTheSameHashHoweverJsonWritesTheSecret) {
    EXPECT_EQ(scrubbed(R"({"password":"a\/b"})"), scrubbed(R"({"password":"a/b"})"));
}

TEST(Scrubber, LeavesIdentifiersAndOrdinaryWordsAlone) {
    for (const char* text :
         {R"({"userIdentity":{"accessKeyId":"AKIAIOSFODNN7EXAMPLE"}})",
          R"({"requestParameters":{"key":"photos/2024/cat.jpg","nextToken":"abc"}})",
          R"({"tlsDetails":{"SignatureVersion":"SigV4"},"tokenIssuerType":"AzureAD"})",
          R"({"authorizationInfo":[{"granted":true}],"authorization":{"action":"x"}})",
          R"({"path":"/disk-0123456789abcdef0123456789"})", R"({"password":null,"token":5})",
          R"({"secret":""})", R"({"url":"/list?key=photos/2024/01/holiday-beach.jpg"})"}) {
        EXPECT_EQ(scrubbed(text), text);
    }
}

TEST(Scrubber, TurnsKeysOfCallersIntoTheirIdsWhereTheFormatSaysSo) {
    const std::vector<std::string> hash = {"key"};
    const std::vector<std::string> keep = {"api_key"};
    Scrubber scrubber(deployment_key);
    std::string out;
    const std::string value = "0123456789abcdef01234567";
    EXPECT_TRUE(scrubber.scrub(R"({"key":")" + value + R"("})", {.keep = {}, .hash = hash}, out));
    EXPECT_EQ(out, R"({"key":"kh_)" + scrubber.hash(value) + R"("})");
    out.clear();
    EXPECT_FALSE(scrubber.scrub(R"({"key":"key_1"})", {.keep = {}, .hash = hash}, out));
    out.clear();
    EXPECT_FALSE(
        scrubber.scrub(R"({"api_key":")" + value + R"("})", {.keep = keep, .hash = {}}, out));
}

TEST(Scrubber, HashesDifferWithTheDeployment) {
    EXPECT_EQ(Scrubber("one deployment key").hash("x").size(), 26u);
    EXPECT_NE(Scrubber("one deployment key").hash("x"), Scrubber("two deployment key").hash("x"));
}

TEST(Scrubber, WithoutAKeySaysNothingAboutTheSecret) {
    Scrubber scrubber;
    std::string out;
    EXPECT_TRUE(scrubber.scrub("x " + api_key, out));
    EXPECT_EQ(out, "x scrubbed");
}

TEST(Anchors, AreTheSameWhereverTheyStand) {
    // Every offset within the vector search and its rest.
    for (std::size_t before = 0; before < 70; ++before) {
        for (const std::size_t behind : {0u, 1u, 15u, 40u}) {
            const std::string text = std::string(before, '.') + "eyJ" + std::string(behind, '.');
            EXPECT_EQ(next_anchor(text, 0), before);
            EXPECT_EQ(next_anchor(text, before + 1), text.size());
        }
    }
}

TEST(Anchors, AreAllFoundAndNothingElseIs) {
    const std::vector<std::string> exact = {"eyJ", "---", "sk-", "sk_", "rk_", "cp_",
                                            "hf_", "SG.", "ghp", "gho", "ghu", "ghs",
                                            "ghr", "glp", "hub", "xox", "AIz"};
    const std::vector<std::string> any_case = {"ey=", "ey\"", "ey\\", "ig=", "re=", "oke",
                                               "ecr", "ssw",  "kie",  "hor", "rer", "sic"};
    const auto anchor = [&](std::string text) {
        if (std::ranges::find(exact, text) != exact.end()) return true;
        for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
        return std::ranges::find(any_case, text) != any_case.end();
    };
    const std::string bytes = "aceghijkoprstuwxyACEGHIKORSWXY_-.=\"\\ 1Jz\xc3";
    std::string text(40, ' ');
    for (const char a : bytes) {
        for (const char b : bytes) {
            for (const char c : bytes) {
                text.replace(20, 3, {a, b, c});
                ASSERT_EQ(next_anchor(text, 0), anchor({a, b, c}) ? 20 : text.size()) << text;
            }
        }
    }
}

TEST(Scrubber, FindsItsMarkWhereverItStands) {
    const std::string mark = "scrubbed:";
    for (std::size_t before = 0; before < 150; ++before) {
        for (const std::size_t behind : {0u, 1u, 30u, 70u}) {
            // Full of what the search stops at.
            std::string text;
            while (text.size() < before) text += "d:";
            text.resize(before);
            EXPECT_TRUE(has_scrubbed(text + mark + std::string(behind, 'd')));
            EXPECT_FALSE(has_scrubbed(text + mark.substr(1) + std::string(behind, 'd')));
            EXPECT_FALSE(has_scrubbed(text + mark.substr(0, 8) + std::string(behind, 'd')));
        }
    }
}

TEST(Scrubber, SurvivesAnyBytes) {
    std::mt19937 random(7);
    const std::string alphabet =
        "eyJ.sk-_\"\\:= BearBasic tokenpasswordkey{}%3du0026-----BEGIN PRIVATE";
    for (int round = 0; round < 20'000; ++round) {
        std::string text(random() % 80, ' ');
        for (char& c : text) c = alphabet[random() % alphabet.size()];
        const std::string once = scrubbed(text);
        ASSERT_EQ(once.empty(), text.empty());
    }
}

}  // namespace
}  // namespace decode
