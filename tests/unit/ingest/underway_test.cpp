#include "ingest/underway.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

namespace ingest {
namespace {

using Steady = Underway::Steady;

class UnderwayTest : public testing::Test {
protected:
    void begin(std::size_t count, Steady::time_point at) {
        for (std::size_t i = 0; i < count; ++i)
            batches.push_back(std::make_unique<Underway::Batch>(underway, at));
    }
    Underway underway;
    std::deque<std::unique_ptr<Underway::Batch>> batches;
    const Steady::time_point start{std::chrono::hours(1)};
    const std::chrono::microseconds step{1};
};

TEST_F(UnderwayTest, IsCrowdedByManyOfWhichTheFirstIsLate) {
    EXPECT_FALSE(underway.crowded(start));
    begin(Underway::many, start);
    EXPECT_FALSE(underway.crowded(start + Underway::late));
    EXPECT_TRUE(underway.crowded(start + Underway::late + step));
    batches.pop_back();
    EXPECT_FALSE(underway.crowded(start + Underway::late + step)) << "one fewer is not many";
}

TEST_F(UnderwayTest, ManyThatAreQuickAreNoCrowd) {
    begin(1'000, start);
    EXPECT_FALSE(underway.crowded(start + Underway::late));
}

TEST_F(UnderwayTest, TheOldestOfThoseThatAreLeftCounts) {
    begin(1, start);
    begin(Underway::many, start + Underway::late);
    EXPECT_TRUE(underway.crowded(start + Underway::late + step));
    batches.pop_front();  // answered
    EXPECT_FALSE(underway.crowded(start + 2 * Underway::late));
    EXPECT_TRUE(underway.crowded(start + 2 * Underway::late + step));
}

}  // namespace
}  // namespace ingest
