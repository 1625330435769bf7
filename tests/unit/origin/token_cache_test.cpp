#include "origin/token_cache.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>

namespace origin {
namespace {

Question question(std::uint64_t place, std::int64_t asn = 0, std::uint32_t client = 0,
                  std::uint32_t wire = 0, Question::Where where = Question::Where::v4) {
    return {Level::place, where, place, asn, client, wire};
}

TEST(TokenCache, TellsQuestionsApartByEveryPart) {
    const Question one = question(1, 2, 3, 4);
    EXPECT_EQ(one, question(1, 2, 3, 4));
    EXPECT_FALSE(one == question(0, 2, 3, 4));
    EXPECT_FALSE(one == question(1, 0, 3, 4));
    EXPECT_FALSE(one == question(1, 2, 0, 4));
    EXPECT_FALSE(one == question(1, 2, 3, 0));
    EXPECT_FALSE(one == question(1, 2, 3, 4, Question::Where::v6));
    EXPECT_FALSE(one == Question(Level::exact, Question::Where::v4, 1, 2, 3, 4));
    EXPECT_TRUE(Question().none());
    EXPECT_FALSE(question(0, 0, 0, 0, Question::Where::nowhere).none());
}

TEST(TokenCache, GivesWhatWasPutInOrNothing) {
    std::mt19937_64 random(3);
    for (const std::size_t most : {std::size_t{16}, std::size_t{1'000}, std::size_t{100'000}}) {
        TokenCache cache(most, random());
        std::size_t found = 0;
        for (int i = 0; i < 50'000; ++i) {
            const std::uint64_t place = random() % 3'000;
            const Question asked = question(place, static_cast<std::int64_t>(place % 7));
            Token token{};
            std::snprintf(token.data(), token.size(), "%llu",
                          static_cast<unsigned long long>(place));
            const auto hash = cache.hash(asked);
            if (const Token* known = cache.find(asked, hash)) {
                ASSERT_EQ(*known, token);
                ++found;
            } else {
                cache.add(asked, hash, token);
                ASSERT_EQ(*cache.find(asked, hash), token);
            }
        }
        if (most > 3'000) {
            EXPECT_GT(found, 40'000u);
        }
        cache.clear();
        EXPECT_EQ(cache.find(question(1, 1), cache.hash(question(1, 1))), nullptr);
    }
}

}  // namespace
}  // namespace origin
