#include "correlate/codec.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace {

using correlate::Reader;
using correlate::Writer;

TEST(Codec, ReadsWhatItWrote) {
    Writer out;
    const std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
    const std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();
    for (const std::uint64_t n :
         {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, highest}) {
        out.number(n);
    }
    for (const std::int64_t n : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1}, lowest}) {
        out.signed_number(n);
    }
    out.real(-0.1);
    out.bytes("text");
    out.flag(true);
    Reader in(out.text());
    EXPECT_EQ(in.number(), 0u);
    EXPECT_EQ(in.number(), 127u);
    EXPECT_EQ(in.number(), 128u);
    EXPECT_EQ(in.number(), highest);
    EXPECT_EQ(in.signed_number(), 0);
    EXPECT_EQ(in.signed_number(), -1);
    EXPECT_EQ(in.signed_number(), 1);
    EXPECT_EQ(in.signed_number(), lowest);
    EXPECT_EQ(in.real(), -0.1);
    EXPECT_EQ(in.bytes(), "text");
    EXPECT_TRUE(in.flag());
    EXPECT_TRUE(in.done());
}

TEST(Codec, RefusesToReadPastTheEnd) {
    Writer out;
    out.number(1'000);  // a length that lies
    out.number(1);
    Reader in(out.text());
    EXPECT_TRUE(in.bytes().empty());
    EXPECT_FALSE(in.good());
    EXPECT_EQ(in.number(), 0u) << "bad for good";
}

TEST(Codec, RefusesANumberWithoutEnd) {
    Reader in("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
    in.number();
    EXPECT_FALSE(in.good());
}

TEST(Codec, ASealedTextShowsEveryChangedByte) {
    Writer out;
    out.bytes("windows");
    const std::string sealed = std::move(out).seal("TEST", 300);
    ASSERT_TRUE(correlate::unseal(sealed, "TEST", 300, "it"));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string damaged = sealed;
        damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
        EXPECT_FALSE(correlate::unseal(damaged, "TEST", 300, "it")) << i;
    }
    for (std::size_t size = 0; size < sealed.size(); ++size) {
        EXPECT_FALSE(correlate::unseal(sealed.substr(0, size), "TEST", 300, "it")) << size;
    }
    const auto other = correlate::unseal(sealed, "TEST", 301, "saved windows");
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().reason, "saved windows has format version 300; this program reads 301");
}

}  // namespace
