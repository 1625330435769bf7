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

TEST(SipHash, WithFewerRoundsGivesTheVectorsThatOthersPublish) {
    std::string bytes;
    EXPECT_EQ(correlate::siphash_13(key0, key1, bytes), 0xabac0158050fc4dcu);
}

TEST(SipHash, ReadsEachByteOfEachLengthOnce) {
    for (std::size_t size = 0; size < 40; ++size) {
        std::string bytes(size, 'x');
        const auto whole = correlate::siphash(key0, key1, bytes);
        for (std::size_t i = 0; i < size; ++i) {
            bytes[i] = 'y';
            EXPECT_NE(correlate::siphash(key0, key1, bytes), whole) << size << " " << i;
            bytes[i] = 'x';
        }
        // What lies before and behind a text is not part of it.
        const std::string inside = "abcdefgh" + bytes + "ijklmnop";
        EXPECT_EQ(correlate::siphash(key0, key1, std::string_view(inside).substr(8, size)), whole);
    }
}

TEST(SipHash, DependsOnTheKey) {
    EXPECT_NE(correlate::siphash(1, 2, "x"), correlate::siphash(2, 1, "x"));
}

}  // namespace
