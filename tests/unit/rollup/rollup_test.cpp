#include "rollup/rollup.hpp"

#include "rollup/grain.hpp"
#include "rollup/measure.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <set>

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

/// Adds up the slow way, row by row and name by name.
Rows naive(const std::vector<One>& calls) {
    Rows out;
    const auto row_of = [](auto& rows, const Identity& id) -> auto& {
        for (auto& row : rows) {
            const Identity has = identity(row);
            if (has.tenant == id.tenant && has.key == id.key && has.service == id.service &&
                has.operation == id.operation && has.origin == id.origin &&
                has.source == id.source && has.time == id.time)
                return row;
        }
        name_row(rows.emplace_back(), id);
        return rows.back();
    };
    for (const auto& one : calls) {
        const base::EventTime at{std::chrono::seconds{one.seconds}};
        const auto minute = std::chrono::floor<std::chrono::minutes>(at);
        const auto hour = std::chrono::floor<std::chrono::hours>(at);
        Sums sums;
        sums.calls = 1;
        sums.ok = one.status == 1;
        sums.failed = one.status == 2;
        sums.request_bytes = static_cast<std::uint64_t>(one.bytes);
        sums.units = one.units;
        auto& minutely =
            row_of(out.key_minutes, {.tenant = one.tenant, .key = one.key, .time = minute});
        minutely.sums.add(sums);
        if (!one.origin.empty()) minutely.origins.push_back(origin_hash(one.origin));
        row_of(out.key_operation_hours, {.tenant = one.tenant,
                                         .key = one.key,
                                         .service = one.service,
                                         .operation = one.operation,
                                         .time = hour})
            .sums.add(sums);
        row_of(out.tenant_operation_hours, {.tenant = one.tenant,
                                            .service = one.service,
                                            .operation = one.operation,
                                            .time = hour})
            .sums.add(sums);
        auto& origin =
            row_of(out.key_origin_hours,
                   {.tenant = one.tenant, .key = one.key, .origin = one.origin, .time = hour});
        const bool first = origin.sums.calls == 0;
        if (first || std::tie(at, one.id) < std::tie(origin.first_seen, origin.record_id)) {
            origin.first_seen = at;
            origin.record_id = one.id;
            origin.address = one.address;
        }
        origin.last_seen = first ? at : std::max(origin.last_seen, at);
        origin.sums.add(sums);
        auto& coverage = row_of(out.coverage_minutes, {.source = one.source, .time = minute});
        ++coverage.received;
        ++coverage.parsed;
        if (!one.tenant.empty() || !one.key.empty()) ++coverage.attributed;
    }
    for (auto& row : out.key_minutes) {
        std::ranges::sort(row.origins);
        row.origins.erase(std::unique(row.origins.begin(), row.origins.end()), row.origins.end());
        row.more_origins = row.origins.size() > max_origins;
        if (row.more_origins) row.origins.resize(max_origins);
    }
    const auto sort = [](auto& rows) {
        std::ranges::sort(rows, [](const auto& a, const auto& b) {
            const Identity x = identity(a);
            const Identity y = identity(b);
            return std::tie(x.tenant, x.key, x.service, x.operation, x.origin, x.source, x.time) <
                   std::tie(y.tenant, y.key, y.service, y.operation, y.origin, y.source, y.time);
        });
    };
    sort(out.key_minutes);
    sort(out.key_operation_hours);
    sort(out.key_origin_hours);
    sort(out.tenant_operation_hours);
    sort(out.coverage_minutes);
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

TEST_F(RollupTest, EqualsANaiveSumInEveryGrain) {
    std::mt19937 random(1);
    for (int round = 0; round < 20; ++round) {
        const auto calls = random_calls(random, 1 + random() % 400);
        Rollup rollup(names_, {});
        add(rollup, calls);
        EXPECT_EQ(rollup.take(), naive(calls));
        EXPECT_EQ(rollup.size(), 0);
        EXPECT_EQ(rollup.overflowed(), 0);
    }
}

TEST_F(RollupTest, DoesNotDependOnOrderNorOnHowCallsWereSpread) {
    std::mt19937 random(2);
    for (int round = 0; round < 20; ++round) {
        auto calls = random_calls(random, 300);
        const Rows expected = naive(calls);
        std::ranges::shuffle(calls, random);
        std::vector<Rollup> parts;
        for (int i = 0; i < 3; ++i)
            parts.emplace_back(names_, Rollup::Options{.max_rows = 1'000, .seed = random()});
        for (const auto& one : calls) add(parts[random() % 3], {one});
        parts[0].merge(std::move(parts[1]));
        parts[0].merge(std::move(parts[2]));
        EXPECT_EQ(parts[1].size(), 0);
        EXPECT_EQ(parts[0].take(), expected);
    }
}

TEST_F(RollupTest, CountsInTheRestWhatHasNoRoomAndLosesNothing) {
    Rollup rollup(names_, {.max_rows = 10});
    std::vector<One> calls;
    for (int i = 0; i < 5'000; ++i) {
        One one;
        one.tenant = "t";
        one.key = "k" + std::to_string(i);
        one.operation = "op" + std::to_string(i);
        one.seconds = i * 61;
        calls.push_back(one);
    }
    add(rollup, calls);
    EXPECT_GT(rollup.overflowed(), 4'900);
    EXPECT_LE(rollup.size(), 5 * (10 + 1'025));
    const Rows rows = rollup.take();
    const auto total = [](const auto& all) {
        std::uint64_t out = 0;
        for (const auto& row : all) out += row.sums.calls;
        return out;
    };
    EXPECT_EQ(total(rows.key_minutes), 5'000);
    EXPECT_EQ(total(rows.key_operation_hours), 5'000);
    EXPECT_EQ(total(rows.key_origin_hours), 5'000);
    EXPECT_EQ(total(rows.tenant_operation_hours), 5'000);
    EXPECT_EQ(rows.key_minutes.front().key, rest_name);
    EXPECT_EQ(rows.key_minutes.front().minute, base::event_time(0));
}

TEST_F(RollupTest, KeepsOneRowForEachIdentityEvenWhenAKeyIsNamedLikeTheRest) {
    Rollup rollup(names_, {.max_rows = 1});
    One one;
    One rest;
    rest.key = rest_name;
    One two;
    two.key = "k2";
    add(rollup, {one, rest, two});
    const Rows rows = rollup.take();
    ASSERT_EQ(rows.key_minutes.size(), 2);
    EXPECT_EQ(rows.key_minutes[1].sums.calls, 2);
}

TEST_F(RollupTest, CountsRejectsInTheMinuteTheyCame) {
    Rollup rollup(names_, {});
    rollup.from("s");
    rollup.reject(3, base::wall_time(61'000'000));
    rollup.reject(0, base::wall_time(999'000'000));
    One one;
    one.seconds = 62;
    one.tenant = "t";
    add(rollup, {one});
    const Rows rows = rollup.take();
    ASSERT_EQ(rows.coverage_minutes.size(), 1);
    const auto& row = rows.coverage_minutes[0];
    EXPECT_EQ(row.received, 4);
    EXPECT_EQ(row.rejected, 3);
    EXPECT_EQ(row.parsed, 1);
    EXPECT_EQ(row.attributed, 1);
}

TEST_F(RollupTest, CountsLateCalls) {
    Rollup rollup(names_, {});
    call::Batch batch(names_);
    put(batch, {});
    batch.row(0).header.notes = call::note_late;
    rollup.add(batch);
    EXPECT_EQ(rollup.take().coverage_minutes[0].late, 1);
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
