#include "correlate/groups.hpp"
#include "correlate/siphash.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace {

using namespace correlate;

std::vector<Counter> counters() {
    std::vector<Counter> out(2);
    for (auto& counter : out) {
        counter.kind = Counter::Kind::count;
        counter.limit = 7;
    }
    return out;
}

std::uint64_t hash_of(std::string_view key) {
    return siphash(1, 2, key);
}

TEST(Groups, FindsEachKeyAgainWhateverCameAndWent) {
    const auto kinds = counters();
    Groups groups(kinds);
    std::map<std::pair<std::uint32_t, std::string>, GroupId> known;
    std::mt19937_64 random(3);
    for (int step = 0; step < 20'000; ++step) {
        const auto counter = static_cast<std::uint32_t>(random() % 2);
        const std::string key = "key" + std::to_string(random() % 3'000);
        const auto place = known.find({counter, key});
        if (random() % 3 == 0 && place != known.end()) {
            groups.release(place->second, hash_of(key));
            known.erase(place);
            continue;
        }
        bool fresh = false;
        const GroupId id = groups.intern(counter, hash_of(key), key, fresh);
        EXPECT_EQ(fresh, place == known.end());
        if (!fresh) EXPECT_EQ(id, place->second);
        known[{counter, key}] = id;
        EXPECT_EQ(groups[id].key(), key);
        EXPECT_EQ(groups[id].counter, counter);
    }
    EXPECT_EQ(groups.size(), known.size());
}

TEST(Groups, KeysThatHashAlikeStayApart) {
    const auto kinds = counters();
    Groups groups(kinds);
    bool fresh = false;
    const GroupId one = groups.intern(0, 42, "one", fresh);
    const GroupId two = groups.intern(0, 42, "two", fresh);
    const GroupId other = groups.intern(1, 42, "one", fresh);
    EXPECT_NE(one, two);
    EXPECT_NE(one, other);
    groups.release(one, 42);
    EXPECT_EQ(groups.intern(0, 42, "two", fresh), two);
    EXPECT_FALSE(fresh);
}

TEST(Groups, GivesBackAllMemory) {
    const auto kinds = counters();
    Groups groups(kinds);
    bool fresh = false;
    std::vector<std::pair<GroupId, std::uint64_t>> ids;
    for (int i = 0; i < 1'000; ++i) {
        const std::string key(static_cast<std::size_t>(i), 'k');
        ids.emplace_back(groups.intern(0, hash_of(key), key, fresh), hash_of(key));
        groups.grow(ids.back().first);
    }
    EXPECT_GT(groups.bytes(), 500'000u);
    for (const auto& [id, hash] : ids) groups.release(id, hash);
    EXPECT_EQ(groups.size(), 0u);
    EXPECT_LT(groups.bytes(), 50'000u) << "only tables of ids are left";
}

}  // namespace
