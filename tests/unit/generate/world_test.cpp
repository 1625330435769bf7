#include "generate/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json.hpp>

#include <map>
#include <set>
#include <string>

namespace {

using generate::Label;
using generate::World;

struct Seen {
    std::uint64_t calls = 0;
    std::size_t hash_of_lines = 0;
    bool all_parse = true;
    std::map<std::string, std::uint64_t> by_plot;  // "U01 abuse t-kestrel"
    bool ascending = true;
    std::set<std::string> tenants;
};

std::string plot_name(std::string_view signature, bool benign, std::string_view subject) {
    return std::string(signature) + (benign ? " benign " : " abuse ") + std::string(subject);
}

bool parses(const std::string& line) {
    boost::system::error_code fault;
    return boost::json::parse(line, fault).is_object() && !fault;
}

std::string text_after(const std::string& line, std::string_view marker) {
    const auto begin = line.find(marker) + marker.size();
    return line.substr(begin, line.find('"', begin) - begin);
}

Seen see(World& world) {
    Seen seen;
    std::string line, last, all;
    Label label;
    while (world.next(line, label)) {
        ++seen.calls;
        const auto time = line.substr(9, 27);
        if (time < last) seen.ascending = false;
        last = time;
        all += line;
        if (!label.signature.empty()) {
            ++seen.by_plot[plot_name(label.signature, label.benign, label.subject)];
        }
        seen.tenants.insert(text_after(line, "\"tenant_uid\":\""));
        if (seen.calls % 100 == 1) seen.all_parse &= parses(line);
    }
    seen.hash_of_lines = std::hash<std::string>{}(all);
    return seen;
}

std::unique_ptr<World> make(std::uint64_t seed = 1) {
    auto world = World::make({.seed = seed, .calls = 50'000});
    EXPECT_TRUE(world.has_value());
    return std::move(*world);
}

/// What the calls of seed 1 look like; made once.
const Seen& seen_of_seed_1() {
    static const Seen seen = see(*make());
    return seen;
}

TEST(World, MakesExactlyAsManyCallsInAscendingTime) {
    EXPECT_EQ(seen_of_seed_1().calls, 50'000U);
    EXPECT_TRUE(seen_of_seed_1().ascending);
    EXPECT_TRUE(seen_of_seed_1().all_parse);
}

TEST(World, SameSeedGivesTheSameBytes) {
    const auto again = make();
    EXPECT_EQ(see(*again).hash_of_lines, seen_of_seed_1().hash_of_lines);
    EXPECT_EQ(again->registry_rows(), make()->registry_rows());
    EXPECT_EQ(again->truth(), make()->truth());
}

TEST(World, AnotherSeedGivesOthers) {
    EXPECT_NE(see(*make(2)).hash_of_lines, seen_of_seed_1().hash_of_lines);
}

TEST(World, PlantsEveryPlotOfTheTruth) {
    const auto& seen = seen_of_seed_1();
    std::set<std::string> signatures;
    std::size_t plots = 0;
    const auto truth = make()->truth();
    std::string_view rest = truth;
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        const auto plot = boost::json::parse(std::string(rest.substr(0, end)));
        rest.remove_prefix(end + 1);
        ++plots;
        const bool benign = plot.at("kind").as_string() == "benign";
        if (!benign) signatures.emplace(plot.at("signature").as_string());
        const auto name = plot_name(std::string(plot.at("signature").as_string()), benign,
                                    std::string(plot.at("subject").as_string()));
        EXPECT_TRUE(seen.by_plot.contains(name)) << name;
    }
    EXPECT_EQ(plots, seen.by_plot.size());
    EXPECT_THAT(signatures, testing::ElementsAre("P01", "P04", "P22", "U01", "U02", "U04", "U06",
                                                 "U07", "U08", "U20"));
}

TEST(World, HasItsTenantsInTheRegistry) {
    const auto& seen = seen_of_seed_1();
    const auto rows = make()->registry_rows();
    for (const auto& tenant : seen.tenants) {
        EXPECT_NE(rows.find("\"kind\":\"tenant\",\"uid\":\"" + tenant + '"'), std::string::npos);
    }
    EXPECT_GT(seen.tenants.size(), 90U);
}

TEST(World, EveryRegistryRowIsAnObjectWithAKind) {
    const auto rows = make()->registry_rows();
    std::string_view rest = rows;
    while (!rest.empty()) {
        const auto end = rest.find('\n');
        const auto row = boost::json::parse(std::string(rest.substr(0, end))).as_object();
        EXPECT_TRUE(row.contains("kind"));
        rest.remove_prefix(end + 1);
    }
}

TEST(World, RefusesWhatDoesNotFit) {
    EXPECT_FALSE(World::make({.calls = 49'999}).has_value());
    EXPECT_FALSE(World::make({.duration = std::chrono::hours{71}}).has_value());
}

}  // namespace
