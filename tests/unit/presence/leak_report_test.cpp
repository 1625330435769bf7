#include "presence/leak_report.hpp"

#include "base/digest.hpp"

#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace presence {
namespace {

namespace json = boost::json;

constexpr std::string_view key = "sk-live-Qx7mZr2TbW9kLp4VnHs8YcDf";

std::string report(std::string_view url, std::string_view source = "Content",
                   std::string_view token = key) {
    return json::serialize(json::array{
        {{"token", token}, {"type", "acme_api_key"}, {"url", url}, {"source", source}}});
}

std::string place(std::string_view url, std::string_view source = "Content") {
    const auto tokens = read_leak_report(report(url, source));
    EXPECT_TRUE(tokens) << tokens.error().reason;
    return tokens->front().place;
}

std::string tokens(std::size_t count) {
    json::array out;
    for (std::size_t i = 0; i < count; ++i) out.push_back({{"token", std::to_string(i)}});
    return json::serialize(out);
}

TEST(LeakReport, ReadsWhatTheProtocolHas) {
    const auto read = read_leak_report(report("https://code.example/o/r/blob/1f/a.py#L7"));
    ASSERT_TRUE(read) << read.error().reason;
    EXPECT_EQ(
        *read,
        (std::vector<FoundToken>{{.token = std::string(key),
                                  .type = "acme_api_key",
                                  .place = "content https://code.example/o/r/blob/1f/a.py#L7"}}));
    EXPECT_EQ(read_leak_report("[]")->size(), 0U);
    const auto bare = read_leak_report(R"([{"token":"x","url":null,"more":{"a":[1]}}])");
    ASSERT_TRUE(bare) << "an empty url is allowed, and the protocol may grow";
    EXPECT_EQ(bare->front().place, "unknown");
}

TEST(LeakReport, RefusesWhatIsNoneWithoutQuotingIt) {
    for (const std::string_view body :
         {"", "{}", "null", "[1]", "[[]]", R"([{"type":"t"}])", R"([{"token":""}])",
          R"([{"token":7}])", R"([{"token":"sk-secret","url":7}])", "[{\"token\":\"sk-secret\"",
          "[{\"token\":\"sk-secret\xff\"}]"}) {
        const auto read = read_leak_report(body);
        ASSERT_FALSE(read) << body;
        EXPECT_EQ(read.error().fault, base::Fault::invalid);
        EXPECT_FALSE(read.error().reason.contains("secret"));
    }
}

TEST(LeakReport, TakesAThousandTokensAndNotOneMore) {
    EXPECT_EQ(read_leak_report(tokens(most_found_tokens))->size(), most_found_tokens);
    const auto more = read_leak_report(tokens(most_found_tokens + 1));
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().fault, base::Fault::exhausted);
}

TEST(LeakReport, KeepsNoTokenInAPlace) {
    EXPECT_EQ(place("https://a.example/x?key=" + std::string(key)), "content https://a.example/x");
    EXPECT_EQ(place("https://u:" + std::string(key) + "@a.example/x"),
              "content https://a.example/x");
    EXPECT_EQ(place("https://a.example/x/" + std::string(key)), "content https://a.example/...");
    EXPECT_EQ(place("https://a.example/x#" + std::string(key)), "content https://a.example/...");
    EXPECT_EQ(place("https://" + std::string(key) + "/x"), "content");
    std::string encoded, twice;
    for (const char c : key) {
        const std::string hex = base::hex(std::array{static_cast<std::uint8_t>(c)});
        encoded += "%" + hex;
        twice += "%25" + hex;
    }
    EXPECT_EQ(place("https://a.example/" + encoded), "content https://a.example/...");
    EXPECT_EQ(place("https://a.example/" + twice), "content https://a.example/...");
    EXPECT_EQ(place("https://a.example/x", key), "unknown https://a.example/x");
    // One token's place may quote another one.
    const auto both = read_leak_report(json::serialize(json::array{
        {{"token", "some-other-token"}, {"url", "https://a.example/" + std::string(key)}},
        {{"token", key}}}));
    EXPECT_EQ(both->front().place, "unknown https://a.example/...");
}

TEST(LeakReport, ShowsOnlyWebAddressesOfABoundedLength) {
    EXPECT_EQ(place(""), "content");
    EXPECT_EQ(place("javascript:alert(1)"), "content");
    EXPECT_EQ(place("https://a.example/a b"), "content");
    EXPECT_EQ(place("https://a.example/\x1b[31m"), "content");
    EXPECT_EQ(place("https:///x"), "content");
    EXPECT_EQ(place("https://a.example/%zz%4"), "content https://a.example/%zz%4");
    EXPECT_LE(place("https://a.example/" + std::string(5'000, 'x')).size(), 1'100U);
    EXPECT_EQ(place("https://a.example/", "Pull_request_comment"),
              "pull_request_comment https://a.example/");
    EXPECT_EQ(place("https://a.example/", "no word"), "unknown https://a.example/");
}

TEST(LeakReport, AnswersByHashAndNeverWithTheToken) {
    std::vector<FoundToken> found = *read_leak_report(report("https://a.example/"));
    found.push_back({.token = "another", .type = "t", .place = {}, .ours = false});
    found.push_back({.token = "cannot be judged", .type = "t", .place = {}});
    found.front().ours = true;
    const std::string text = feedback(found);
    EXPECT_FALSE(text.contains(key));
    EXPECT_EQ(json::parse(text),
              (json::value{{{"token_hash", base::base64(base::sha256(key))},
                            {"token_type", "acme_api_key"},
                            {"label", "true_positive"}},
                           {{"token_hash", base::base64(base::sha256("another"))},
                            {"token_type", "t"},
                            {"label", "false_positive"}}}));
    wipe(found);
    EXPECT_EQ(found.front().token, "");
}

TEST(LeakReport, HasOneCaseForTheSameKeysAtTheSamePlaces) {
    const std::string one = leak_case({"k1", "k2"}, {"a", "b"});
    EXPECT_EQ(one.size(), 21U);
    EXPECT_TRUE(one.starts_with("leak:"));
    EXPECT_EQ(leak_case({"k2", "k1"}, {"b", "a", "b"}), one);
    EXPECT_NE(leak_case({"k1", "k2"}, {"a"}), one);
    EXPECT_NE(leak_case({"k1"}, {"k2", "a", "b"}), one);
}

TEST(LeakReport, AsksAboutTheKeyAlone) {
    const auto newest = base::event_time(1'767'225'600'000'000);
    const Question question = leak_question(key, "leak:x", "reporter:host", newest);
    ASSERT_EQ(question.clues.size(), 1U);
    EXPECT_EQ(question.clues.front().kind, Kind::key);
    EXPECT_FALSE(masked(question.clues.front()).contains(key));
    EXPECT_EQ(question.to, newest);
    EXPECT_EQ(question.to - question.from, std::chrono::days(30));
    const std::string longer(longest_value + 1, 'k');
    EXPECT_EQ(leak_question(longer, "leak:x", "h", newest).clues.front().value,
              base::hex(base::sha256(longer)));
}

}  // namespace
}  // namespace presence
