#include "ingest/tokens.hpp"

#include <gtest/gtest.h>

namespace ingest {
namespace {

constexpr std::string_view pepper = "0123456789abcdef0123456789abcdef";

Tokens one_token(const NewToken& token) {
    Client client{token.id, "shipper", scope_ingest, {"gateway"}};
    return Tokens(std::string(pepper), {{client, token.digest}});
}

TEST(Tokens, ANewTokenIsRecognised) {
    const NewToken token = new_token(pepper);
    EXPECT_EQ(token.text.size(), 75u);
    EXPECT_EQ(token.id.size(), 10u);
    const Tokens tokens = one_token(token);
    for (const char* scheme : {"Bearer ", "bearer ", "BEARER  "}) {
        const base::Result<Client> client = tokens.verify(scheme + token.text);
        ASSERT_TRUE(client) << scheme;
        EXPECT_EQ(client->name, "shipper");
    }
    EXPECT_NE(new_token(pepper).text, token.text);
}

TEST(Tokens, OneThatIsPastItsTimeIsRefusedLikeAnUnknownOne) {
    const NewToken token = new_token(pepper);
    const auto end = base::wall_time(1'700'000'000'000'000);
    const Client client{token.id, "shipper", scope_ingest, {}};
    const Tokens tokens(std::string(pepper), {{client, token.digest, end}});
    EXPECT_TRUE(tokens.verify("Bearer " + token.text, end - std::chrono::microseconds(1)));
    const auto late = tokens.verify("Bearer " + token.text, end);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().reason, tokens.verify("Bearer x").error().reason);
}

TEST(Tokens, UnknownAndWrongOnesGetTheSameRefusal) {
    const NewToken token = new_token(pepper);
    const Tokens tokens = one_token(token);
    const NewToken other = new_token(pepper);
    NewToken forged = other;  // a known id with another secret, check digits right
    forged.text.replace(3, 10, token.id);
    const std::string unknown = tokens.verify("Bearer " + other.text).error().reason;
    EXPECT_EQ(tokens.verify("Bearer " + forged.text).error().reason, unknown);
    for (const std::string& header : {std::string(), std::string("Bearer "), token.text,
                                      "Basic " + token.text, "Bearer " + token.text + " "}) {
        const base::Result<Client> client = tokens.verify(header);
        ASSERT_FALSE(client) << header;
        EXPECT_EQ(client.error().fault, base::Fault::unauthorised);
        EXPECT_EQ(client.error().reason, unknown);
    }
}

TEST(Tokens, AnotherPepperKnowsNoToken) {
    const NewToken token = new_token(pepper);
    const Tokens tokens("another pepper of thirty-two byte",
                        {{{token.id, "", 1, {}}, token.digest}});
    EXPECT_FALSE(tokens.verify("Bearer " + token.text));
}

TEST(Tokens, CheckDigitsTellATokenFromNoise) {
    const NewToken token = new_token(pepper);
    ASSERT_TRUE(parse_token(token.text));
    EXPECT_EQ(parse_token(token.text)->id, token.id);
    for (std::size_t i = 0; i < token.text.size(); ++i) {
        std::string wrong = token.text;
        wrong[i] = wrong[i] == 'a' ? 'b' : 'a';
        EXPECT_FALSE(parse_token(wrong)) << i;
        EXPECT_FALSE(parse_token(std::string_view(token.text).substr(0, i)));
    }
}

TEST(Tokens, ScopesAndSources) {
    EXPECT_EQ(parse_scopes("ingest,admin"),
              std::optional<std::uint32_t>(scope_ingest | scope_admin));
    EXPECT_EQ(to_text(scope_ingest | scope_admin), "ingest,admin");
    for (const char* wrong : {"", "ingest,", "root", "ingest admin"})
        EXPECT_FALSE(parse_scopes(wrong));
    const Client some{"id", "", scope_read, {"a", "b"}};
    EXPECT_TRUE(some.may(scope_read));
    EXPECT_FALSE(some.may(scope_ingest));
    EXPECT_TRUE(some.may_send_to("b"));
    EXPECT_FALSE(some.may_send_to("c"));
    EXPECT_TRUE(Client().may_send_to("anything"));
}

}  // namespace
}  // namespace ingest
