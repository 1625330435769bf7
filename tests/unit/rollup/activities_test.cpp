#include "rollup/activities.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <vector>

namespace rollup {
namespace {

/// Rows with texts of all lengths, empty ones too; the texts live in `texts`.
std::vector<Activity> random_rows(std::mt19937_64& random, std::deque<std::string>& texts,
                                  std::size_t count) {
    const auto text = [&]() -> std::string_view {
        const std::size_t size = random() % 100 == 0 ? random() % 40'000 : random() % 30;
        return texts.emplace_back(size, static_cast<char>(random()));
    };
    const auto time = [&] { return base::event_time(static_cast<std::int64_t>(random()) / 2); };
    std::vector<Activity> out(count);
    for (Activity& row : out) {
        row.minute = time();
        row.tenant = text(), row.key = text(), row.service = text(), row.operation = text();
        row.origin = text();
        row.origin_hash = random();
        row.sums = {random(), random(), random(), random(), random(),
                    random(), 0.5,      random(), random()};
        row.first_seen = time(), row.last_seen = time();
        row.address = text(), row.as_name = text(), row.country = text();
        row.asn = static_cast<std::int64_t>(random());
        row.client_family = text(), row.client_version = text(), row.client_app = text();
        row.record_id = random();
    }
    return out;
}

TEST(Activities, GiveBackEachRowAsItCame) {
    std::mt19937_64 random(9);
    std::deque<std::string> texts;
    for (const std::size_t count : {0u, 1u, 511u, 512u, 513u, 1'500u}) {
        const auto rows = random_rows(random, texts, count);
        Activities kept{std::span(rows)};
        const Activities moved = std::move(kept);
        ASSERT_EQ(moved.size(), count);
        EXPECT_EQ(moved.empty(), count == 0);
        EXPECT_TRUE(std::ranges::equal(moved.some(0, count), rows));
    }
}

TEST(Activities, LendTextsOfTheirOwn) {
    Activities rows;
    {
        std::string tenant(50, 't');
        Activity row;
        row.tenant = tenant;
        rows.push_back(row);
        tenant.assign(50, 'x');
    }
    EXPECT_EQ(rows[0].tenant, std::string(50, 't'));
    EXPECT_EQ(rows[0].key, "");
    EXPECT_EQ(rows[0].address, "");
}

TEST(Activities, GiveAnyPartOfTheRows) {
    std::mt19937_64 random(10);
    std::deque<std::string> texts;
    const auto rows = random_rows(random, texts, 1'100);
    const Activities kept{std::span(rows)};
    EXPECT_TRUE(std::ranges::equal(kept.some(500, 530), std::span(rows).subspan(500, 30)));
    EXPECT_TRUE(std::ranges::empty(kept.some(1'100, 1'100)));
}

}  // namespace
}  // namespace rollup
