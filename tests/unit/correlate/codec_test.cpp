#include "correlate/codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

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

TEST(Codec, AHeadOfAnotherKindOrVersionIsRefused) {
    Writer out;
    correlate::write_head(out, "TEST", 300);
    out.flag(true);
    Reader same(out.text());
    EXPECT_TRUE(correlate::read_head(same, "TEST", 300, "it"));
    EXPECT_TRUE(same.flag());
    for (std::size_t size = 0; size < out.text().size() - 1; ++size) {
        Reader cut(out.text().substr(0, size));
        EXPECT_FALSE(correlate::read_head(cut, "TEST", 300, "it")) << size;
    }
    Reader other(out.text());
    const auto refused = correlate::read_head(other, "TEST", 301, "saved windows");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason,
              "saved windows has format version 300; this program reads 301");
    Reader foreign(out.text());
    EXPECT_EQ(correlate::read_head(foreign, "ELSE", 300, "it").error().reason,
              "it does not begin as one; it was cut or is something else");
}

/// A script of writes, so that what is read can be compared with it.
struct Step {
    enum class Kind { number, signed_number, word, real, bytes, begin, end } kind;
    std::uint64_t number = 0;
    std::string bytes{};
};

std::vector<Step> script(std::mt19937_64& random) {
    std::vector<Step> out;
    bool in_blob = false;
    for (int i = 0; i < 400; ++i) {
        const auto number = random() >> random() % 64;
        switch (random() % 8) {
            case 0:
                out.push_back({Step::Kind::word, number});
                break;
            case 1:
                out.push_back({Step::Kind::signed_number, number});
                break;
            case 2:
                out.push_back({Step::Kind::bytes, 0, std::string(random() % 3'000, 'x')});
                break;
            case 3:
                out.push_back({in_blob ? Step::Kind::end : Step::Kind::begin});
                in_blob = !in_blob;
                break;
            case 4:
                out.push_back({Step::Kind::real, number >> 12});
                break;
            default:
                out.push_back({Step::Kind::number, number});
        }
    }
    if (in_blob) out.push_back({Step::Kind::end});
    return out;
}

void write(const std::vector<Step>& steps, Writer& out) {
    for (const Step& step : steps) switch (step.kind) {
            case Step::Kind::number:
                out.number(step.number);
                break;
            case Step::Kind::signed_number:
                out.signed_number(static_cast<std::int64_t>(step.number));
                break;
            case Step::Kind::word:
                out.word(step.number);
                break;
            case Step::Kind::real:
                out.real(static_cast<double>(step.number));
                break;
            case Step::Kind::bytes:
                out.bytes(step.bytes);
                break;
            case Step::Kind::begin:
                out.begin_blob();
                break;
            case Step::Kind::end:
                out.end_blob();
                break;
        }
}

/// Reads the script; a blob whose first step is number `skip` is skipped.
void read(const std::vector<Step>& steps, Reader& in, std::size_t skip) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const Step& step = steps[i];
        switch (step.kind) {
            case Step::Kind::number:
                ASSERT_EQ(in.number(), step.number) << i;
                break;
            case Step::Kind::signed_number:
                ASSERT_EQ(in.signed_number(), static_cast<std::int64_t>(step.number)) << i;
                break;
            case Step::Kind::word:
                ASSERT_EQ(in.word(), step.number) << i;
                break;
            case Step::Kind::real:
                ASSERT_EQ(in.real(), static_cast<double>(step.number)) << i;
                break;
            case Step::Kind::bytes:
                ASSERT_EQ(in.bytes(), step.bytes) << i;
                break;
            case Step::Kind::begin:
                in.begin_blob();
                if (i != skip) break;
                in.skip_blob();
                while (steps[i].kind != Step::Kind::end) ++i;
                break;
            case Step::Kind::end:
                in.end_blob();
                break;
        }
        ASSERT_TRUE(in.good()) << i;
    }
}

TEST(Codec, PiecesOfAnySizeGiveBackWhatWasWritten) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 300; ++round) {
        const auto steps = script(random);
        std::string text;
        Writer out([&](std::string_view piece) {
            ASSERT_LE(piece.size(), Writer::piece_bytes);
            text += piece;
        });
        write(steps, out);
        out.flush();
        const std::size_t most = 1 + random() % (round % 2 == 0 ? 20 : 100'000);
        std::size_t at = 0;
        std::string lent;  // another place each time, so that the sanitizer sees what is kept
        Reader in([&]() -> std::string_view {
            lent = std::string(text, at, 1 + random() % most);
            at = std::min(text.size(), at + lent.size());
            return lent;
        });
        std::vector<std::size_t> begins{steps.size()};
        for (std::size_t i = 0; i < steps.size(); ++i)
            if (steps[i].kind == Step::Kind::begin) begins.push_back(i);
        read(steps, in, begins[random() % begins.size()]);
        EXPECT_TRUE(in.done());
    }
}

TEST(Codec, WhatWasWrittenWholeIsWhatWasWrittenInPieces) {
    std::mt19937_64 random(2);
    const auto steps = script(random);
    Writer whole;
    write(steps, whole);
    Reader in(whole.text());
    read(steps, in, steps.size());
    EXPECT_TRUE(in.done());
}

TEST(Codec, ABlobEndsWhereItEnded) {
    Writer out;
    out.begin_blob();
    out.number(7);
    out.end_blob();
    out.number(8);
    Reader beyond(out.text());
    beyond.begin_blob();
    EXPECT_EQ(beyond.number(), 7u);
    EXPECT_EQ(beyond.number(), 0u) << "the 8 is not of the blob";
    EXPECT_FALSE(beyond.good());
    Reader early(out.text());
    early.begin_blob();
    early.end_blob();
    EXPECT_FALSE(early.good()) << "something was not read";
    Reader cut(out.text().substr(0, 5));
    cut.begin_blob();
    cut.skip_blob();
    EXPECT_FALSE(cut.good());
}

}  // namespace
