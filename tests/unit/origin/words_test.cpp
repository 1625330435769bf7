#include "origin/words.hpp"

#include <gtest/gtest.h>

#include <string>

namespace origin {
namespace {

TEST(Words, NumberEqualTextsEqualAndOthersOtherwise) {
    Words words(1);
    EXPECT_EQ(words.number({"", ""}), 0u);
    const auto first = words.number({"a", "bc"});
    EXPECT_NE(first, 0u);
    EXPECT_EQ(words.number({"a", "bc"}), first);
    EXPECT_NE(words.number({"ab", "c"}), first);
}

TEST(Words, TakeAgentsForOneThatDifferInWhatALevelDrops) {
    Words words(1);
    const auto numbers = words.agent("PayrollBot/3.1 Boto3/1.34.2 Linux/5.10").numbers;
    const auto patched = words.agent("PayrollBot/3.2 Boto3/1.34.9 Linux/5.15").numbers;
    EXPECT_EQ(patched, numbers);
    const auto minor = words.agent("PayrollBot/3.1 Boto3/1.35.2 Linux/5.10").numbers;
    EXPECT_NE(minor[0], numbers[0]);  // L0 holds the minor version
    EXPECT_EQ(minor[1], numbers[1]);
    EXPECT_EQ(words.agent("-").numbers, (std::array<std::uint32_t, 4>{}));
}

TEST(Words, ReadNoMoreOfAnAgentThanCounts) {
    Words words(1);
    const std::string long_agent = "Boto3/1.34.2 " + std::string(600, 'x');
    EXPECT_EQ(&words.agent(long_agent), &words.agent(long_agent + "y"));
}

TEST(Words, ForgetWhenTheyTakeTooMuchAndLeaveWhatTheyLent) {
    Words words(1);
    const auto owner = words.owner();
    const Client& kept = words.agent("PayrollBot/3.1 Boto3/1.34.2").client;
    const auto before = words.number({"x"});
    EXPECT_FALSE(words.make_room(1 << 20));
    EXPECT_EQ(words.number({"x"}), before);
    EXPECT_FALSE(words.make_room(10));  // numbers go on, so nothing kept by them is wrong
    EXPECT_GT(words.number({"x"}), before);
    EXPECT_EQ(kept.family, "boto3");  // the owner holds it
}

}  // namespace
}  // namespace origin
