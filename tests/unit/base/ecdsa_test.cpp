#include "base/ecdsa.hpp"

#include "base/digest.hpp"

#include <gtest/gtest.h>

#include <openssl/err.h>

namespace base {
namespace {

// The example that a public code host gives to those who verify its reports.
constexpr std::string_view host_key =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\n"
    "AjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==\n"
    "-----END PUBLIC KEY-----\n";
constexpr std::string_view host_report =
    R"([{"source":"commit","token":"some_token","type":"some_type",)"
    R"("url":"https://example.com/base-repo-url/"}])";
// With an r of 33 bytes and an s of 31.
constexpr std::string_view host_signature =
    "MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/"
    "AO1RtBY66YcAdjxji410VQV4xg==";

std::string signature() {
    std::string out;
    EXPECT_TRUE(from_base64(host_signature, out));
    return out;
}

std::string with_bit(std::string text, std::size_t bit) {
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
    return text;
}

TEST(P256Key, VerifiesWhatACodeHostSigns) {
    const auto key = P256Key::from_pem(host_key);
    ASSERT_TRUE(key) << key.error().reason;
    EXPECT_TRUE(key->verify(host_report, signature()));
}

TEST(P256Key, RefusesEveryChangeOfABit) {
    const auto key = *P256Key::from_pem(host_key);
    const std::string signed_by_host = signature();
    for (std::size_t bit = 0; bit < signed_by_host.size() * 8; ++bit)
        EXPECT_FALSE(key.verify(host_report, with_bit(signed_by_host, bit))) << bit;
    for (std::size_t bit = 0; bit < host_report.size() * 8; ++bit)
        EXPECT_FALSE(key.verify(with_bit(std::string(host_report), bit), signed_by_host)) << bit;
}

TEST(P256Key, RefusesWhatIsNoSignature) {
    const auto key = *P256Key::from_pem(host_key);
    EXPECT_FALSE(key.verify(host_report, ""));
    EXPECT_FALSE(key.verify(host_report, "short"));
    EXPECT_FALSE(key.verify(host_report, signature() + '\0')) << "one right encoding";
    EXPECT_FALSE(key.verify(host_report, std::string(64, '\1'))) << "no DER";
    EXPECT_FALSE(key.verify("", signature()));
}

TEST(P256Key, RefusesKeysOfOtherKinds) {
    constexpr std::string_view p384 =
        "-----BEGIN PUBLIC KEY-----\n"
        "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE00XnJgSkShPWS4Fq6m7sbS9jFnd2D80T\n"
        "bQ6L3MbjFA9iwsDFDbG2critk9kgIdfNViYmIS+ofjcnOXhJLC3gt84KuA+W3iYh\n"
        "WGqfZ4aSqPWBtjJo0q7WG7U6AuljkbXH\n"
        "-----END PUBLIC KEY-----\n";
    constexpr std::string_view secp256k1 =
        "-----BEGIN PUBLIC KEY-----\n"
        "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEscMQO2kb38LoeOsYtNU7IbMG1gu6culJ\n"
        "CRbAhv1d3y6Sr8dZamxqGSyS/IlCzY/7m8gs7c1DIAywtv2NiWU0nQ==\n"
        "-----END PUBLIC KEY-----\n";
    constexpr std::string_view ed25519 =
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEAB4bfA/ahO2aA2iiWcyxzMDlSZThyPuvCdcJHTp0Q/Qc=\n"
        "-----END PUBLIC KEY-----\n";
    for (const auto pem : {p384, secp256k1, ed25519}) {
        const auto key = P256Key::from_pem(pem);
        ASSERT_FALSE(key);
        EXPECT_EQ(key.error().reason, "is no key on the curve P-256");
    }
    const auto half = host_key.substr(0, host_key.size() / 2);
    for (const std::string_view pem : {std::string_view(), std::string_view("no key"), half}) {
        const auto key = P256Key::from_pem(pem);
        ASSERT_FALSE(key);
        EXPECT_EQ(key.error().reason, "is no public key in PEM");
    }
    EXPECT_EQ(ERR_peek_error(), 0UL) << "TLS on the same thread would trip over it";
}

}  // namespace
}  // namespace base
