#include "presence/power.hpp"

#include "world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace presence {
namespace {

TEST(Power, OfAFullyCoveredPeriodIsOneSession) {
    const test::World world;
    const Power power = power_of(world.facts.coverage);
    EXPECT_GT(power.covered, 0.999);
    EXPECT_EQ(power.n95[0], 1U);
    EXPECT_EQ(power.n95[1], 5U);   // ln 0.05 / ln 0.5 = 4.3
    EXPECT_EQ(power.n95[2], 29U);  // ln 0.05 / ln 0.9 = 28.4
    EXPECT_EQ(power.unseen95[2], 28U);
    EXPECT_EQ(power.burst_missed, 0);
}

TEST(Power, FallsWithCanariesThatWereNotFound) {
    test::World world;
    world.facts.coverage.canaries = {.sent = 100, .found = 50};
    const Power power = power_of(world.facts.coverage);
    EXPECT_LT(power.covered, 0.5);
    EXPECT_GT(*power.n95[0], 4U);
}

TEST(Power, WithoutCoverageIsNone) {
    test::World world;
    world.facts.coverage.sources.clear();
    coverage::measure(world.facts.coverage);
    const Power power = power_of(world.facts.coverage);
    EXPECT_FALSE(power.n95[0]);
    EXPECT_FALSE(power.unseen95[0]);
}

coverage::Gap counted(coverage::Cause cause, const test::World& world, std::uint64_t lost) {
    return {.source = "gateway",
            .from = world.facts.coverage.from,
            .to = world.facts.coverage.to,
            .cause = cause,
            .lost = lost,
            .acknowledged = true};
}

TEST(Power, OfAPeriodOfWhichAPartIsLostIsNotThatOfAHole) {
    test::World world;
    world.facts.coverage.sources[0].lost = 10'000;
    world.facts.coverage.gaps = {counted(coverage::Cause::counter, world, 10'000)};
    coverage::measure(world.facts.coverage);
    const Power power = power_of(world.facts.coverage);
    EXPECT_NEAR(power.covered, 10.0 / 11, 0.01);
    EXPECT_EQ(power.burst_missed, 0);
    EXPECT_EQ(power.n95[0], 2U);
}

TEST(Power, OfMissingNumbersIsThatOfAHole) {
    test::World world;
    world.facts.coverage.gaps = {counted(coverage::Cause::sequence, world, 100)};
    coverage::measure(world.facts.coverage);
    EXPECT_FALSE(power_of(world.facts.coverage).n95[0]);
}

/// A party that keeps to one source, with sessions of one call: the worst case.
TEST(Power, HoldsForAPartyOfOneSource) {
    std::mt19937_64 random(3);
    for (int round = 0; round < 20; ++round) {
        test::World world;
        auto& sources = world.facts.coverage.sources;
        sources.resize(3, sources.front());
        std::vector<double> reach;
        double sent = 0;
        for (std::size_t i = 0; i < sources.size(); ++i) {
            sources[i].source = "gateway-" + std::to_string(i);
            sources[i].parsed = 1'000 + random() % 100'000;
            sources[i].lost = random() % 2 == 0 ? 0 : random() % 50'000;
            sent += static_cast<double>(sources[i].parsed + sources[i].lost);
            reach.push_back(sent);
        }
        coverage::measure(world.facts.coverage);
        const auto sessions = power_of(world.facts.coverage).n95[0];
        ASSERT_TRUE(sessions);
        constexpr int worlds = 4'000;
        int seen = 0;
        std::uniform_real_distribution<double> uniform(0, 1);
        for (int w = 0; w < worlds; ++w) {
            const double draw = uniform(random) * sent;
            std::size_t source = 0;
            while (source + 1 < reach.size() && draw >= reach[source]) ++source;
            const double lost = static_cast<double>(sources[source].lost) /
                                static_cast<double>(sources[source].lost + sources[source].parsed);
            bool found = false;
            for (std::uint64_t s = 0; s < *sessions && !found; ++s) found = uniform(random) >= lost;
            seen += found;
        }
        EXPECT_GE(seen, worlds * 0.95 - 3 * std::sqrt(worlds * 0.95 * 0.05)) << "round " << round;
    }
}

TEST(Power, OfOneSourceIsTheFormula) {
    for (const std::uint64_t lost : {0ULL, 10ULL, 20'000ULL, 300'000ULL}) {
        test::World world;
        world.facts.coverage.sources[0].lost = lost;
        coverage::measure(world.facts.coverage);
        const Power power = power_of(world.facts.coverage);
        for (std::size_t r = 0; r < 3; ++r) {
            EXPECT_EQ(power.n95[r], sessions_for_95(power.covered * Power::recalls[r])) << lost;
        }
    }
}

/// The claim itself: a party that makes n95 sessions, each showing the clue with probability r, is
/// seen in at least 95 % of worlds with these gaps.
TEST(Power, HoldsInSimulatedWorldsWithGaps) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 20; ++round) {
        test::World world;
        std::vector<std::pair<int, int>> gaps;  // hours
        for (int i = 0; i < round; ++i) {
            const int from = static_cast<int>(random() % 700);
            const int to = from + 1 + static_cast<int>(random() % 12);
            gaps.emplace_back(from, to);
            world.facts.coverage.gaps.push_back(
                {.source = "gateway", .from = test::at(1, from), .to = test::at(1, to)});
        }
        coverage::measure(world.facts.coverage);
        const Power power = power_of(world.facts.coverage);
        for (std::size_t r = 0; r < 3; ++r) {
            ASSERT_TRUE(power.n95[r]);
            int seen = 0;
            constexpr int worlds = 2'000;
            for (int w = 0; w < worlds; ++w) {
                bool found = false;
                for (std::uint64_t s = 0; s < *power.n95[r] && !found; ++s) {
                    const int hour = static_cast<int>(random() % 720);
                    const bool lost = std::ranges::any_of(gaps, [&](const auto& gap) {
                        return hour >= gap.first && hour < gap.second;
                    });
                    const bool shows =
                        static_cast<double>(random() % 1'000) < 1'000 * Power::recalls[r];
                    found = !lost && shows;
                }
                seen += found;
            }
            // Three standard deviations of 2,000 trials below the promise.
            EXPECT_GE(seen, worlds * 0.95 - 3 * std::sqrt(worlds * 0.95 * 0.05))
                << "round " << round << " recall " << Power::recalls[r];
        }
    }
}

}  // namespace
}  // namespace presence
