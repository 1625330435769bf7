#include "alert/grouper.hpp"
#include "correlate/codec.hpp"
#include "policies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <random>

namespace {

using alert::Change;
using alert::Grouper;
using testing::ElementsAre;

std::shared_ptr<const policy::Set> policies() {
    return fixture::load(
        fixture::rule("a", "status: stable\ncallerprint: { subject: tenant, quiet: 1h }\n"));
}

/// A firing at these seconds, in time or behind a watermark.
correlate::Firing firing(const policy::Set& set, double seconds,
                         std::optional<double> behind = std::nullopt,
                         const std::string& tenant = "t1") {
    auto out = fixture::firing(set, "a", seconds, {{"metadata.tenant_uid", tenant}});
    out.window_start = out.at;
    if (behind) out.behind = base::event_time(static_cast<std::int64_t>(*behind * 1e6));
    return out;
}

/// Seconds at which alerts were opened, in the order in which they were.
std::vector<double> opened(const std::vector<Change>& changes) {
    std::vector<double> out;
    for (const auto& change : changes) {
        if (change.kind == Change::Kind::opened)
            out.push_back(static_cast<double>(base::micros(change.alert.opened)) / 1e6);
    }
    return out;
}

TEST(LateFiring, OpensAnAlertAtItsOwnTimeThatSaysSo) {
    const auto set = policies();
    Grouper grouper(set, {});
    std::vector<Change> changes;
    grouper.apply(firing(*set, 100, 50'000), changes);
    ASSERT_EQ(changes.size(), 1u);
    EXPECT_EQ(changes[0].kind, Change::Kind::opened);
    EXPECT_EQ(changes[0].alert.opened, base::event_time(100'000'000));
    EXPECT_EQ(changes[0].alert.summary, "Title of a: a call by tenant t1; its record came late");
    EXPECT_EQ(boost::json::serialize(changes[0].alert.evidence.at("late")),
              R"({"behind":"1970-01-01T13:53:20Z"})");
    grouper.apply(firing(*set, 50'001), changes);
    EXPECT_FALSE(changes[1].alert.evidence.contains("late"));
}

TEST(LateFiring, JoinsAnAlertLessThanAQuietTimeAway) {
    const auto set = policies();
    Grouper grouper(set, {});
    std::vector<Change> changes;
    grouper.apply(firing(*set, 10'000), changes);
    grouper.apply(firing(*set, 13'599, 13'599), changes);
    grouper.apply(firing(*set, 6'401, 13'599), changes);
    EXPECT_THAT(opened(changes), ElementsAre(10'000));
    EXPECT_EQ(changes.back().alert.id, changes.front().alert.id);
    EXPECT_EQ(changes.back().alert.count, 3u);
    EXPECT_EQ(changes.back().alert.last_seen, base::event_time(13'599'000'000));
    grouper.apply(firing(*set, 6'400, 13'599), changes);
    EXPECT_THAT(opened(changes), ElementsAre(10'000, 6'400));
}

TEST(LateFiring, WhatComesInTimeJoinsTheAlertItOpened) {
    const auto set = policies();
    Grouper grouper(set, {});
    std::vector<Change> changes;
    grouper.apply(firing(*set, 9'000, 10'000), changes);
    grouper.apply(firing(*set, 12'599), changes);
    grouper.apply(firing(*set, 12'600), changes);
    EXPECT_THAT(opened(changes), ElementsAre(9'000, 12'600)) << "quiet runs from the opening";
}

TEST(LateFiring, ABacklogInAnyOrderOpensAboutOneAlertAQuietTime) {
    const auto set = policies();
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::mt19937_64 random(seed);
        Grouper grouper(set, {});
        std::vector<Change> changes;
        grouper.apply(firing(*set, 1'000'000), changes);
        // Ten hours of calls, each second, that come when others are long past them.
        std::vector<double> times;
        for (int i = 0; i < 36'000; ++i) times.push_back(900'000 + i);
        if (seed > 0) std::shuffle(times.begin(), times.end(), random);
        for (const double at : times) grouper.apply(firing(*set, at, 1'000'000), changes);
        auto found = opened(changes);
        std::ranges::sort(found);
        EXPECT_LE(found.size(), 11u) << "none is less than a quiet time from another";
        EXPECT_GE(found.size(), 6u);
        for (std::size_t i = 1; i < found.size(); ++i) EXPECT_GE(found[i] - found[i - 1], 3'600);
        EXPECT_LE(changes.size(), 11u * 16u) << "told as their number doubles";
        if (seed == 0) EXPECT_EQ(found.size(), 11u) << "in order it is exact";
    }
}

TEST(LateFiring, IsRememberedForAQuietTimeAfterItWasKnown) {
    const auto set = policies();
    Grouper grouper(set, {});
    std::vector<Change> changes;
    grouper.apply(firing(*set, 100, 50'000), changes);
    grouper.apply(firing(*set, 53'599, std::nullopt, "t2"), changes);
    grouper.apply(firing(*set, 101, 53'599), changes);
    EXPECT_THAT(opened(changes), ElementsAre(100, 53'599));
    grouper.apply(firing(*set, 53'600, std::nullopt, "t2"), changes);
    EXPECT_EQ(grouper.stats().remembered, 1u);
}

TEST(LateFiring, StateIsKeptThroughARestart) {
    const auto set = policies();
    std::mt19937_64 random(3);
    Grouper whole(set, {});
    Grouper cut(set, {});
    std::vector<Change> expected;
    std::vector<Change> found;
    for (int i = 0; i < 600; ++i) {
        const double now = 100'000 + i * 300.0;
        const std::string tenant = "t" + std::to_string(random() % 3);
        const auto each =
            random() % 2 == 0
                ? firing(*set, now, std::nullopt, tenant)
                : firing(*set, now - static_cast<double>(random() % 50'000), now, tenant);
        whole.apply(each, expected);
        cut.apply(each, found);
        if (random() % 5 != 0) continue;
        correlate::Writer state;
        cut.save(state);
        cut = Grouper(set, {});
        correlate::Reader in(state.text());
        ASSERT_TRUE(cut.restore(in));
        EXPECT_TRUE(in.done());
    }
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(alert::to_json(found[i].alert), alert::to_json(expected[i].alert));
        EXPECT_EQ(found[i].kind, expected[i].kind);
    }
}

}  // namespace
