#include "journal/block.hpp"

#include <gtest/gtest.h>

#include <random>

namespace journal {
namespace {

Block sample() {
    Block block;
    block.source = "gateway";
    block.format = "native";
    block.client = "abcdefghij";
    block.batch_id = "01";
    block.received = base::wall_time(1'700'000'000'123'456);
    block.records = 2;
    block.idempotency = 42;
    block.lines = "{\"a\":1}\n{\"a\":2}\n";
    return block;
}

void expect_same(const Block& a, const Block& b) {
    EXPECT_EQ(a.source, b.source);
    EXPECT_EQ(a.format, b.format);
    EXPECT_EQ(a.client, b.client);
    EXPECT_EQ(a.batch_id, b.batch_id);
    EXPECT_EQ(a.received, b.received);
    EXPECT_EQ(a.records, b.records);
    EXPECT_EQ(a.rejects, b.rejects);
    EXPECT_EQ(a.idempotency, b.idempotency);
    EXPECT_EQ(a.lines, b.lines);
}

TEST(Block, ComesBackAsItWas) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{100}, max_block_bytes}) {
        Block block = sample();
        block.rejects = size == 100;
        block.lines.assign(size, 'x');
        const base::Result<Encoded> encoded = encode(block);
        ASSERT_TRUE(encoded);
        EXPECT_EQ(encoded->records, block.records);
        Block back;
        back.lines = "old";
        ASSERT_TRUE(decode(encoded->payload, back));
        expect_same(block, back);
    }
}

TEST(Block, IncompressibleLinesAreStoredAsTheyAre) {
    std::mt19937_64 random(1);
    Block block = sample();
    block.lines.resize(max_block_bytes);
    for (char& c : block.lines) c = static_cast<char>(random());
    const base::Result<Encoded> encoded = encode(block);
    ASSERT_TRUE(encoded);
    EXPECT_LT(encoded->payload.size(), max_block_bytes + 200);
    Block back;
    ASSERT_TRUE(decode(encoded->payload, back));
    expect_same(block, back);
}

TEST(Block, AboveALimitIsRefused) {
    Block block = sample();
    block.lines.assign(max_block_bytes + 1, 'x');
    EXPECT_EQ(encode(block).error().fault, base::Fault::invalid);
    block = sample();
    block.records = max_block_records + 1;
    EXPECT_FALSE(encode(block));
    block = sample();
    block.source.assign(70'000, 'x');
    EXPECT_FALSE(encode(block));
}

TEST(Block, CutPayloadsAreRefused) {
    const base::Result<Encoded> encoded = encode(sample());
    ASSERT_TRUE(encoded);
    Block back;
    for (std::size_t size = 0; size < encoded->payload.size(); ++size)
        EXPECT_FALSE(decode(std::string_view(encoded->payload).substr(0, size), back)) << size;
}

TEST(Block, AnyBytesAreDecodedOrRefused) {
    std::mt19937_64 random(2);
    const base::Result<Encoded> encoded = encode(sample());
    ASSERT_TRUE(encoded);
    Block back;
    for (int i = 0; i < 5'000; ++i) {
        std::string payload = encoded->payload;
        for (int flips = static_cast<int>(random() % 4); flips >= 0; --flips)
            payload[random() % payload.size()] = static_cast<char>(random());
        if (decode(payload, back)) EXPECT_LE(back.lines.size(), max_block_bytes);
    }
}

}  // namespace
}  // namespace journal
