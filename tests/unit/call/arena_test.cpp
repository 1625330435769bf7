#include "call/arena.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace call {
namespace {

TEST(Arena, KeepsTextsOfAnyLengthWhereTheyAreUntilItIsCleared) {
    std::mt19937 random(3);
    Arena arena;
    for (int round = 0; round < 3; ++round) {
        std::vector<std::string> texts;
        std::vector<std::string_view> kept;
        for (int i = 0; i < 2'000; ++i) {
            const std::size_t size = random() % 50 == 0 ? random() % 100'000 : random() % 300;
            texts.emplace_back(size, static_cast<char>('a' + random() % 26));
            kept.push_back(arena.keep(texts.back()));
        }
        Arena moved = std::move(arena);
        for (std::size_t i = 0; i < texts.size(); ++i) ASSERT_EQ(kept[i], texts[i]);
        arena = std::move(moved);
        arena.clear();
    }
}

TEST(Arena, FillsAChunkToItsLastByteAndTakesNoOtherForIt) {
    Arena arena;
    EXPECT_EQ(arena.bytes(), 0u);
    for (int i = 0; i < 64; ++i) std::ignore = arena.room(1'024);
    EXPECT_EQ(arena.bytes(), 65'536u);
    EXPECT_TRUE(arena.keep({}).empty());
    EXPECT_EQ(arena.bytes(), 65'536u);
    std::ignore = arena.room(1);
    EXPECT_EQ(arena.bytes(), 131'072u);
}

TEST(Arena, KeepsItsChunksWhenClearedAndGivesLargeTextsBack) {
    Arena arena;
    for (int i = 0; i < 100; ++i) std::ignore = arena.room(1'024);
    std::ignore = arena.room(20'000);
    EXPECT_EQ(arena.bytes(), 131'072u + 20'000u);
    arena.clear();
    EXPECT_EQ(arena.bytes(), 131'072u);
    for (int i = 0; i < 128; ++i) std::ignore = arena.room(1'024);
    EXPECT_EQ(arena.bytes(), 131'072u);
}

}  // namespace
}  // namespace call
