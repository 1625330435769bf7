#include "rollup/rollup.hpp"

#include "rollup/measure.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <tuple>

namespace rollup {
namespace {

using call::Field;
using call::Value;

/// One call as a test writes it.
struct One {
    std::string tenant, key, service, operation, origin, address;
    std::int64_t seconds = 0;
    std::int64_t status = 1;
    std::int64_t bytes = 0;
    double units = 0;
    std::uint64_t id = 0;
    std::string source = "s";
};

std::shared_ptr<const call::Names> all_names() {
    auto names = std::make_shared<call::Names>();
    Rollup::want(*names);
    return names;
}

class RollupTest : public testing::Test {
protected:
    void put(call::Batch& batch, const One& one) {
        auto row = batch.append();
        row.header.time = base::EventTime{std::chrono::seconds{one.seconds}};
        row.header.id = one.id;
        const auto text = [&](Field field, const std::string& value) {
            if (!value.empty()) row.values[names_->slot(field)] = Value::of(batch.keep(value));
        };
        text(Field::tenant_uid, one.tenant);
        text(Field::key_uid, one.key);
        text(Field::service, one.service);
        text(Field::operation, one.operation);
        text(Field::origin_place, one.origin);
        text(Field::src_ip, one.address);
        row.values[names_->slot(Field::status_id)] = Value::of(one.status);
        row.values[names_->slot(Field::http_request_bytes)] = Value::of(one.bytes);
        row.values[names_->slot(Field::units)] = Value::of(one.units);
    }

    void add(Rollup& rollup, const std::vector<One>& calls) {
        for (const auto& one : calls) {
            call::Batch batch(names_);
            put(batch, one);
            rollup.from(one.source);
            rollup.add(batch);
        }
    }

    std::shared_ptr<const call::Names> names_ = all_names();
};

/// What makes two calls count in one row.
using Identity =
    std::tuple<std::string, std::string, std::string, std::string, std::string, base::EventTime>;

/// A row without the texts that it lends.
struct Expected {
    Sums sums;
    base::EventTime first_seen;
    base::EventTime last_seen;
    std::string address;
    std::uint64_t record_id = 0;
    bool operator==(const Expected&) const = default;
};

std::map<Identity, Expected> read(const Rows& rows) {
    std::map<Identity, Expected> out;
    for (const Activity& row : rows.activity.some(0, rows.activity.size())) {
        const Identity about{row.tenant,    row.key,    row.service,
                             row.operation, row.origin, row.minute};
        const auto added = out.emplace(about, Expected{row.sums, row.first_seen, row.last_seen,
                                                       std::string(row.address), row.record_id});
        EXPECT_TRUE(added.second) << "two rows of one identity";
    }
    return out;
}

/// Adds up the slow way, from all calls of an identity at once.
std::map<Identity, Expected> naive(const std::vector<One>& calls) {
    std::map<Identity, std::vector<One>> by_identity;
    for (const auto& one : calls) {
        const base::EventTime at{std::chrono::seconds{one.seconds}};
        by_identity[{one.tenant, one.key, one.service, one.operation, one.origin,
                     std::chrono::floor<std::chrono::minutes>(at)}]
            .push_back(one);
    }
    std::map<Identity, Expected> out;
    for (auto& [about, same] : by_identity) {
        std::ranges::sort(same, {}, [](const One& one) { return std::tie(one.seconds, one.id); });
        Expected row;
        row.first_seen = base::EventTime{std::chrono::seconds{same.front().seconds}};
        row.last_seen = base::EventTime{std::chrono::seconds{same.back().seconds}};
        row.address = same.front().address;
        row.record_id = same.front().id;
        for (const auto& one : same) {
            row.sums.calls += 1;
            row.sums.ok += one.status == 1;
            row.sums.failed += one.status == 2;
            row.sums.request_bytes += static_cast<std::uint64_t>(one.bytes);
            row.sums.units += one.units;
        }
        out.emplace(about, row);
    }
    return out;
}

std::vector<One> random_calls(std::mt19937& random, std::size_t count) {
    const auto pick = [&](const char* stem, unsigned of) {
        const auto draw = random() % of;
        return draw == 0 ? std::string() : stem + std::to_string(draw);
    };
    std::vector<One> out;
    for (std::size_t i = 0; i < count; ++i) {
        One one;
        one.tenant = pick("t", 4);
        one.key = pick("k", 5);
        one.service = pick("s", 2);
        one.operation = pick("op", 4);
        one.origin = pick("of1:1:", 14);
        one.address = pick("10.0.0.", 9);
        one.seconds = static_cast<std::int64_t>(random() % 9'000) - 4'500;  // before 1970 too
        one.status = static_cast<std::int64_t>(random() % 3);
        one.bytes = static_cast<std::int64_t>(random() % 1'000);
        one.units = static_cast<double>(random() % 8) / 4;
        one.id = i;
        one.source = random() % 2 == 0 ? "a" : "b";
        out.push_back(one);
    }
    return out;
}

TEST_F(RollupTest, EqualsANaiveSumInAnyOrder) {
    std::mt19937 random(1);
    for (int round = 0; round < 40; ++round) {
        auto calls = random_calls(random, 1 + random() % 400);
        const auto expected = naive(calls);
        std::ranges::shuffle(calls, random);
        Rollup rollup(names_, random());
        add(rollup, calls);
        EXPECT_EQ(read(rollup.take()), expected);
        EXPECT_EQ(rollup.size(), 0);
    }
}

TEST_F(RollupTest, LendsTextsForAsLongAsTheRowsLive) {
    Rollup rollup(names_, 0);
    add(rollup,
        {{.tenant = "a tenant longer than fifteen bytes", .key = "k", .address = "10.0.0.1"}});
    const Rows first = rollup.take();
    add(rollup, {{.tenant = "another tenant longer than that", .key = "k", .address = "10.0.0.2"}});
    const Rows second = rollup.take();
    EXPECT_EQ(first.activity[0].tenant, "a tenant longer than fifteen bytes");
    EXPECT_EQ(first.activity[0].address, "10.0.0.1");
    EXPECT_EQ(second.activity[0].tenant, "another tenant longer than that");
}

TEST_F(RollupTest, KeepsWhatWasAddedUpWhenTheNamesChange) {
    Rollup rollup(names_, 0);
    add(rollup, {{.key = "k", .bytes = 5}});
    auto other = std::make_shared<call::Names>();
    other->add("something else first");
    Rollup::want(*other);
    names_ = other;
    rollup.use(names_);
    add(rollup, {{.key = "k", .bytes = 7}});
    const Rows rows = rollup.take();
    ASSERT_EQ(rows.activity.size(), 1);
    EXPECT_EQ(rows.activity[0].sums.calls, 2);
    EXPECT_EQ(rows.activity[0].sums.request_bytes, 12);
}

TEST_F(RollupTest, CountsCallsOfASourceByTheMinute) {
    Rollup rollup(names_, 0);
    add(rollup, {{.key = "k", .seconds = 1, .source = "a"},
                 {.seconds = 2, .source = "b"},
                 {.tenant = "t", .seconds = 3, .source = "a"},
                 {.key = "k", .seconds = 61, .source = "a"}});
    const Rows rows = rollup.take();
    const std::vector<CoverageMinute> expected{
        {"a", base::EventTime{std::chrono::seconds{0}}, 2, 2, 2, 0, 0},
        {"a", base::EventTime{std::chrono::seconds{60}}, 1, 1, 1, 0, 0},
        {"b", base::EventTime{std::chrono::seconds{0}}, 1, 1, 0, 0, 0}};
    EXPECT_EQ(rows.coverage, expected);
}

TEST_F(RollupTest, CountsRejectsInTheMinuteTheyCame) {
    Rollup rollup(names_, 0);
    rollup.from("s");
    rollup.reject(3, 1, base::wall_time(61'000'000));
    rollup.reject(0, 0, base::wall_time(999'000'000));
    One one;
    one.seconds = 62;
    one.tenant = "t";
    add(rollup, {one});
    const Rows rows = rollup.take();
    ASSERT_EQ(rows.coverage.size(), 1);
    const auto& row = rows.coverage[0];
    EXPECT_EQ(row.received, 4);
    EXPECT_EQ(row.rejected, 3);
    EXPECT_EQ(row.set_aside, 1);
    EXPECT_EQ(row.parsed, 1);
    EXPECT_EQ(row.attributed, 1);
}

TEST_F(RollupTest, CountsLateCalls) {
    Rollup rollup(names_, 0);
    call::Batch batch(names_);
    put(batch, {});
    batch.row(0).header.notes = call::note_late;
    rollup.add(batch);
    EXPECT_EQ(rollup.take().coverage[0].late, 1);
}

class MeasureTest : public testing::Test {
protected:
    Sums of(std::initializer_list<std::pair<Field, Value>> values) {
        call::Batch batch(names_);
        auto row = batch.append();
        for (const auto& [field, value] : values) row.values[names_->slot(field)] = value;
        Measure measure(*names_, 0);
        return measure(batch[0]);
    }
    std::shared_ptr<const call::Names> names_ = all_names();
};

TEST_F(MeasureTest, TakesTheHttpStatusWhenThereIsNoOther) {
    EXPECT_EQ(of({{Field::http_status, Value::of(std::int64_t{200})}}).ok, 1);
    EXPECT_EQ(of({{Field::http_status, Value::of(std::int64_t{404})}}).failed, 1);
    EXPECT_EQ(of({{Field::http_status, Value::of(std::int64_t{404})}}).denied, 0);
    EXPECT_EQ(of({{Field::http_status, Value::of(std::string_view("403"))}}).denied, 1);
    EXPECT_EQ(of({{Field::http_status, Value::of(std::int64_t{403})},
                  {Field::status_id, Value::of(std::int64_t{1})}})
                  .failed,
              0);
    const Sums unknown = of({});
    EXPECT_EQ(unknown.calls, 1);
    EXPECT_EQ(unknown.ok + unknown.failed, 0);
}

TEST_F(MeasureTest, IgnoresQuantitiesThatNoCallCanHaveMoved) {
    const Sums sums = of({{Field::http_request_bytes, Value::of(std::int64_t{-5})},
                          {Field::http_response_bytes, Value::of(UINT64_MAX)},
                          {Field::units, Value::of(std::numeric_limits<double>::infinity())},
                          {Field::input_tokens, Value::of(std::string_view("12"))},
                          {Field::output_tokens, Value::of(12.6)}});
    EXPECT_EQ(sums.request_bytes, 0);
    EXPECT_EQ(sums.response_bytes, 0);
    EXPECT_EQ(sums.units, 0);
    EXPECT_EQ(sums.input_tokens, 12);
    EXPECT_EQ(sums.output_tokens, 13);
}

TEST(Refusal, IsToldFromOtherFailures) {
    for (const char* error :
         {"AccessDenied", "Client.UnauthorizedOperation", "PERMISSION_DENIED", "Forbidden",
          "UnsupportedFeature", "InvalidClientTokenId", "invalid_api_key", "ExpiredToken"}) {
        EXPECT_TRUE(is_refusal(error)) << error;
    }
    for (const char* error : {"", "Throttling", "InvalidRequest", "NotFound", "InternalError",
                              "ResourceNotFoundException"}) {
        EXPECT_FALSE(is_refusal(error)) << error;
    }
}

}  // namespace
}  // namespace rollup
