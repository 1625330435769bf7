#include "coverage/canary.hpp"

#include <gtest/gtest.h>

#include <random>

namespace coverage {
namespace {

TEST(CanaryKeys, AreKnownByTheSecretOnly) {
    const CanaryKeys ours("one secret"), other("another"), none("");
    std::mt19937 random(1);
    for (int round = 0; round < 100; ++round) {
        std::array<std::uint8_t, 10> number{};
        for (auto& byte : number) byte = static_cast<std::uint8_t>(random());
        const std::string key = ours.make(number);
        EXPECT_EQ(key.size(), 40);
        EXPECT_TRUE(ours.is(key));
        EXPECT_FALSE(other.is(key));
        EXPECT_FALSE(none.is(key));
        std::string damaged = key;
        damaged[random() % damaged.size()] ^= 1;
        EXPECT_FALSE(ours.is(damaged)) << damaged;
        EXPECT_FALSE(ours.is(key + "a"));
        EXPECT_FALSE(ours.is(key.substr(1)));
    }
    EXPECT_FALSE(ours.is(""));
    EXPECT_FALSE(ours.is("canary-"));
}

}  // namespace
}  // namespace coverage
