#include "correlate/packed_ref.hpp"

#include <gtest/gtest.h>

#include <random>

namespace {

using namespace correlate;

constexpr std::uint64_t last_block = (std::uint64_t{1} << 48) - 1;

TEST(PackedRef, KeepsEveryPlaceAndTheirOrder) {
    std::mt19937_64 random(1);
    const auto place = [&] {
        const std::uint64_t block = random() % 4 == 0 ? last_block : random() % 3;
        return RecordRef{block, static_cast<std::uint32_t>(random() % max_block_records)};
    };
    for (int i = 0; i < 10'000; ++i) {
        const RecordRef a = place();
        const RecordRef b = place();
        EXPECT_EQ(PackedRef(a.block, a.record).unpack(), a);
        EXPECT_EQ(PackedRef(a.block, a.record) <=> PackedRef(b.block, b.record), a <=> b);
    }
}

TEST(PackedRef, LinesOfALongFileStayApartAndInOrder) {
    const PackedRef last(0, max_block_records - 1);
    const PackedRef next(0, max_block_records);
    EXPECT_LT(last, next);
    EXPECT_LT(next, PackedRef(0, 0xffff'ffff));
}

TEST(PackedRef, ASavedOneThatCannotBeSpoilsTheReader) {
    const auto load = [](std::uint64_t block, std::uint64_t record) {
        Writer out;
        out.number(block);
        out.number(record);
        Reader in(out.text());
        const PackedRef ref = PackedRef::load(in);
        if (in.good()) EXPECT_EQ(ref.unpack().block, block);
        return in.good();
    };
    EXPECT_TRUE(load(last_block, max_block_records - 1));
    EXPECT_FALSE(load(last_block + 1, 0));
    EXPECT_FALSE(load(0, max_block_records));
    EXPECT_FALSE(load(0, std::uint64_t{1} << 40));
}

}  // namespace
