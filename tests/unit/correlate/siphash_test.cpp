#include "correlate/siphash.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

constexpr std::uint64_t key0 = 0x0706050403020100;
constexpr std::uint64_t key1 = 0x0f0e0d0c0b0a0908;

TEST(SipHash, GivesTheVectorsOfItsAuthors) {
    std::string bytes;
    EXPECT_EQ(correlate::siphash(key0, key1, bytes), 0x726fdb47dd0e0e31u);
    for (char c = 0; c < 15; ++c) bytes += c;
    EXPECT_EQ(correlate::siphash(key0, key1, bytes), 0xa129ca6149be45e5u);
    EXPECT_EQ(correlate::siphash(key0, key1, std::string_view(bytes).substr(0, 8)),
              0x93f5f5799a932462u);
}

TEST(SipHash, DependsOnTheKey) {
    EXPECT_NE(correlate::siphash(1, 2, "x"), correlate::siphash(2, 1, "x"));
}

}  // namespace
