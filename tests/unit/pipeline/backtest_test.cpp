#include "pipeline/backtest.hpp"
#include "native.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t start = 1'750'000'000;  // seconds

/// Tells of a tenant with three calls in ten minutes, and of one that did so twice in two hours.
std::shared_ptr<const pipeline::Reference> reference() {
    return native::reference(
        "title: Call\nname: call\nlogsource: { category: api_call }\n"
        "detection:\n  s: { api.operation: Plain }\n  condition: s\n"
        "callerprint: { quiet: 4h }\n"
        "---\ntitle: Busy\nname: busy\nstatus: stable\ncorrelation:\n  type: event_count\n"
        "  rules: [call]\n  group-by: [tenant_uid]\n  timespan: 10m\n  condition: { gte: 3 }\n"
        "  generate: true\ncallerprint: { subject: tenant, quiet: 1h }\n"
        "---\ntitle: Again\nname: again\nstatus: test\ncorrelation:\n  type: event_count\n"
        "  rules: [busy]\n  group-by: [tenant_uid]\n  timespan: 2h\n  condition: { gte: 2 }\n"
        "callerprint: { subject: tenant, quiet: 3h }\n",
        pipeline::Purpose::store);
}

/// A block with a call of the tenant at each of these seconds.
journal::Entry block(journal::Lsn lsn, const std::string& tenant, std::vector<int> seconds) {
    journal::Entry entry;
    entry.lsn = lsn;
    entry.block.source = "s";
    entry.block.format = "native";
    entry.block.received = base::WallTime{} + std::chrono::seconds(start + 1'000'000);
    for (const int at : seconds) {
        entry.block.lines += R"({"time":)" + std::to_string(start + at) + R"(,"event_id":")" +
                             tenant + std::to_string(at) + R"(","operation":"Plain","tenant":")" +
                             tenant + "\"}\n";
        ++entry.block.records;
    }
    return entry;
}

std::vector<journal::Entry> history() {
    return {block(1, "t1", {0, 10, 20}), block(2, "t2", {25, 30}),
            block(3, "t1", {3'000, 3'010, 3'020}), block(4, "t2", {8'000, 8'001, 8'002})};
}

std::vector<std::string> told(const std::vector<alert::Past>& alerts) {
    std::vector<std::string> out;
    for (const auto& past : alerts) {
        out.push_back(past.alert.policy_name + " " + past.alert.tenant + " " +
                      std::to_string(base::micros(past.alert.opened) / 1'000'000 - start));
    }
    std::ranges::sort(out);
    return out;
}

std::unique_ptr<pipeline::Backtest> judged() {
    auto made = pipeline::Backtest::make(reference(), {});
    EXPECT_TRUE(made);
    for (const auto& entry : history()) (*made)->apply(entry);
    (*made)->finish();
    return std::move(*made);
}

TEST(Backtest, GivesWhatTheEvaluatorGives) {
    auto evaluator = std::move(*pipeline::Evaluator::make(reference(), {}));
    for (const auto& entry : history()) evaluator->apply(entry, false);
    journal::Entry idle;
    idle.lsn = 5;
    idle.block = pipeline::idle_block("s", {});
    evaluator->apply(idle, false);
    std::set<std::string> ids;
    for (const auto& change : evaluator->take().alerts) ids.insert(change.alert.id);
    std::set<std::string> again;
    for (const auto& past : judged()->alerts({}, {})) again.insert(past.alert.id);
    EXPECT_EQ(again, ids);
    EXPECT_THAT(told(judged()->alerts({}, {})),
                ElementsAre("again t1 3020", "busy t1 20", "busy t2 8002", "call  0"));
}

TEST(Backtest, CountsTheAlertsOfThePeriodAlone) {
    const auto at = [](std::int64_t seconds) {
        return base::event_time((start + seconds) * 1'000'000);
    };
    EXPECT_THAT(told(judged()->alerts(at(20), at(8'002))),
                ElementsAre("again t1 3020", "busy t1 20"));
    EXPECT_THAT(told(judged()->alerts(at(21), {})), ElementsAre("again t1 3020", "busy t2 8002"));
    EXPECT_THAT(told(judged()->alerts(at(9'000), {})), IsEmpty());
}

TEST(Backtest, RemembersAsLongAsAChainOfWindowsAndTheQuietTime) {
    EXPECT_EQ(pipeline::memory_of(*reference()->policies), hours(5) + std::chrono::minutes(10));
}

TEST(Backtest, KnowsUntilWhenAnAlertSpeaks) {
    const auto times = pipeline::quiet_times(*reference()->policies);
    alert::Alert alert;
    alert.policy_key = "busy";
    alert.opened = base::event_time(1'000'000);
    alert.last_seen = base::event_time(2'000'000);
    EXPECT_EQ(pipeline::past_of(alert, times).quiet_until, alert.opened + hours(1));
    alert.policy_key = "gone";
    EXPECT_EQ(pipeline::past_of(alert, times).quiet_until, alert.last_seen);
}

}  // namespace
