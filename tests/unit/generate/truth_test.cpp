#include "generate/truth.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace {

using generate::Asked;
using generate::Loss;
using generate::Route;
using generate::Truth;

std::unique_ptr<Truth> make(std::uint64_t seed, Loss loss) {
    auto world = Truth::make({.seed = seed, .calls = 50'000, .loss = loss});
    EXPECT_TRUE(world.has_value());
    return std::move(*world);
}

std::string text_after(const std::string& line, std::string_view marker) {
    const auto begin = line.find(marker) + marker.size();
    return line.substr(begin, line.find('"', begin) - begin);
}

struct Seen {
    std::string all;
    std::uint64_t calls = 0;
    std::uint64_t lost = 0;
    std::uint64_t lost_outside = 0;
    bool ascending = true;
    std::set<std::string> agents;
    std::map<std::size_t, std::set<std::string>> tenants;  // by asked party
    std::map<std::size_t, std::uint64_t> kept;             // calls of it that worked
};

bool inside(const Truth& world, const Truth::Record& record) {
    return std::ranges::any_of(world.holes(), [&](const generate::Hole& hole) {
        const auto from = world.options().start + std::chrono::hours{hole.from_hour};
        const auto to = world.options().start + std::chrono::hours{hole.to_hour};
        return hole.source == record.source && from <= record.at && record.at < to;
    });
}

Seen see(Truth& world) {
    Seen seen;
    Truth::Record record;
    base::EventTime last = base::EventTime::min();
    while (world.next(record)) {
        ++seen.calls;
        seen.all += record.line;
        seen.lost += record.lost ? 1 : 0;
        seen.lost_outside += record.lost && !inside(world, record) ? 1 : 0;
        seen.ascending = seen.ascending && last <= record.at;
        last = record.at;
        seen.agents.insert(text_after(record.line, "\"user_agent\":\""));
        if (!record.asked) continue;
        seen.tenants[*record.asked].insert(text_after(record.line, "\"tenant_uid\":\""));
        const bool worked = record.line.find("\"error\"") == std::string::npos;
        seen.kept[*record.asked] += worked && !record.lost ? 1 : 0;
    }
    return seen;
}

TEST(Truth, MakesExactlyAsManyCallsInAscendingTime) {
    const auto world = make(1, Loss::none);
    const Seen seen = see(*world);
    EXPECT_EQ(seen.calls, 50'000U);
    EXPECT_TRUE(seen.ascending);
    EXPECT_EQ(seen.lost, 0U);
}

TEST(Truth, SameSeedGivesTheSameBytes) {
    const auto first = make(3, Loss::share);
    const auto second = make(3, Loss::share);
    EXPECT_EQ(see(*first).all, see(*second).all);
    EXPECT_EQ(first->registry_rows(), second->registry_rows());
    EXPECT_EQ(first->truth(), second->truth());
    EXPECT_EQ(first->questions(), second->questions());
    EXPECT_EQ(first->hole_rows(), second->hole_rows());
    EXPECT_NE(see(*make(4, Loss::share)).all, see(*make(3, Loss::share)).all);
}

TEST(Truth, LossTakesNothingButWhatItTakes) {
    const auto whole = make(5, Loss::none);
    const auto holed = make(5, Loss::hidden_hour);
    EXPECT_EQ(see(*whole).all, see(*holed).all);
    EXPECT_EQ(whole->registry_rows(), holed->registry_rows());
}

TEST(Truth, EveryRouteIsAskedAbout) {
    std::set<Route> found;
    const auto world = make(1, Loss::none);
    for (const Asked& asked : world->asked()) {
        found.insert(asked.route);
        EXPECT_FALSE(asked.clues.empty()) << asked.uid;
        EXPECT_FALSE(asked.use.empty()) << asked.uid;
    }
    EXPECT_EQ(found.size(), generate::routes);
}

TEST(Truth, WhoUsesItCallsThroughTheTenantsThatAreNamed) {
    const auto world = make(2, Loss::none);
    const Seen seen = see(*world);
    for (std::size_t i = 0; i < world->asked().size(); ++i) {
        const Asked& asked = world->asked()[i];
        EXPECT_EQ(asked.uses, seen.tenants.contains(i)) << asked.uid;
        EXPECT_EQ(asked.uses, asked.sessions > 0) << asked.uid;
        if (!asked.uses) continue;
        EXPECT_THAT(seen.tenants.at(i), testing::UnorderedElementsAreArray(asked.tenants));
        EXPECT_EQ(seen.kept.at(i), asked.kept);
        EXPECT_EQ(asked.calls, asked.kept);
    }
}

TEST(Truth, SoftwareOfAnAbsentPartyOccursInNoCall) {
    const auto world = make(2, Loss::none);
    const Seen seen = see(*world);
    std::size_t looked_for = 0;
    for (const Asked& asked : world->asked()) {
        // Others call with it in two of the scripts.
        if (asked.route != Route::absent || asked.variant == "refused attempts" ||
            asked.variant == "customers of its product") {
            continue;
        }
        for (const auto& clue : asked.clues) {
            if (clue.kind != "user-agent") continue;
            const std::string product = clue.value.substr(0, clue.value.find('/')) + "/";
            ++looked_for;
            EXPECT_TRUE(std::ranges::none_of(seen.agents, [&](const std::string& agent) {
                return agent.starts_with(product);
            })) << asked.uid;
        }
    }
    EXPECT_GT(looked_for, 5U);
}

TEST(Truth, LostRecordsAreInAHole) {
    for (const Loss loss : {Loss::hour, Loss::share}) {
        const auto world = make(6, loss);
        const Seen seen = see(*world);
        EXPECT_GT(seen.lost, 10U);
        EXPECT_EQ(seen.lost_outside, 0U);
        for (std::size_t i = 0; i < world->asked().size(); ++i) {
            const auto found = seen.kept.find(i);
            EXPECT_EQ(found == seen.kept.end() ? 0 : found->second, world->asked()[i].kept);
        }
    }
}

TEST(Truth, NobodyMaySayNoOverAHiddenHole) {
    for (const Loss loss : {Loss::hidden_hour, Loss::hidden_share}) {
        const auto world = make(7, loss);
        for (const Asked& asked : world->asked()) {
            EXPECT_EQ(std::ranges::count(asked.use, "not_observed"), 0) << asked.uid;
        }
    }
}

TEST(Truth, NobodyMaySayYesOfWhoDoesNotUseIt) {
    const auto world = make(8, Loss::hour);
    for (const Asked& asked : world->asked()) {
        if (asked.uses && asked.route != Route::proxy) continue;
        EXPECT_EQ(std::ranges::count(asked.use, "used"), 0) << asked.uid;
        EXPECT_EQ(std::ranges::count(asked.use, "likely_used"), 0) << asked.uid;
        EXPECT_THAT(asked.licence, testing::ElementsAre("not_applicable"));
    }
}

TEST(Truth, KeysOfTheRegistryAreDistinctAndMadeUp) {
    const auto world = make(1, Loss::none);
    const std::string rows = world->registry_rows();
    std::set<std::string> texts;
    for (const std::string& key : world->keys()) {
        const std::string text = world->key_text(key);
        EXPECT_TRUE(text.starts_with("cp_live_"));
        EXPECT_NE(rows.find(text), std::string::npos);
        texts.insert(text);
    }
    EXPECT_EQ(texts.size(), world->keys().size());
}

TEST(Truth, RowsAreJson) {
    const auto world = make(9, Loss::share);
    for (const std::string& rows :
         {world->registry_rows(), world->truth(), world->questions(), world->hole_rows()}) {
        std::size_t begin = 0;
        while (begin < rows.size()) {
            const std::size_t end = rows.find('\n', begin);
            boost::system::error_code fault;
            const auto row = boost::json::parse(rows.substr(begin, end - begin), fault);
            ASSERT_FALSE(fault) << rows.substr(begin, end - begin);
            EXPECT_TRUE(row.is_object());
            begin = end + 1;
        }
    }
}

TEST(Truth, RefusesWhatItCannotMake) {
    EXPECT_FALSE(Truth::make({.calls = 10}).has_value());
    EXPECT_FALSE(Truth::make({.parties = 0}).has_value());
    EXPECT_FALSE(Truth::make({.parties = 251}).has_value());
    EXPECT_TRUE(Truth::make({.calls = 50'000, .parties = 250}).has_value());
    EXPECT_EQ(generate::loss_of("hidden-hour"), Loss::hidden_hour);
    EXPECT_FALSE(generate::loss_of("some").has_value());
}

}  // namespace
