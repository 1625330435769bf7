#include "pipeline/saved.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace {

using pipeline::Packer;
using pipeline::part_bytes;
using pipeline::Parts;
using pipeline::Unpacker;

Parts pack(std::string_view text, std::size_t piece = 65'536) {
    Packer packer;
    for (std::size_t at = 0; at < text.size(); at += piece) packer.add(text.substr(at, piece));
    return std::move(packer).finish();
}

/// Nothing when it is refused at once or found damaged on the way.
std::optional<std::string> unpack(const Parts& parts) {
    auto unpacker = Unpacker::open(parts);
    if (!unpacker) return {};
    std::string out;
    while (true) {
        const auto piece = unpacker->next();
        if (piece.empty()) break;
        out += piece;
    }
    if (!unpacker->intact()) return {};
    return out;
}

std::string noise(std::size_t size) {
    std::mt19937_64 random(size);
    std::string out(size, '\0');
    for (char& byte : out) byte = static_cast<char>(random() % 7 == 0 ? random() : 0);
    return out;
}

TEST(Saved, GivesBackWhatWasPackedAtEverySizeAroundAPart) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, part_bytes - 1, part_bytes,
                                   part_bytes + 1, 3 * part_bytes + 17}) {
        const std::string text = noise(size);
        const Parts parts = pack(text, 100'003);
        EXPECT_EQ(parts.size(), std::max<std::size_t>(1, (size + part_bytes - 1) / part_bytes));
        EXPECT_EQ(unpack(parts), text) << size;
    }
}

TEST(Saved, AChangedByteIsFoundUnlessItChangesNothing) {
    const std::string text = noise(3'000);
    const Parts parts = pack(text);
    for (std::size_t i = 0; i < parts[0].size(); ++i) {
        Parts damaged = parts;
        damaged[0][i] = static_cast<char>(damaged[0][i] ^ 0x10);
        EXPECT_EQ(unpack(damaged).value_or(text), text) << i;
        damaged[0] = parts[0].substr(0, i);
        EXPECT_FALSE(unpack(damaged)) << i;
    }
}

TEST(Saved, PartsThatAreMissingSwappedOrOfAnotherStateAreRefused) {
    const Parts parts = pack(noise(2 * part_bytes + 1));
    ASSERT_EQ(parts.size(), 3u);
    const auto reason = [](const Parts& given) {
        const auto opened = Unpacker::open(given);
        return opened ? std::string("opened") : opened.error().reason;
    };
    EXPECT_EQ(reason({}), "the saved window state has no parts");
    EXPECT_EQ(reason({parts[0], parts[1]}),
              "the saved window state is not whole: part 1 of 2 is of another one");
    EXPECT_EQ(reason({parts[0], parts[2], parts[1]}),
              "the saved window state is not whole: part 2 of 3 is of another one");
    EXPECT_EQ(reason({parts[0], parts[1], pack(noise(2 * part_bytes + 2))[2]}),
              "the saved window state is not whole: part 3 of 3 is of another one");
    EXPECT_EQ(reason({"cps1 and what came then"}),
              "the saved window state is of a version this program cannot read");
}

}  // namespace
