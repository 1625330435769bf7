#include "coverage/certificate.hpp"

#include "coverage/gaps.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace coverage {
namespace {

using base::EventTime;
using std::chrono::hours;
using std::chrono::minutes;

EventTime at(int minute) {
    return EventTime{minutes(minute)};
}

Certificate window(int to) {
    return {.from = at(0), .to = at(to)};
}

SourceLine line(std::string source, std::uint64_t parsed, std::uint64_t lost = 0,
                std::uint64_t rejected = 0) {
    return {.source = std::move(source),
            .received = parsed + rejected,
            .parsed = parsed,
            .rejected = rejected,
            .lost = lost};
}

Gap gap(std::string source, int from, int to, Cause cause = Cause::silent) {
    return {.source = std::move(source), .from = at(from), .to = at(to), .cause = cause};
}

TEST(Share, LowerBoundFallsWithWhatIsMissingAndGrowsWithWhatCame) {
    for (const std::uint64_t received : {0u, 1u, 10u, 1'000u, 1'000'000u}) {
        for (const std::uint64_t missing : {0u, 1u, 7u, 100u, 50'000u}) {
            const double bound = share_lower95(received, missing);
            EXPECT_GT(bound, 0);
            EXPECT_LT(bound, 1);
            EXPECT_LT(share_lower95(received, missing + 1), bound);
            EXPECT_GT(share_lower95(received + 1, missing), bound);
            const double plain =
                static_cast<double>(received + 1) / static_cast<double>(received + missing + 2);
            EXPECT_LT(bound, plain);
        }
    }
}

TEST(Share, LowerBoundIsExactWhenNothingIsMissing) {
    EXPECT_DOUBLE_EQ(share_lower95(0, 0), 0.05);
    EXPECT_NEAR(share_lower95(58, 0), std::pow(0.05, 1.0 / 59), 1e-12);
}

TEST(Share, LowerBoundIsThatOfASimulation) {
    std::mt19937_64 random(1);
    for (const auto& [received, missing] : {std::pair{20, 0}, {20, 3}, {200, 10}, {5, 5}}) {
        // Beta(a, b) as a quotient of two gamma variables.
        std::gamma_distribution<double> came(received + 1, 1), lost(missing + 1, 1);
        std::vector<double> shares(100'000);
        for (double& share : shares) {
            const double a = came(random);
            share = a / (a + lost(random));
        }
        std::ranges::nth_element(shares, shares.begin() + 5'000);
        EXPECT_NEAR(share_lower95(static_cast<unsigned>(received), static_cast<unsigned>(missing)),
                    shares[5'000], 0.01);
    }
}

TEST(Share, LowerBoundHoldsForCountsOfAProvider) {
    EXPECT_NEAR(share_lower95(1'000'000'000'000, 10'000'000'000), 0.990099, 1e-5);
    EXPECT_GT(share_lower95(UINT64_C(1) << 62, 0), 0.999999);
    EXPECT_LT(share_lower95(0, UINT64_C(1) << 62), 1e-12);
}

TEST(Measure, NothingMissingIsAll) {
    auto certificate = window(60);
    certificate.sources = {line("a", 1'000), line("b", 0)};
    measure(certificate);
    EXPECT_EQ(certificate.share, 1);
    EXPECT_NEAR(certificate.lower95, share_lower95(1'000, 0), 1e-12);
}

TEST(Measure, WithoutASourceNothingCouldBeSeen) {
    auto certificate = window(60);
    measure(certificate);
    EXPECT_EQ(certificate.share, 0);
    EXPECT_EQ(certificate.lower95, 0);
}

TEST(Measure, LostAndRefusedRecordsAreMissing) {
    auto certificate = window(60);
    certificate.sources = {line("a", 90, 6, 4)};
    measure(certificate);
    EXPECT_DOUBLE_EQ(certificate.share, 0.9);
    EXPECT_DOUBLE_EQ(certificate.lower95, share_lower95(90, 10));
}

TEST(Measure, ASilentHalfIsHalf) {
    auto certificate = window(60);
    certificate.sources = {line("a", 100)};
    certificate.gaps = {gap("a", 30, 60)};
    measure(certificate);
    EXPECT_DOUBLE_EQ(certificate.share, 0.5);
    certificate.gaps[0].acknowledged = true;
    measure(certificate);
    EXPECT_DOUBLE_EQ(certificate.share, 0.5);
}

TEST(Measure, SourcesWeighWhatTheyWouldHaveSent) {
    auto certificate = window(60);
    certificate.sources = {line("a", 100), line("b", 50)};
    certificate.gaps = {gap("b", 0, 30)};
    measure(certificate);
    EXPECT_DOUBLE_EQ(certificate.share, 0.75);  // 150 of 200
}

TEST(Measure, ASourceThatNeverCameWeighsLikeTheMeanOfTheOthers) {
    auto certificate = window(60);
    certificate.sources = {line("a", 100), line("b", 300), line("c", 0)};
    certificate.gaps = {gap("c", 0, 60)};
    measure(certificate);
    EXPECT_DOUBLE_EQ(certificate.share, 400.0 / 600);
}

TEST(Measure, WhatIsNotKeptIsKeptOfNoSource) {
    auto certificate = window(60);
    certificate.sources = {line("a", 100), line("b", 100)};
    certificate.gaps = {gap("", 0, 60, Cause::not_retained)};
    measure(certificate);
    EXPECT_EQ(certificate.share, 0);
    EXPECT_EQ(certificate.lower95, 0);
}

TEST(Measure, MoreGapsNeverMakeMore) {
    std::mt19937 random(3);
    for (int round = 0; round < 300; ++round) {
        auto certificate = window(100);
        for (const auto* source : {"a", "b", "c"})
            certificate.sources.push_back(line(source, 1'000, random() % 5, random() % 5));
        for (int i = 0; i < 6; ++i) {
            const int from = static_cast<int>(random() % 90);
            const std::string source(1, static_cast<char>('a' + random() % 3));
            measure(certificate);
            const double before = certificate.share;
            // Of one source alone the share can only fall.
            Certificate alone = certificate;
            alone.sources = {*std::ranges::find(certificate.sources, source, &SourceLine::source)};
            measure(alone);
            const double share = alone.share, lower = alone.lower95;
            const Gap more = gap(source, from, from + 1 + static_cast<int>(random() % 10));
            alone.gaps.push_back(more);
            measure(alone);
            EXPECT_LE(alone.share, share);
            EXPECT_LE(alone.lower95, lower);
            EXPECT_LE(alone.lower95, alone.share);
            certificate.gaps.push_back(more);
            measure(certificate);
            EXPECT_LE(certificate.share, 1);
            EXPECT_GE(certificate.share, 0);
            EXPECT_LE(certificate.share, before + 1e-12);
        }
    }
}

TEST(Hole, IsAGapThatNobodyKnowsOf) {
    auto certificate = window(60);
    EXPECT_TRUE(has_unacknowledged_hole(certificate)) << "nothing could come";
    certificate.sources = {line("a", 1)};
    EXPECT_FALSE(has_unacknowledged_hole(certificate));
    certificate.gaps = {gap("a", 1, 2)};
    EXPECT_TRUE(has_unacknowledged_hole(certificate));
    certificate.gaps[0].acknowledged = true;
    EXPECT_FALSE(has_unacknowledged_hole(certificate));
}

TEST(Burst, BoundsASimulation) {
    std::mt19937_64 random(5);
    for (int round = 0; round < 40; ++round) {
        auto certificate = window(1'000);
        std::vector<Span> holes;
        for (int i = 0; i < 5; ++i) {
            const int from = static_cast<int>(random() % 950);
            const int to = from + 1 + static_cast<int>(random() % 50);
            certificate.gaps.push_back(gap(i % 2 ? "a" : "b", from, to));
            holes.push_back({at(from), at(to)});
        }
        holes = joined(std::move(holes), certificate.from, certificate.to);
        const minutes length(static_cast<int>(random() % 30));
        int touched = 0, inside = 0;
        constexpr int tries = 4'000;
        std::uniform_real_distribution<double> start(0, 1'000);
        for (int i = 0; i < tries; ++i) {
            const auto begin = at(0) + std::chrono::microseconds(std::int64_t(start(random) * 6e7));
            touched += std::ranges::any_of(holes, [&](const Span& hole) {
                return begin < hole.to && begin + length > hole.from;
            });
            inside += std::ranges::any_of(holes, [&](const Span& hole) {
                return begin >= hole.from && begin + length <= hole.to;
            });
        }
        const double bound = burst_in_gaps(certificate, length);
        EXPECT_LE(touched, tries * (bound + 0.04));
        EXPECT_LE(inside, touched);
        EXPECT_LE(bound, 1);
    }
}

TEST(Burst, IsOneWhenTheGapIsEverything) {
    auto certificate = window(60);
    certificate.gaps = {gap("a", 0, 60)};
    EXPECT_EQ(burst_in_gaps(certificate, hours(1)), 1);
    certificate.gaps.clear();
    EXPECT_EQ(burst_in_gaps(certificate, hours(1)), 0);
}

TEST(CallsSeen, AreThoseOfTheRuleOfThree) {
    EXPECT_EQ(calls_seen95(1), 1);
    EXPECT_EQ(calls_seen95(0.98), 1);
    EXPECT_NEAR(calls_seen95(0.02 * 0.98), 151.3, 0.1);
    EXPECT_TRUE(std::isinf(calls_seen95(0)));
    EXPECT_TRUE(std::isinf(calls_seen95(-1)));
    EXPECT_NEAR(calls_seen95(1e-9) * 1e-9, 2.9957, 1e-3);
}

TEST(Causes, AreNamedAndRead) {
    for (int i = 0; i < 8; ++i) {
        const auto cause = static_cast<Cause>(i);
        EXPECT_EQ(parse_cause(name(cause)), cause);
    }
    EXPECT_EQ(parse_cause("quiet"), std::nullopt);
    EXPECT_EQ(name(Cause::dead_letters), "dead_letters");
}

}  // namespace
}  // namespace coverage
