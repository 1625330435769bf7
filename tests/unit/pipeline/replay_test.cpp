#include "pipeline/replay.hpp"
#include "native.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <sstream>

namespace {

/// A rule that fires by itself, windows that count, that look for values and for an order, and a
/// chain over other groups.
constexpr const char* policies = R"(
title: Gated use
name: gated
generate: true
logsource: { category: api_call }
detection: { s: { api.operation: Gated }, condition: s }
callerprint: { subject: key, quiet: 1m }
---
title: Call
name: call
logsource: { category: api_call }
detection: { s: { api.operation: [Gated, Plain] }, condition: s }
---
title: Busy
name: busy
generate: true
correlation: { type: event_count, rules: [call], group-by: [tenant_uid, key_uid], timespan: 2m, condition: { gte: 2 } }
callerprint: { subject: key }
---
title: Spread
name: spread
correlation:
  type: value_count
  rules: [call]
  group-by: [key_uid]
  timespan: 5m
  condition: { field: tenant_uid, gte: 3 }
callerprint: { subject: key }
---
title: First and then
name: then
correlation: { type: temporal_ordered, rules: [gated, call], group-by: [key_uid], timespan: 30s }
callerprint: { subject: key }
---
title: Busy keys of one tenant
name: crowd
correlation: { type: event_count, rules: [busy], group-by: [tenant_uid], timespan: 10m, condition: { gte: 2 } }
callerprint: { subject: tenant }
)";

std::shared_ptr<const pipeline::Reference> reference() {
    return native::reference(policies, pipeline::Purpose::match);
}

/// Records of an hour, hardly in order, among them some that are none.
std::vector<std::string> lines(std::mt19937& rng, std::size_t count) {
    const auto below = [&](std::uint32_t n) {
        return std::uniform_int_distribution<std::uint32_t>(0, n - 1)(rng);
    };
    std::vector<std::string> out;
    for (std::size_t i = 0; i < count; ++i) {
        const auto second = 1'750'000'000 + 3600 * i / count + below(90);
        const char* operation = below(5) == 0 ? "Gated" : below(3) == 0 ? "Other" : "Plain";
        out.push_back(R"({"time":)" + std::to_string(second) + R"(,"event_id":"e)" +
                      std::to_string(i) + R"(","operation":")" + operation + R"(","tenant":"t)" +
                      std::to_string(below(5)) + R"(","key":"k)" + std::to_string(below(40)) +
                      "\"}\n");
        if (below(200) == 0) out.back() = "{ no record\n";
    }
    return out;
}

/// Everything that a replay says, in the order that it says it.
std::string replayed(const std::shared_ptr<const pipeline::Reference>& reference,
                     const std::vector<std::string>& lines, unsigned threads, std::size_t block,
                     std::optional<std::chrono::microseconds> lateness) {
    std::ostringstream said;
    pipeline::Replay::Options options;
    options.threads = threads;
    options.lateness = lateness;
    options.on_call = [&](const call::Call& call) {
        said << "call " << call.header().record << '\n';
    };
    options.on_match = [&](policy::PolicyIndex policy, std::uint64_t line) {
        said << "match " << policy << " at " << line << '\n';
    };
    options.on_firing = [&](const correlate::Firing& firing) {
        said << "firing " << firing.policy << ' ' << base::to_rfc3339(firing.at) << ' '
             << base::to_rfc3339(firing.window_start) << ' ' << firing.value << ' '
             << firing.episode << ' ' << firing.behind.has_value();
        for (const auto& value : firing.group) said << ' ' << value.value.value_or("-");
        for (const auto& record : firing.sample) said << " #" << record.record;
        said << '\n';
    };
    auto replay = pipeline::Replay::make(reference, std::move(options));
    EXPECT_TRUE(replay);
    for (std::size_t first = 0; first < lines.size(); first += block) {
        std::string text;
        for (std::size_t i = first; i < std::min(first + block, lines.size()); ++i)
            text += lines[i];
        (*replay)->lines(*reference->formats->find("native"), text,
                         static_cast<std::uint32_t>(first), base::WallTime::max());
    }
    (*replay)->finish();
    for (const auto& reject : (*replay)->rejects()) said << "reject " << reject.line << '\n';
    const auto& summary = (*replay)->summary();
    said << summary.records << ' ' << summary.bad << ' ' << summary.firings << ' ' << summary.bytes;
    return said.str();
}

/// The first line in which they differ, or nothing.
std::string difference(const std::string& a, const std::string& b) {
    std::istringstream left(a);
    std::istringstream right(b);
    std::string one;
    std::string other;
    for (int line = 1; left || right; ++line) {
        const bool more = static_cast<bool>(std::getline(left, one));
        if (more != static_cast<bool>(std::getline(right, other)) || (more && one != other))
            return std::to_string(line) + ": " + one + " | " + other;
    }
    return {};
}

TEST(Replay, SaysTheSameForAnyNumberOfThreads) {
    const auto given = reference();
    for (unsigned seed = 1; seed <= 5; ++seed) {
        std::mt19937 rng(seed);
        const auto records = lines(rng, 4'000);
        for (const auto lateness :
             {std::optional<std::chrono::microseconds>(),
              std::optional<std::chrono::microseconds>(std::chrono::seconds(20))}) {
            const auto alone = replayed(given, records, 1, 100, lateness);
            for (int policy : {0, 2, 3, 4, 5})
                EXPECT_THAT(alone, testing::HasSubstr("firing " + std::to_string(policy) + ' '));
            EXPECT_THAT(alone, testing::HasSubstr("reject "));
            for (const unsigned threads : {2u, 3u, 8u})
                EXPECT_EQ(difference(replayed(given, records, threads, 100, lateness), alone), "")
                    << threads << " threads, seed " << seed;
        }
    }
}

TEST(Replay, SaysTheSameForAnySplitIntoBlocksWhenTheInputIsSortedFirst) {
    const auto given = reference();
    std::mt19937 rng(7);
    const auto records = lines(rng, 3'000);
    const auto whole = replayed(given, records, 1, records.size(), {});
    for (const std::size_t block : {1u, 7u, 1'000u})
        EXPECT_EQ(difference(replayed(given, records, 2, block, {}), whole), "")
            << "blocks of " << block;
}

TEST(Replay, OfNothingSaysNothing) {
    EXPECT_EQ(replayed(reference(), {}, 4, 1, {}), "0 0 0 0");
}

}  // namespace
