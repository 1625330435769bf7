#include "api/reporter_keys.hpp"

#include "api/code_host.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace api {
namespace {

using api_test::CodeHost;
using api_test::keys_file;

constexpr std::string_view body =
    R"([{"token":"sk-live-1","type":"t","url":"","source":"commit"}])";

std::string problem(std::string_view text) {
    const auto keys = ReporterKeys::parse(text);
    return keys ? "" : keys.error().reason;
}

TEST(ReporterKeys, TakesWhatOneOfItsKeysSigned) {
    const std::vector<CodeHost> hosts = {CodeHost("old"), CodeHost("new")};
    const auto keys = ReporterKeys::parse(keys_file(hosts));
    ASSERT_TRUE(keys) << keys.error().reason;
    EXPECT_EQ(keys->size(), 2U);
    for (const CodeHost& host : hosts) {
        EXPECT_TRUE(keys->knows(host.identifier));
        EXPECT_TRUE(keys->signed_by(host.identifier, host.sign(body), body));
    }
    EXPECT_FALSE(keys->signed_by("old", hosts[1].sign(body), body)) << "another's signature";
    EXPECT_FALSE(keys->signed_by("other", hosts[1].sign(body), body));
    EXPECT_FALSE(keys->knows("other"));
    EXPECT_FALSE(keys->knows(""));
}

TEST(ReporterKeys, RefusesEveryChangeOfASignature) {
    const std::vector<CodeHost> hosts = {CodeHost("host")};
    const auto keys = *ReporterKeys::parse(keys_file(hosts));
    const std::string signature = hosts[0].sign(body);
    std::string der;
    ASSERT_TRUE(base::from_base64(signature, der));
    for (std::size_t bit = 0; bit < der.size() * 8; ++bit) {
        std::string other = der;
        other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << (bit % 8)));
        const auto text =
            base::base64({reinterpret_cast<const std::uint8_t*>(other.data()), other.size()});
        EXPECT_FALSE(keys.signed_by("host", text, body)) << bit;
    }
    for (const std::string& wrong :
         {std::string(), std::string("no base64!"), signature + "AAAA", "AAAA" + signature,
          signature.substr(4), std::string(1'000'000, 'A')}) {
        EXPECT_FALSE(keys.signed_by("host", wrong, body));
    }
}

TEST(ReporterKeys, SaysWhichEntryOfTheFileIsWrong) {
    const std::vector<CodeHost> hosts = {CodeHost("good"), CodeHost("wide", "P-384")};
    EXPECT_EQ(problem(keys_file(hosts)),
              "public_keys[1]: key wide is no key on the curve P-256; write it as the code host "
              "publishes it");
    const std::vector<CodeHost> twice = {CodeHost("same"), CodeHost("same")};
    EXPECT_EQ(problem(keys_file(twice)), "public_keys[1]: key_identifier is there twice");
    const std::vector<CodeHost> unnamed = {CodeHost("")};
    EXPECT_EQ(problem(keys_file(unnamed)),
              "public_keys[0]: write key_identifier and key, both text");
    EXPECT_TRUE(problem(R"({"public_keys":[{"key_identifier":"a","key":"nonsense"}]})")
                    .contains("is no public key in PEM"));
    for (const auto text : {"", "[]", "{}", R"({"public_keys":[]})", R"({"public_keys":{}})"})
        EXPECT_TRUE(problem(text).contains("a list of one to 100 keys")) << text;
    EXPECT_TRUE(problem(R"({"public_keys":[7]})").contains("public_keys[0]"));
    const std::vector<CodeHost> many(101, CodeHost("same"));
    EXPECT_TRUE(problem(keys_file(many)).contains("a list of one to 100 keys"));
}

}  // namespace
}  // namespace api
