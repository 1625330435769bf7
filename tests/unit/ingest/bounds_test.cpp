// Splitting into blocks, idempotency keys, quotas: the small parts without I/O.
#include "ingest/answer.hpp"
#include "ingest/idempotency.hpp"
#include "ingest/quota.hpp"
#include "ingest/split.hpp"
#include "ingest/work.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace ingest {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock::time_point;

TEST(Split, KeepsEveryLineInOrderAndWithinTheLimits) {
    std::string lines;
    for (std::size_t i = 0; i < 5'001; ++i)
        lines += std::to_string(i) + std::string(i % 700, 'x') + "\n";
    journal::Block head;
    head.source = "s";
    const std::vector<journal::Block> blocks = split(lines, head);
    std::string joined;
    std::uint32_t records = 0;
    for (const journal::Block& block : blocks) {
        EXPECT_EQ(block.source, "s");
        EXPECT_LE(block.lines.size(), journal::max_block_bytes);
        EXPECT_LE(block.records, journal::max_block_records);
        EXPECT_EQ(std::ranges::count(block.lines, '\n'), block.records);
        joined += block.lines;
        records += block.records;
    }
    EXPECT_EQ(joined, lines);
    EXPECT_EQ(records, 5'001u);
    EXPECT_TRUE(split("", head).empty());
}

TEST(Split, GivesALongLineABlockOfItsOwn) {
    const std::string small(1'000, 's');
    const std::string large(200'000, 'l');
    const auto blocks = split(small + "\n" + large + "\n" + small + "\n", {});
    ASSERT_EQ(blocks.size(), 3u);
    EXPECT_EQ(blocks[1].lines, large + "\n");
    EXPECT_EQ(split(std::string(128 * 1024 - 1, 'x') + "\n", {}).size(), 1u);
    EXPECT_EQ(split(small + "\n" + small + "\n", {}).size(), 1u);
}

TEST(Rejects, BeyondOneBlockTheyAreCounted) {
    std::vector<decode::Reject> rejects(10'000);
    for (std::size_t i = 0; i < rejects.size(); ++i) {
        rejects[i].line = static_cast<std::uint32_t>(i + 1);
        rejects[i].code =
            i % 2 == 0 ? decode::RejectCode::bad_json : decode::RejectCode::no_timestamp;
        rejects[i].sample = std::string(512, '\x01');  // six bytes each in JSON
    }
    const std::string lines = rejects_to_lines(rejects);
    EXPECT_LE(lines.size(), journal::max_block_bytes);
    EXPECT_NE(lines.find(R"("code":"no_timestamp","count":)"), std::string::npos);
    EXPECT_NE(lines.find(R"({"line":1,"code":"bad_json","sample":")"), std::string::npos);
}

TEST(Idempotency, ARepeatGetsTheAnswerAndAnotherBodyIsTold) {
    Idempotency store(24h, 100);
    const Steady now{};
    const base::Digest body = base::sha256("a");
    using Verdict = Idempotency::Verdict;
    EXPECT_EQ(store.begin("c", "k", body, now).verdict, Verdict::first);
    EXPECT_EQ(store.begin("c", "k", body, now).verdict, Verdict::in_flight);
    EXPECT_EQ(store.begin("d", "k", body, now).verdict, Verdict::first) << "keys are per client";
    store.finish("c", "k", "answer");
    const Idempotency::Found again = store.begin("c", "k", body, now + 23h);
    EXPECT_EQ(again.verdict, Verdict::replay);
    EXPECT_EQ(again.answer, "answer");
    EXPECT_EQ(store.begin("c", "k", base::sha256("b"), now).verdict, Verdict::other);
    EXPECT_EQ(store.begin("c", "k", base::sha256("b"), now + 24h).verdict, Verdict::first);
    store.forget("c", "k");
    EXPECT_EQ(store.begin("c", "k", body, now + 24h).verdict, Verdict::first);
}

TEST(Idempotency, TheOldestGoFirstWhenFull) {
    Idempotency store(24h, 10);
    const base::Digest body = base::sha256("a");
    for (int i = 0; i < 30; ++i) {
        const std::string key = std::to_string(i);
        EXPECT_EQ(store.begin("c", key, body, Steady{}).verdict, Idempotency::Verdict::first);
        store.finish("c", key, "x");
    }
    EXPECT_EQ(store.begin("c", "29", body, Steady{}).verdict, Idempotency::Verdict::replay);
    EXPECT_EQ(store.begin("c", "0", body, Steady{}).verdict, Idempotency::Verdict::first);
}

TEST(Quota, AClientPaysForALargeBatchByWaiting) {
    Quota quota({100, 1'000'000, 1s});
    const Steady now = Steady{} + 1h;
    EXPECT_TRUE(quota.standings("c", now).open());
    quota.spend("c", 250, 10, now);
    EXPECT_FALSE(quota.standings("c", now).open());
    EXPECT_TRUE(quota.standings("d", now).open()) << "others are not touched";
    EXPECT_FALSE(quota.standings("c", now + 1s).open());
    EXPECT_TRUE(quota.standings("c", now + 2s).open());
    quota.spend("c", 0, 3'000'000, now + 2s);
    EXPECT_FALSE(quota.standings("c", now + 3s).open()) << "bytes count too";
}

TEST(Quota, SaysWhatIsLeftAndHowLongADebtLasts) {
    Quota quota({100, 0, 10s});
    const auto now = std::chrono::steady_clock::time_point() + 1h;
    Quota::Standings standings = quota.standings("c", now);
    EXPECT_EQ(standings.records.most, 1'000u);
    EXPECT_EQ(standings.records.left, 1'000u);
    EXPECT_EQ(standings.bytes.most, 0u) << "no such quota";
    quota.spend("c", 1'250, 1'000'000'000'000, now);
    standings = quota.standings("c", now);
    EXPECT_EQ(standings.records.left, 0u);
    EXPECT_EQ(standings.wait(), 3s) << "2.5 s of debt, and one record";
    EXPECT_TRUE(quota.standings("c", now + 3s).open()) << "bytes without a quota cost nothing";
    EXPECT_EQ(quota.standings("c", now + 3s).records.left, 50u);
}

// draft-ietf-httpapi-ratelimit-headers-11, 3 and 4: lists of strings with integer parameters.
TEST(RateLimit, IsAListOfPolicies) {
    http::Response response;
    add_rate_limits(response, {{1'000, 950, 0s}, {4'096, 0, 7s}, 10s});
    const std::vector<std::pair<std::string, std::string>> expected{
        {"RateLimit-Policy",
         R"("records";q=1000;qu="records";w=10, "bytes";q=4096;qu="content-bytes";w=10)"},
        {"RateLimit", R"("records";r=950;t=1, "bytes";r=0;t=7)"}};
    EXPECT_EQ(response.headers, expected);
}

TEST(RateLimit, IsNotSentWithoutAQuota) {
    http::Response response;
    add_rate_limits(response, {});
    EXPECT_TRUE(response.headers.empty());
    add_rate_limits(response, {{}, {~std::uint64_t{0}, ~std::uint64_t{0}, 0s}, 1s});
    ASSERT_EQ(response.headers.size(), 2u);
    EXPECT_EQ(response.headers[1].second, R"("bytes";r=999999999999999;t=1)")
        << "an integer of RFC 9651 has 15 digits";
}

TEST(FailureGate, ThreeFailuresASecondCloseItForThatAddress) {
    FailureGate gate(3);
    const Steady now = Steady{} + 1h;
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(gate.open("192.0.2.1", now)) << i;
        gate.fail("192.0.2.1", now);
    }
    EXPECT_FALSE(gate.open("192.0.2.1", now));
    EXPECT_TRUE(gate.open("192.0.2.2", now));
    EXPECT_TRUE(gate.open("192.0.2.1", now + 1s));
}

TEST(FailureGate, ManyAddressesAreForgottenRatherThanKept) {
    FailureGate gate(3);
    for (int i = 0; i < 200'000; ++i) gate.fail(std::to_string(i), Steady{});
    EXPECT_TRUE(gate.open("0", Steady{}));
}

}  // namespace
}  // namespace ingest
