#include "alert/difference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace {

using alert::Difference;
using testing::ElementsAre;
using testing::IsEmpty;

base::EventTime at(std::int64_t minute) {
    return base::event_time(1'750'000'000'000'000 + minute * 60'000'000);
}

/// An alert of a policy about a tenant that speaks for an hour.
alert::Past past(const std::string& policy, const std::string& tenant, std::int64_t minute,
                 std::uint64_t count = 1) {
    alert::Past out;
    out.alert.id = policy + "/" + tenant + "/" + std::to_string(minute);
    out.alert.policy_key = policy;
    out.alert.tenant = tenant;
    out.alert.subject = {"tenant", tenant};
    out.alert.opened = at(minute);
    out.alert.last_seen = at(minute);
    out.alert.count = count;
    out.quiet_until = at(minute + 60);
    return out;
}

std::vector<std::string> told(const std::vector<alert::Past>& before,
                              const std::vector<alert::Past>& after) {
    std::vector<std::string> out;
    for (const auto& difference : alert::differences(before, after)) {
        const auto& one = difference.before ? before[*difference.before] : after[*difference.after];
        std::string line = std::string(name(difference.kind)) + " " + one.alert.id;
        for (const auto& what : difference.what) line += " " + what;
        out.push_back(line);
    }
    return out;
}

TEST(Difference, TellsGainedLostChangedAndUnchangedApart) {
    EXPECT_THAT(
        told({past("a", "t1", 0), past("a", "t2", 0), past("a", "t3", 0, 5)},
             {past("a", "t4", 0), past("a", "t1", 0), past("a", "t3", 0, 7)}),
        ElementsAre("unchanged a/t1/0", "lost a/t2/0", "changed a/t3/0 count", "gained a/t4/0"));
}

TEST(Difference, PairsAlertsThatOpenAtAnotherCallOfTheSameMatter) {
    EXPECT_THAT(told({past("a", "t1", 30)}, {past("a", "t1", 10)}),
                ElementsAre("changed a/t1/30 opened last_seen"));
}

TEST(Difference, DoesNotPairWhatIsFarApartOrOfAnotherTenantOrPolicy) {
    EXPECT_THAT(told({past("a", "t1", 0)}, {past("a", "t1", 61)}),
                ElementsAre("lost a/t1/0", "gained a/t1/61"));
    EXPECT_THAT(told({past("a", "t1", 0)}, {past("a", "t2", 0)}),
                ElementsAre("lost a/t1/0", "gained a/t2/0"));
    EXPECT_THAT(told({past("a", "t1", 0)}, {past("b", "t1", 0)}),
                ElementsAre("lost a/t1/0", "gained b/t1/0"));
}

TEST(Difference, PairsEachAlertOnce) {
    EXPECT_THAT(told({past("a", "t1", 0)}, {past("a", "t1", 10), past("a", "t1", 50)}),
                ElementsAre("changed a/t1/0 opened last_seen", "gained a/t1/50"));
    EXPECT_THAT(told({past("a", "t1", 0)}, {past("a", "t1", 0), past("a", "t1", 50)}),
                ElementsAre("unchanged a/t1/0", "gained a/t1/50"));
}

TEST(Difference, FindsAnAlertAgainThatOpensAtAnotherCall) {
    const std::vector<alert::Past> wanted{past("a", "t1", 30), past("a", "t2", 30),
                                          past("b", "t1", 30), past("a", "t1", 200)};
    const std::vector<alert::Past> alerts{past("a", "t1", 0), past("a", "t1", 10),
                                          past("a", "t2", 300)};
    EXPECT_THAT(alert::found_among(wanted, alerts), ElementsAre(true, false, false, false));
}

TEST(Difference, OfNothingIsNothing) {
    EXPECT_THAT(told({}, {}), IsEmpty());
}

// Whatever is compared: every alert of both sides is told of exactly once, in one order whatever
// the order given, and a judgement does not differ from itself.
TEST(Difference, CoversBothSidesOnceInAnyOrderGiven) {
    std::mt19937 random(7);
    const auto some = [&] {
        std::vector<alert::Past> out;
        for (int i = 0; i < 40; ++i) {
            auto one = past(std::string(1, static_cast<char>('a' + random() % 3)),
                            "t" + std::to_string(random() % 3), random() % 500, random() % 3);
            const bool there = std::ranges::any_of(
                out, [&](const auto& other) { return other.alert.id == one.alert.id; });
            if (!there) out.push_back(one);
        }
        return out;
    };
    for (int round = 0; round < 200; ++round) {
        auto before = some();
        auto after = some();
        const auto first = told(before, after);
        std::vector<int> seen_before(before.size());
        std::vector<int> seen_after(after.size());
        for (const auto& difference : alert::differences(before, after)) {
            if (difference.before) ++seen_before[*difference.before];
            if (difference.after) ++seen_after[*difference.after];
            if (!difference.before || !difference.after) continue;
            const auto& b = before[*difference.before];
            const auto& a = after[*difference.after];
            EXPECT_TRUE(a.alert.id == b.alert.id || same_matter(a, b));
        }
        EXPECT_EQ(seen_before, std::vector<int>(before.size(), 1));
        EXPECT_EQ(seen_after, std::vector<int>(after.size(), 1));
        std::ranges::shuffle(before, random);
        std::ranges::shuffle(after, random);
        EXPECT_EQ(told(before, after), first);
        for (const auto& difference : alert::differences(before, before)) {
            EXPECT_EQ(difference.kind, Difference::Kind::unchanged);
        }
    }
}

}  // namespace
