#include "base/ascii.hpp"

#include <gtest/gtest.h>

#include <cctype>

namespace {

namespace ascii = base::ascii;

TEST(Ascii, EveryByteIsWhatTheCLocaleSaysAndNothingElseFrom0x80On) {
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const bool high = byte >= 0x80;
        EXPECT_EQ(ascii::is_digit(c), !high && std::isdigit(byte) != 0) << byte;
        EXPECT_EQ(ascii::is_upper(c), !high && std::isupper(byte) != 0) << byte;
        EXPECT_EQ(ascii::is_lower(c), !high && std::islower(byte) != 0) << byte;
        EXPECT_EQ(ascii::is_letter(c), !high && std::isalpha(byte) != 0) << byte;
        EXPECT_EQ(ascii::is_alnum(c), !high && std::isalnum(byte) != 0) << byte;
        EXPECT_EQ(ascii::is_blank(c), !high && std::isblank(byte) != 0) << byte;
        EXPECT_EQ(ascii::lower(c), high ? c : static_cast<char>(std::tolower(byte))) << byte;
    }
}

TEST(Ascii, LowersAsciiAndLeavesOtherBytesAlone) {
    EXPECT_EQ(ascii::lowered("GET /\xc3\x84 Z[@"), "get /\xc3\x84 z[@");
}

TEST(Ascii, TrimsBothEndsOnly) {
    EXPECT_EQ(ascii::trimmed(" \t a b\t", ascii::is_blank), "a b");
    EXPECT_EQ(ascii::trimmed("\r\n a\n", ascii::is_blank), "\r\n a\n");
    EXPECT_EQ(ascii::trimmed("\r\n a\n", ascii::is_space), "a");
    EXPECT_EQ(ascii::trimmed(" \t ", ascii::is_blank), "");
    EXPECT_EQ(ascii::trimmed("", ascii::is_space), "");
}

}  // namespace
