#include "store/merge.hpp"

#include "store/database.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <random>
#include <thread>

namespace {

using store_test::activity;
using store_test::batch;
using store_test::minute;
using Rows = std::vector<std::vector<std::string>>;

/// What people see, whole; what it says must not depend on how far merging has come.
constexpr std::array views{"key_activity", "key_operations",    "key_origins", "origins",
                           "keys",         "tenant_operations", "tenants"};

class Merge : public store_test::Database {
protected:
    void SetUp() override {
        const auto claimed = session_->claim("main", 0, "a");
        ASSERT_TRUE(claimed) << claimed.error().reason;
        effects_ = batch(*claimed, 2);
    }
    void commit(const std::vector<rollup::Activity>& rows) {
        effects_.rollup.activity = rollup::Activities(rows);
        const auto done = session_->commit(effects_);
        ASSERT_TRUE(done) << done.error().reason;
        effects_.from = effects_.to++;
    }
    /// Merges all there is, and says how many rows.
    std::uint64_t merge(std::uint32_t pages = 1) {
        store::Merge merge(*session_);
        std::uint64_t rows = 0;
        while (true) {
            const auto step = merge.step(pages, store_test::now);
            EXPECT_TRUE(step) << step.error().reason;
            if (!step) return rows;
            rows += step->rows;
            if (step->done) return rows;
        }
    }
    std::vector<Rows> seen() {
        std::vector<Rows> out;
        for (const std::string view : views) {
            out.push_back(rows("SELECT * FROM investigate." + view));
            std::ranges::sort(out.back());
        }
        return out;
    }
    /// Row by row, or a failure would print thousands.
    static void expect_same(const std::vector<Rows>& now, const std::vector<Rows>& before) {
        for (std::size_t view = 0; view < views.size(); ++view) {
            ASSERT_EQ(now[view].size(), before[view].size()) << views[view];
            for (std::size_t row = 0; row < now[view].size(); ++row)
                ASSERT_EQ(now[view][row], before[view][row]) << views[view];
        }
    }
    std::string waiting() { return value("SELECT count(*) FROM callerprint.activity"); }

    store::Effects effects_;
};

rollup::Activity with_origin(std::string_view origin, std::uint64_t hash) {
    auto row = activity("k1", 1);
    row.origin = origin;
    row.origin_hash = hash;
    return row;
}

std::vector<rollup::Activity> random_rows(std::mt19937& random) {
    static constexpr std::array keys{"", "k1", "k2", "k3"};
    static constexpr std::array operations{"", "GetObject", "PutObject"};
    static constexpr std::array origins{"",   "o1", "o2", "o3", "o4",  "o5",
                                        "o6", "o7", "o8", "o9", "o10", "o11"};
    std::vector<rollup::Activity> out;
    for (auto left = random() % 200; left > 0; --left) {
        auto row = activity(keys[random() % keys.size()], 1 + random() % 5);
        row.tenant = random() % 4 == 0 ? "" : "acme";
        row.operation = operations[random() % operations.size()];
        row.service = row.operation.empty() ? "" : "s3";
        const auto origin = random() % origins.size();
        row.origin = origins[origin];
        row.origin_hash = origin * 0x9e37'79b9'7f4a'7c15u;  // negative ones too
        row.first_seen +=
            std::chrono::minutes(random() % 130) + std::chrono::seconds(random() % 30);
        row.last_seen = row.first_seen + std::chrono::seconds(random() % 30);
        row.sums.failed = random() % 2;
        row.sums.denied = random() % 50 == 0;
        row.sums.input_tokens = random() % 50;
        row.sums.response_bytes = random() % 100;
        row.sums.units = static_cast<double>(random() % 8) / 4;
        row.address = random() % 2 == 0 ? "192.0.2.1" : "2001:db8::1";
        row.client_family = "boto3";
        row.client_version = random() % 2 == 0 ? "1.34" : "";
        row.asn = static_cast<std::int64_t>(random() % 3);
        row.record_id = (std::uint64_t{random()} << 32) | random();
        out.push_back(row);
    }
    return out;
}

TEST_F(Merge, ChangesNothingThatCanBeSeen) {
    std::mt19937 random(3);
    std::uint64_t written = 0;
    std::uint64_t merged = 0;
    for (unsigned round = 0; round < 12; ++round) {
        const auto more = random_rows(random);
        written += more.size();
        commit(more);
        const auto before = seen();
        merged += merge(1 + round % 3);
        EXPECT_EQ(waiting(), "0");
        expect_same(seen(), before);
        if (round % 4 == 0) {  // some merged, some not
            const auto later = random_rows(random);
            written += later.size();
            commit(later);
        }
    }
    merged += merge();
    EXPECT_EQ(merged, written);
}

TEST_F(Merge, KeepsAtMostEightOriginsAndSaysThatThereWereMore) {
    const auto origins = [&] {
        return rows("SELECT origins, more_origins FROM investigate.key_activity").at(0);
    };
    commit({with_origin("o1", 1), with_origin("o2", 2), with_origin("o3", 3), with_origin("o4", 4),
            with_origin("o5", 5)});
    EXPECT_EQ(origins(), (std::vector<std::string>{"5", "f"}));
    merge();
    commit({with_origin("o4", 4), with_origin("o5", 5), with_origin("o6", 6)});
    EXPECT_EQ(origins(), (std::vector<std::string>{"6", "f"}));
    merge();
    EXPECT_EQ(origins(), (std::vector<std::string>{"6", "f"}));
    commit({with_origin("o7", 7), with_origin("o8", 8), with_origin("", 0)});
    EXPECT_EQ(origins(), (std::vector<std::string>{"8", "f"})) << "eight are not more than eight";
    commit({with_origin("o9", UINT64_MAX)});
    EXPECT_EQ(origins(), (std::vector<std::string>{"8", "t"}));
    merge();
    EXPECT_EQ(origins(), (std::vector<std::string>{"8", "t"}));
}

TEST_F(Merge, KeepsTheExampleOfTheEarliestCall) {
    const auto at = [](int micros, std::uint64_t id, std::string_view address) {
        auto row = activity("k", 1);
        row.origin = "of1:a";
        row.first_seen = row.last_seen = minute + std::chrono::microseconds(micros);
        row.record_id = id;
        row.address = address;
        return row;
    };
    const auto example = [&] { return value("SELECT host(address) FROM investigate.key_origins"); };
    commit({at(5, 7, "192.0.2.5")});
    merge();
    // Same time, greater id (it does not fit a signed 64 bits): not the example.
    commit({at(5, UINT64_MAX, "192.0.2.6")});
    EXPECT_EQ(example(), "192.0.2.5");
    merge();
    EXPECT_EQ(example(), "192.0.2.5");
    commit({at(4, 9, "2001:db8::1")});
    EXPECT_EQ(example(), "2001:db8::1");
    merge();
    EXPECT_EQ(example(), "2001:db8::1");
    EXPECT_EQ(value("SELECT calls FROM investigate.origins"), "3");
}

TEST_F(Merge, StopsCountersAtTheGreatestNumberInsteadOfStopping) {
    for (int i = 0; i < 3; ++i) {
        commit({activity("k1", INT64_MAX), activity("k2", 1)});
        EXPECT_EQ(value("SELECT calls FROM investigate.keys WHERE key_uid = 'k1'"),
                  std::to_string(INT64_MAX));
        EXPECT_EQ(merge(), 2U);
    }
    EXPECT_EQ(value("SELECT calls FROM investigate.keys WHERE key_uid = 'k1'"),
              std::to_string(INT64_MAX));
    EXPECT_EQ(value("SELECT calls FROM investigate.keys WHERE key_uid = 'k2'"), "3");
}

TEST_F(Merge, MakesPartitionsForWeeksButNoneForForgedTimes) {
    std::vector<rollup::Activity> many;
    for (int i = 0; i < 200; ++i) {
        many.push_back(activity("k", 1));
        many.back().first_seen = base::event_time(std::int64_t{i} * 7 * 86'400 * 1'000'000 * 200);
    }
    many.push_back(activity("now", 1));
    commit(many);
    merge(100);
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.key_minute_other WHERE key_uid = 'now'"),
              "0");
    EXPECT_LT(std::stoi(value("SELECT max(weeks) FROM (SELECT count(*) AS weeks"
                              " FROM callerprint.partitions GROUP BY parent) AS p")),
              5);
    EXPECT_EQ(value("SELECT count(*) FROM investigate.key_activity"), "201");
}

TEST_F(Merge, MovesRowsOutOfTheDefaultPartitionWhenTheirWeekGetsOne) {
    auto future = activity("k", 1);
    future.first_seen = minute + std::chrono::days(28);
    commit({future});
    merge();
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.key_minute_other"), "1");
    commit({future});
    ASSERT_TRUE(store::Merge(*session_).step(100, store_test::now + std::chrono::days(28)));
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.key_minute_other"), "0");
    EXPECT_EQ(value("SELECT calls FROM investigate.key_activity"), "2");
}

TEST_F(Merge, TellsTheIndexOfTheLedgerWhatCameLate) {
    std::deque<std::string> keys;
    std::vector<rollup::Activity> late;
    for (int i = 0; i < 3'000; ++i) {
        keys.push_back("key-" + std::to_string(i));
        late.push_back(activity(keys.back(), 1));
    }
    commit(late);
    EXPECT_EQ(merge(), 3'000U);
    EXPECT_GT(std::stoi(value("SELECT pg_relation_size('callerprint.late_activity') / 8192")), 32);
    EXPECT_EQ(value("SELECT brin_summarize_new_values('callerprint.late_activity_arrived')"), "0");
}

TEST_F(Merge, ByTwoAtOnceCountsEachRowOnce) {
    std::vector<rollup::Activity> many(2'000, activity("k", 1));
    commit(many);
    auto other = connect();
    std::array<std::uint64_t, 2> rows{};
    {
        std::jthread second([&] {
            store::Merge merge(*other);
            while (true) {
                const auto step = merge.step(3, store_test::now);
                if (!step) continue;  // the same row may wait for the other: taken again
                rows[1] += step->rows;
                if (step->done) return;
            }
        });
        rows[0] = merge(3);
    }
    EXPECT_EQ(rows[0] + rows[1] + merge(), 2'000U);
    EXPECT_EQ(value("SELECT calls FROM investigate.keys"), "2000");
}

}  // namespace
