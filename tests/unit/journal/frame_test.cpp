#include "journal/frame.hpp"

#include "journal/checksum.hpp"

#include <gtest/gtest.h>

namespace journal {
namespace {

std::string_view view(const std::array<char, frame_header_bytes>& bytes) {
    return {bytes.data(), bytes.size()};
}

TEST(Checksum, IsCrc32c) {
    EXPECT_EQ(checksum("123456789"), 0xe3069283u);  // RFC 3720, B.4 and the usual check value
    EXPECT_EQ(checksum(std::string(32, '\0')), 0x8a9136aau);
    EXPECT_EQ(checksum("6789", checksum("12345")), checksum("123456789"));
}

TEST(Frame, VerifiesOnlyInItsSegmentAndPlace) {
    const FrameHeader header{FrameKind::block, 100, 7, 42, base::wall_time(5), 3};
    const std::uint32_t seed = seed_of(Uuid{1});
    const auto bytes = to_bytes(header, seed, 4096);
    const auto back = parse_frame_header(view(bytes), seed, 4096);
    ASSERT_TRUE(back);
    EXPECT_EQ(back->lsn, 42u);
    EXPECT_EQ(back->payload_bytes, 100u);
    EXPECT_EQ(back->records, 3u);
    EXPECT_EQ(back->received, base::wall_time(5));
    EXPECT_FALSE(parse_frame_header(view(bytes), seed, 4104)) << "moved";
    EXPECT_FALSE(parse_frame_header(view(bytes), seed_of(Uuid{2}), 4096)) << "from another life";
}

TEST(Frame, EveryFlippedBitIsSeen) {
    const FrameHeader header{FrameKind::commit, 32, 7, 42, base::wall_time(5), 0};
    auto bytes = to_bytes(header, 9, 8192);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
        EXPECT_FALSE(parse_frame_header(view(bytes), 9, 8192)) << bit;
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    }
}

TEST(SegmentHeader, ComesBackAndKnowsANewerVersionFromDamage) {
    SegmentHeader header;
    header.uuid = {1, 2, 3};
    header.first = 10;
    header.void_from = 8;
    header.previous_digest = 99;
    std::string bytes = to_bytes(header);
    ASSERT_EQ(bytes.size(), segment_header_bytes);
    const ParsedHeader back = parse_segment_header(bytes);
    ASSERT_FALSE(back.fault);
    EXPECT_EQ(back.header.uuid, header.uuid);
    EXPECT_EQ(back.header.first, 10u);
    EXPECT_EQ(back.header.void_from, 8u);
    EXPECT_EQ(back.header.previous_digest, 99u);

    for (std::size_t bit = 0; bit < 68 * 8; ++bit) {
        std::string flipped = bytes;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
        EXPECT_EQ(parse_segment_header(flipped).fault, HeaderFault::broken) << bit;
    }
    header.version = format_version + 1;
    const ParsedHeader newer = parse_segment_header(to_bytes(header));
    EXPECT_EQ(newer.fault, HeaderFault::newer);
    EXPECT_EQ(newer.header.version, format_version + 1);
}

TEST(FindMagic, FindsAlignedPlacesOnly) {
    const FrameHeader header{FrameKind::block, 0, 0, 1, {}, 0};
    const auto frame = to_bytes(header, 0, 0);
    std::string bytes(100, 'x');
    bytes.insert(13, view(frame));
    EXPECT_EQ(find_magic(bytes, 0), std::string_view::npos);
    bytes.insert(0, 3, 'x');
    EXPECT_EQ(find_magic(bytes, 0), 16u);
    EXPECT_EQ(find_magic(bytes, 9), 16u);
    EXPECT_EQ(find_magic(bytes, 17), std::string_view::npos);
}

}  // namespace
}  // namespace journal
