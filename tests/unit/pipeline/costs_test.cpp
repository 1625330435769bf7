#include "pipeline/costs.hpp"

#include <gtest/gtest.h>

namespace {

using pipeline::Cost;
using pipeline::Costs;
using pipeline::over_budget;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Costs, AreSharesOfTheTimeSinceTheLast) {
    Costs costs;
    costs.add(3, milliseconds(40));
    costs.add(0, milliseconds(100));
    costs.add(3, milliseconds(160));
    EXPECT_EQ(costs.take(seconds(10)), (std::vector<Cost>{{3, 0.02}, {0, 0.01}}));
    EXPECT_TRUE(costs.take(seconds(10)).empty());
    costs.add(1, milliseconds(1));
    EXPECT_EQ(costs.take(milliseconds(2)), (std::vector<Cost>{{1, 0.5}}));
}

TEST(OverBudget, IsWhoTakesMoreThanItsShare) {
    EXPECT_EQ(over_budget({{4, 0.02}, {2, 0.0101}, {7, 0.01}, {1, 0.001}}, 0.01),
              (std::vector<Cost>{{4, 0.02}, {2, 0.0101}}));
    EXPECT_TRUE(over_budget({{7, 0.01}}, 0.01).empty()) << "all of it is not above it";
    EXPECT_TRUE(over_budget({}, 0.01).empty());
}

/// Each has little of the core because all have it: the core is what they are over.
TEST(OverBudget, IsTheCostliestOfManyThatTakeHalfACoreTogether) {
    std::vector<Cost> costs;
    for (policy::PolicyIndex i = 0; i < 128; ++i) costs.push_back({i, 1.0 / 128});
    EXPECT_EQ(over_budget(costs, 0.01).size(), 64);
    costs.resize(64);
    EXPECT_TRUE(over_budget(costs, 0.01).empty());
}

}  // namespace
