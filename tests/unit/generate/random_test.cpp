#include "generate/random.hpp"

#include <gtest/gtest.h>

#include <array>

namespace {

using generate::Random;

TEST(Random, GivesTheSameNumbersEverywhere) {
    Random random(1);
    EXPECT_EQ(random.next(), 12966619160104079557U);
    EXPECT_EQ(random.next(), 9600361134598540522U);
}

TEST(Random, StaysBelowItsBound) {
    Random random(2);
    std::array<int, 7> seen{};
    for (int i = 0; i < 7'000; ++i) ++seen.at(random.below(7));
    for (const int count : seen) EXPECT_NEAR(count, 1'000, 150);
}

TEST(Random, PicksByWeight) {
    Random random(3);
    const std::array<std::uint64_t, 3> totals{10, 10, 40};  // the second weighs nothing
    std::array<int, 3> seen{};
    for (int i = 0; i < 4'000; ++i) ++seen.at(random.pick(totals));
    EXPECT_NEAR(seen[0], 1'000, 120);
    EXPECT_EQ(seen[1], 0);
}

TEST(Zipf, HalvesForTheSecond) {
    const auto totals = generate::zipf_totals(3);
    EXPECT_EQ(totals[0], std::uint64_t{1} << 32U);
    EXPECT_EQ(totals[1] - totals[0], std::uint64_t{1} << 31U);
}

TEST(Uuid, IsOfVersionFour) {
    Random random(4);
    std::string uuid;
    generate::append_uuid(uuid, random);
    ASSERT_EQ(uuid.size(), 36U);
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string("89ab").find(uuid[19]), std::string::npos);
}

}  // namespace
