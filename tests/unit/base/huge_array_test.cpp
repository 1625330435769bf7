#include "base/huge_array.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace {

struct alignas(64) Line {
    std::uint64_t value;
};

// Below and above the size from which it is mapped, and no multiple of a page.
constexpr std::size_t sizes[] = {1, 3, 1'000, 32'768, 100'001};

TEST(HugeArray, StartsEmptyAndAligned) {
    for (const std::size_t size : sizes) {
        base::HugeArray<Line> array(size);
        ASSERT_EQ(array.size(), size);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&array[0]) % alignof(Line), 0u);
        EXPECT_TRUE(std::ranges::all_of(array.all(), [](const Line& l) { return l.value == 0; }));
        array[0].value = 1;
        array[size - 1].value = 2;
        array.clear();
        EXPECT_EQ(array[0].value + array[size - 1].value, 0u);
    }
}

TEST(HugeArray, MovesItsMemory) {
    for (const std::size_t size : sizes) {
        base::HugeArray<Line> first(size);
        first[size - 1].value = 7;
        base::HugeArray<Line> second(2);
        std::swap(first, second);
        EXPECT_EQ(second.size(), size);
        EXPECT_EQ(second[size - 1].value, 7u);
        EXPECT_EQ(first.size(), 2u);
    }
}

}  // namespace
