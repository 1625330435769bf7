#include "base/digest.hpp"
#include "base/log.hpp"
#include "base/time.hpp"
#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Time, PrintsRfc3339WithMicrosecondsOnlyWhenThereAreSome) {
    EXPECT_EQ(base::to_rfc3339(base::event_time(1'717'200'300'000'000)), "2024-06-01T00:05:00Z");
    EXPECT_EQ(base::to_rfc3339(base::event_time(1'717'200'300'000'001)),
              "2024-06-01T00:05:00.000001Z");
    EXPECT_EQ(base::to_rfc3339(base::event_time(-1)), "1969-12-31T23:59:59.999999Z");
}

TEST(Time, ClampsYearsOutsideRfc3339) {
    EXPECT_EQ(base::to_rfc3339(base::event_time(INT64_MAX)), "9999-12-31T23:59:59.999999Z");
    EXPECT_EQ(base::to_rfc3339(base::event_time(INT64_MIN)), "0001-01-01T00:00:00Z");
}

TEST(Digest, AgreesWithPublishedVectors) {
    // FIPS 180-4 example and RFC 4231 test case 2.
    EXPECT_EQ(base::hex(base::sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    base::Mac mac("Jefe");
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(base::hex(mac("what do ya want for nothing?")),
                  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
    EXPECT_EQ(base::hex(base::hmac_sha256("", "")),
              "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    // RFC 4231 test case 6: a key longer than a block.
    EXPECT_EQ(
        base::hex(base::hmac_sha256(std::string(131, '\xaa'),
                                    "Test Using Larger Than Block-Size Key - Hash Key First")),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Digest, AuthenticatesMessagesOfEveryLengthAsRfc2104Says) {
    const std::string key = "a key";
    std::string inner(64, '\x36');
    std::string outer(64, '\x5c');
    for (std::size_t i = 0; i < key.size(); ++i) {
        inner[i] = static_cast<char>(inner[i] ^ key[i]);
        outer[i] = static_cast<char>(outer[i] ^ key[i]);
    }
    const auto text_of = [](const base::Digest& digest) {
        return std::string(digest.begin(), digest.end());
    };
    const base::Mac mac(key);
    std::string message;
    for (int size = 0; size < 300; ++size) {
        EXPECT_EQ(mac(message), base::sha256(outer + text_of(base::sha256(inner + message))))
            << size;
        message += static_cast<char>(size * 7);
    }
}

TEST(Digest, EncodesAsRfc4648Says) {
    const std::string text = "foobar";
    const std::span bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    EXPECT_EQ(base::base32(bytes), "mzxw6ytboi");
    EXPECT_EQ(base::base64(bytes.first(5)), "Zm9vYmE=");
    std::string back;
    EXPECT_TRUE(base::from_base64("Zm9vYmE=", back));
    EXPECT_EQ(back, "fooba");
    EXPECT_FALSE(base::from_base64("Zm9vYmE", back));
    EXPECT_FALSE(base::from_base64("Zm9v!mE=", back));
}

TEST(Digest, NeverConfusesPartsOfAnId) {
    EXPECT_NE(base::LengthPrefixed().add("a").add("bc").text(),
              base::LengthPrefixed().add("ab").add("c").text());
}

TEST(Utf8, RefusesSurrogatesOverlongAndTruncated) {
    for (const auto* text : {"\xed\xa0\x80", "\xc0\xaf", "\xe0\x80\x80", "\xf4\x90\x80\x80",
                             "\xe2\x82", "\x80", "\xff"}) {
        EXPECT_FALSE(base::utf8::valid(text));
    }
    EXPECT_TRUE(base::utf8::valid("a\u00e9\u20ac\U0001F600"));
}

TEST(Utf8, MakesAnyBytesStorable) {
    EXPECT_EQ(base::utf8::storable(std::string_view("a\0b\xff", 4)), "a\uFFFDb\uFFFD");
}

TEST(Log, EscapesWhatCouldForgeALineOrTurnWriting) {
    EXPECT_EQ(base::log::safe("a\nb\x1b[31m\u202e\x7f"), "a\\u000ab\\u001b[31m\\u202e\\u007f");
    EXPECT_EQ(base::log::safe("\xc2\x85 \xff"), "\\u0085 \uFFFD");
}

}  // namespace
