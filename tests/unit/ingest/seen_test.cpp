#include "ingest/seen.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <thread>

namespace ingest {
namespace {

using Ids = std::vector<std::uint64_t>;

TEST(Seen, CountsIdsOfEarlierBatchesAndOfTheSame) {
    Seen seen(100);
    EXPECT_EQ(seen.repeats("a", Ids{1, 2, 2, 3}), 1u);
    EXPECT_EQ(seen.repeats("a", Ids{3, 4, 1}), 2u);
    EXPECT_EQ(seen.repeats("b", Ids{1, 2, 3}), 0u) << "an id belongs to its source";
}

TEST(Seen, TakesRecordsWithoutAnIdForNew) {
    Seen seen(100);
    EXPECT_EQ(seen.repeats("a", Ids{0, 0, 0}), 0u);
}

TEST(Seen, AgreesWithAListOfTheNewest) {
    constexpr std::size_t most = 50;
    std::mt19937_64 random(7);
    Seen seen(most);
    std::deque<std::uint64_t> newest;
    for (int batch = 0; batch < 500; ++batch) {
        Ids ids(random() % 30);
        std::uint32_t expected = 0;
        for (std::uint64_t& id : ids) {
            id = 1 + random() % 90;
            if (std::ranges::find(newest, id) != newest.end()) {
                ++expected;
                continue;
            }
            newest.push_back(id);
            if (newest.size() > most) newest.pop_front();
        }
        ASSERT_EQ(seen.repeats("a", ids), expected) << batch;
    }
}

TEST(Seen, CountsEachIdOnceAmongThreads) {
    constexpr std::uint64_t ids = 2'000;
    Seen seen(ids);
    std::vector<std::uint32_t> repeats(4);
    {
        std::vector<std::jthread> threads;
        for (std::uint32_t& mine : repeats) {
            threads.emplace_back([&seen, &mine] {
                for (std::uint64_t id = 1; id <= ids; ++id) mine += seen.repeats("a", Ids{id});
            });
        }
    }
    EXPECT_EQ(repeats[0] + repeats[1] + repeats[2] + repeats[3], 3 * ids);
}

}  // namespace
}  // namespace ingest
