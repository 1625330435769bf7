#include "base/ed25519.hpp"

#include <gtest/gtest.h>

namespace base {
namespace {

std::string from_hex(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
    }
    return out;
}

// RFC 8032 section 7.1, test 2.
TEST(Ed25519, SignsAsTheRfcDoes) {
    const SigningKey key(
        from_hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
    EXPECT_EQ(key.public_key(),
              from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"));
    EXPECT_EQ(key.sign("\x72"),
              from_hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                       "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"));
}

TEST(Ed25519, RefusesEveryChangeOfABit) {
    const SigningKey key(std::string(32, 's'));
    const std::string message = "was not observed";
    const std::string signature = key.sign(message);
    EXPECT_TRUE(verify_ed25519(key.public_key(), message, signature));
    for (std::size_t i = 0; i < signature.size() * 8; ++i) {
        std::string other = signature;
        other[i / 8] = static_cast<char>(other[i / 8] ^ (1 << (i % 8)));
        EXPECT_FALSE(verify_ed25519(key.public_key(), message, other));
    }
    for (std::size_t i = 0; i < message.size() * 8; ++i) {
        std::string other = message;
        other[i / 8] = static_cast<char>(other[i / 8] ^ (1 << (i % 8)));
        EXPECT_FALSE(verify_ed25519(key.public_key(), other, signature));
    }
    EXPECT_FALSE(verify_ed25519("short", message, signature));
    EXPECT_FALSE(verify_ed25519(key.public_key(), message, "short"));
    EXPECT_FALSE(verify_ed25519(SigningKey(std::string(32, 't')).public_key(), message, signature));
}

}  // namespace
}  // namespace base
