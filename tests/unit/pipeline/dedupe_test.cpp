#include "pipeline/dedupe.hpp"
#include "pipeline/repeats.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>

namespace {

TEST(Dedupe, KnowsAnIdOnlyWithinItsSource) {
    pipeline::Dedupe dedupe(7);
    EXPECT_TRUE(dedupe.first("a", "1"));
    EXPECT_FALSE(dedupe.first("a", "1"));
    EXPECT_TRUE(dedupe.first("b", "1"));
}

TEST(Dedupe, TakesCallsWithoutIdAsNewEveryTime) {
    pipeline::Dedupe dedupe(7);
    EXPECT_TRUE(dedupe.first("a", ""));
    EXPECT_TRUE(dedupe.first("a", ""));
    EXPECT_EQ(dedupe.size(), 0u);
}

TEST(Dedupe, ForgetsTheOldestAtItsCapacity) {
    pipeline::Dedupe dedupe(7, 3);
    for (const auto* id : {"1", "2", "3"}) EXPECT_TRUE(dedupe.first("a", id));
    EXPECT_TRUE(dedupe.first("a", "4"));  // 1 is forgotten
    EXPECT_FALSE(dedupe.first("a", "2"));
    EXPECT_TRUE(dedupe.first("a", "1"));  // 2 is forgotten
    EXPECT_TRUE(dedupe.first("a", "2"));
    EXPECT_EQ(dedupe.size(), 3u);
}

TEST(Dedupe, AgreesWithAListOfTheNewestAcrossRestarts) {
    std::mt19937 random(42);
    pipeline::Dedupe dedupe(1, 50);
    std::deque<int> newest;  // the slow, obvious way
    for (int i = 0; i < 20'000; ++i) {
        const int id = static_cast<int>(random() % 120);
        const bool known = std::ranges::find(newest, id) != newest.end();
        if (!known) {
            newest.push_back(id);
            if (newest.size() > 50) newest.pop_front();
        }
        ASSERT_EQ(dedupe.first("s", std::to_string(id)), !known) << i;
        if (i % 997 != 0) continue;
        pipeline::Dedupe restored(1, 50);
        correlate::Writer out;
        dedupe.save(out);
        correlate::Reader in(out.text());
        restored.restore(in);
        ASSERT_TRUE(in.done());
        dedupe = std::move(restored);
    }
}

TEST(Repeats, CountTheFirstBatchOfAKeyWithAllItsBlocks) {
    pipeline::Repeats repeats(3);
    journal::Block first{.client = "c", .batch_id = "b1", .idempotency = 5};
    journal::Block again{.client = "c", .batch_id = "b2", .idempotency = 5};
    journal::Block other{.client = "d", .batch_id = "b3", .idempotency = 5};
    EXPECT_TRUE(repeats.counts(first));
    EXPECT_TRUE(repeats.counts(first));
    EXPECT_FALSE(repeats.counts(again));
    EXPECT_TRUE(repeats.counts(other));
    pipeline::Repeats restored(3);
    correlate::Writer out;
    repeats.save(out);
    correlate::Reader in(out.text());
    restored.restore(in);
    ASSERT_TRUE(in.done());
    EXPECT_FALSE(restored.counts(again));
    EXPECT_TRUE(restored.counts(first));
}

TEST(Repeats, AndDedupeTellThatWhatWasSavedIsCut) {
    pipeline::Dedupe dedupe(1);
    EXPECT_TRUE(dedupe.first("a", "1"));
    pipeline::Repeats repeats(1);
    EXPECT_TRUE(repeats.counts({.client = "c", .batch_id = "b", .idempotency = 5}));
    const auto cut = [](auto& saved) {
        correlate::Writer out;
        saved.save(out);
        correlate::Reader in(out.text().substr(0, out.text().size() - 1));
        saved.restore(in);
        return !in.good();
    };
    EXPECT_TRUE(cut(dedupe));
    EXPECT_TRUE(cut(repeats));
}

TEST(Repeats, CountEveryBatchWithoutKey) {
    pipeline::Repeats repeats(3);
    const journal::Block block{.client = "c", .batch_id = "b1"};
    EXPECT_TRUE(repeats.counts(block));
    EXPECT_TRUE(repeats.counts({.client = "c", .batch_id = "b2"}));
}

}  // namespace
