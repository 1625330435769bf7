#include "correlate/slab.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

namespace {

using correlate::Slab;

struct Block {
    unsigned char* bytes = nullptr;
    std::size_t size = 0;
    unsigned char mark = 0;
};

TEST(Slab, BlocksKeepTheirBytesWhateverComesAndGoes) {
    Slab slab;
    std::mt19937_64 random(1);
    std::vector<Block> held;
    const auto give = [&](std::size_t place) {
        const Block block = held[place];
        for (std::size_t i = 0; i < block.size; ++i) ASSERT_EQ(block.bytes[i], block.mark);
        slab.give(block.bytes, block.size);
        held[place] = held.back();
        held.pop_back();
    };
    for (int step = 0; step < 30'000; ++step) {
        // Grows and shrinks by turns, so that pages fill and empty.
        const bool grows = step / 3'000 % 2 == 0;
        if (!held.empty() && random() % 10 < (grows ? 3u : 7u)) {
            give(random() % held.size());
            continue;
        }
        Block block;
        block.size = 1 + random() % (random() % 20 == 0 ? 2'000 : 200);
        block.mark = static_cast<unsigned char>(random());
        block.bytes = static_cast<unsigned char*>(slab.take(block.size));
        ASSERT_EQ(reinterpret_cast<std::uintptr_t>(block.bytes) % 8, 0u);
        std::memset(block.bytes, block.mark, block.size);
        held.push_back(block);
    }
    while (!held.empty()) give(held.size() - 1);
    EXPECT_LE(slab.bytes(), 16'384u) << "one page is kept";
}

TEST(Slab, SmallBlocksCostLittleMoreThanTheirBytes) {
    Slab slab;
    std::vector<void*> blocks;
    for (int i = 0; i < 10'000; ++i) blocks.push_back(slab.take(88));
    EXPECT_LT(slab.bytes(), 10'000u * 90);
    for (void* block : blocks) slab.give(block, 88);
}

}  // namespace
