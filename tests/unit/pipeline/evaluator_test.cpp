#include "pipeline/evaluator.hpp"
#include "native.hpp"

#include "alert/alert.hpp"
#include "coverage/chain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A rule that needs no window and a correlation, over calls in our own format.
std::shared_ptr<const pipeline::Reference> reference(const std::string& title = "Gated use") {
    return native::reference(
        "title: " + title +
            "\nname: gated\nstatus: stable\nlogsource: { category: api_call }\n"
            "detection:\n  s: { api.operation: Gated }\n  condition: s\n"
            "callerprint: { subject: tenant, quiet: 1h }\n"
            "---\ntitle: Call\nname: call\nlogsource: { category: api_call }\n"
            "detection:\n  s: { api.operation: [Gated, Plain] }\n  condition: s\n"
            "---\ntitle: Busy\nname: busy\nstatus: stable\ncorrelation:\n  type: event_count\n"
            "  rules: [call]\n  group-by: [tenant_uid]\n  timespan: 10m\n  condition: { gte: 5 }\n"
            "callerprint: { subject: tenant, quiet: 1h }\n",
        pipeline::Purpose::store);
}

constexpr std::int64_t start = 1'750'000'000;  // seconds

std::string record(std::int64_t at, const std::string& operation, const std::string& tenant) {
    static int number = 0;
    return R"({"time":)" + std::to_string(start + at) + R"(,"event_id":"e)" +
           std::to_string(++number) + R"(","operation":")" + operation + R"(","tenant":")" +
           tenant + "\"}\n";
}

journal::Entry block(journal::Lsn lsn, std::string lines) {
    journal::Entry entry;
    entry.lsn = lsn;
    entry.block.source = "s";
    entry.block.format = "native";
    entry.block.client = "c";
    entry.block.batch_id = "b" + std::to_string(lsn);
    entry.block.received = base::WallTime{} + std::chrono::seconds(start + 1'000'000);
    entry.block.records = static_cast<std::uint32_t>(std::ranges::count(lines, '\n'));
    entry.block.lines = std::move(lines);
    return entry;
}

std::unique_ptr<pipeline::Evaluator> evaluator() {
    auto made = pipeline::Evaluator::make(reference(), {});
    EXPECT_TRUE(made);
    return std::move(*made);
}

std::vector<std::string> told(const std::vector<alert::Change>& changes) {
    std::vector<std::string> out;
    for (const auto& change : changes) {
        out.push_back(std::string(name(change.kind)) + " " +
                      boost::json::serialize(alert::to_json(change.alert)));
    }
    return out;
}

TEST(Evaluator, CountsARecordOnceHoweverFarItsRepeatsAre) {
    std::vector<std::string> records;
    for (int i = 0; i < 40; ++i) records.push_back(record(i, "Plain", "t"));
    std::mt19937 random(5);
    const auto made = evaluator();
    std::set<std::size_t> sent;
    std::uint64_t all = 0;
    for (journal::Lsn lsn = 1; lsn <= 30; ++lsn) {
        std::string lines;
        for (auto left = random() % 30; left > 0; --left, ++all) {
            const auto pick = random() % std::min<std::size_t>(records.size(), lsn + 5);
            sent.insert(pick);
            lines += records[pick];
        }
        made->apply(block(lsn, lines), false);
        EXPECT_EQ(made->counters().calls, sent.size()) << lsn;
        EXPECT_EQ(made->counters().duplicates, all - sent.size()) << lsn;
    }
}

journal::Entry control(journal::Lsn lsn, const std::string& batch, std::string lines) {
    auto entry = block(lsn, std::move(lines));
    entry.block.format = "control";
    entry.block.batch_id = batch;
    return entry;
}

TEST(Evaluator, NumbersAreThoseOfTheBatchBeforeThem) {
    const auto run = evaluator();
    auto first = block(1, record(10, "Plain", "t") + record(30, "Plain", "t"));
    auto second = block(2, record(20, "Plain", "t"));
    second.block.batch_id = first.block.batch_id;
    run->apply(first, false);
    run->apply(second, false);
    run->apply(control(3, "b1", "sequence 17-19 gw 1\n"), false);
    run->apply(control(4, "b4", "heartbeat\nsequence 9 gw-2\n"), false);
    const auto effects = run->take();
    ASSERT_EQ(effects.reports.size(), 2);
    const auto& report = effects.reports[0];
    EXPECT_EQ(report.source, "s");
    EXPECT_EQ(report.producer, "gw 1");
    EXPECT_EQ(report.numbers, (coverage::Numbers{17, 19}));
    EXPECT_TRUE(report.records);
    EXPECT_EQ(report.oldest, base::EventTime{std::chrono::seconds(start + 10)});
    EXPECT_EQ(report.newest, base::EventTime{std::chrono::seconds(start + 30)});
    EXPECT_FALSE(effects.reports[1].records);
    EXPECT_EQ(effects.reports[1].oldest, base::EventTime{std::chrono::seconds(start + 1'000'000)})
        << "its arrival";
    EXPECT_TRUE(run->take().reports.empty());
}

TEST(Evaluator, AHeartbeatIsCountedAndChangesNothingElse) {
    const auto run = evaluator();
    run->apply(block(1, record(10, "Plain", "t")), false);
    const auto watermark = run->watermark();
    run->apply(control(2, "b2", "heartbeat\n"), false);
    run->apply(control(3, "b3", "heartbeat\n"), true);
    run->apply(control(4, "b4", "unheard of\nstill\n"), false);
    EXPECT_EQ(run->watermark(), watermark);
    std::uint64_t beats = 0, received = 0;
    for (const auto& row : run->take().rollup.coverage) {
        beats += row.heartbeats;
        received += row.received;
    }
    EXPECT_EQ(beats, 1) << "silently, it is stored already";
    EXPECT_EQ(received, 1);
}

TEST(Evaluator, CallsStampedAheadCountWhereTheyCame) {
    const auto run = evaluator();
    run->apply(block(1, record(1'000'000 + 3'600, "Plain", "t") + record(10, "Plain", "t")), false);
    std::uint64_t ahead = 0;
    for (const auto& row : run->take().rollup.coverage) {
        if (row.ahead == 0) continue;
        ahead += row.ahead;
        EXPECT_LE(row.minute, base::EventTime{std::chrono::seconds(start + 1'000'000)});
    }
    EXPECT_EQ(ahead, 1);
}

TEST(Evaluator, WhatIsNoRecordIsSetAside) {
    const auto run = evaluator();
    auto refused = block(1,
                         "{\"line\":1,\"code\":\"not_a_record\",\"sample\":\"x\"}\n"
                         "{\"line\":0,\"code\":\"not_a_record\",\"count\":4}\n"
                         "{\"line\":2,\"code\":\"bad_json\",\"sample\":\"x\"}\n");
    refused.block.rejects = true;
    run->apply(refused, false);
    const auto effects = run->take();
    ASSERT_EQ(effects.rollup.coverage.size(), 1);
    EXPECT_EQ(effects.rollup.coverage[0].rejected, 6);
    EXPECT_EQ(effects.rollup.coverage[0].set_aside, 5);
}

std::string keyed(std::int64_t at, const std::string& key, const std::string& tenant = "t") {
    static int number = 0;
    return R"({"time":)" + std::to_string(start + at) + R"(,"event_id":"k)" +
           std::to_string(++number) + R"(","operation":"Gated","tenant":")" + tenant +
           R"(","actor":{"user":{"credential_uid":")" + key + "\"}}}\n";
}

TEST(Evaluator, ACanaryIsAddedUpAndNothingElse) {
    auto made = pipeline::Evaluator::make(reference(), {.canary_secret = "secret"});
    ASSERT_TRUE(made);
    auto& run = **made;
    run.apply(block(1, record(0, "Plain", "t")), false);
    const auto watermark = run.watermark();
    (void)run.take();
    const auto key = coverage::CanaryKeys("secret").make({1, 2, 3});
    run.apply(block(2, keyed(600, key)), false);
    run.apply(control(3, "b3", "idle s\n"), false);
    const auto effects = run.take();
    EXPECT_TRUE(effects.alerts.empty());
    EXPECT_TRUE(effects.calls.empty());
    EXPECT_TRUE(effects.rollup.coverage.empty());
    EXPECT_LT(run.watermark(), watermark + std::chrono::seconds(10)) << "that of the call before";
    ASSERT_EQ(effects.rollup.activity.size(), 1);
    EXPECT_EQ(effects.rollup.activity[0].tenant, "(canary)");
    EXPECT_EQ(effects.rollup.activity[0].key, key);
}

TEST(Evaluator, WhoOnlyCallsThemselvesACanaryIsSeen) {
    auto made = pipeline::Evaluator::make(reference(), {.canary_secret = "secret"});
    ASSERT_TRUE(made);
    auto& run = **made;
    auto key = coverage::CanaryKeys("another").make({1, 2, 3});
    run.apply(block(1, keyed(600, key, "(canary)")), false);
    const auto effects = run.take();
    EXPECT_EQ(effects.rollup.coverage.size(), 1);
    ASSERT_EQ(effects.rollup.activity.size(), 1);
    EXPECT_EQ(effects.rollup.activity[0].tenant, "(not a canary)");
    run.apply(block(2, record(700, "Plain", "t")), false);
    EXPECT_EQ(effects.alerts.size() + run.take().alerts.size(), 1);
}

TEST(Evaluator, SealsBlocksAndTheRecordsThatAreKept) {
    const auto run = evaluator();
    auto first = block(7, record(0, "Plain", "t") + record(1, "Gated", "u"));
    first.digest = base::sha256("payload");
    run->apply(first, false);
    run->apply(block(8, record(2, "Other", "t")), true);
    run->apply(control(9, "b9", "still\n"), false);
    const auto effects = run->take();
    EXPECT_EQ(effects.records, 2);
    EXPECT_EQ(effects.arrived, first.block.received);
    ASSERT_EQ(effects.leaves.size(), 4);
    EXPECT_EQ(effects.leaves[0], coverage::block_leaf(7, first.digest));
    const auto lines = first.block.lines;
    const auto end = lines.find('\n');
    EXPECT_EQ(effects.leaves[1], coverage::record_leaf(7, 0, lines.substr(0, end)));
    EXPECT_EQ(effects.leaves[2],
              coverage::record_leaf(7, 1, lines.substr(end + 1, lines.size() - end - 2)));
    EXPECT_EQ(effects.leaves[3], coverage::block_leaf(9, {}));
}

TEST(Evaluator, ALateCallIsStoredCountedAndShownToRulesThatNeedNoWindow) {
    const auto run = evaluator();
    std::string early;
    for (int i = 0; i < 4; ++i) early += record(i, "Plain", "t1");
    run->apply(block(1, early), false);
    run->apply(block(2, record(3'000, "Plain", "t2")), false);
    run->apply(block(3, record(5, "Gated", "t1")), false);
    EXPECT_EQ(run->counters().late, 1u);
    EXPECT_EQ(run->counters().matched, 6u);
    const auto effects = run->take();
    EXPECT_EQ(effects.calls.size(), 6u) << "the late call is kept like the others";
    ASSERT_EQ(effects.alerts.size(), 1u) << "it was the fifth call, but the window is over";
    const auto& alert = effects.alerts[0].alert;
    EXPECT_EQ(alert.policy_name, "gated");
    EXPECT_EQ(alert.subject.value, "t1");
    EXPECT_EQ(alert.opened, base::event_time((start + 5) * 1'000'000));
    EXPECT_THAT(alert.summary, HasSubstr("its record came late"));
    EXPECT_TRUE(alert.evidence.contains("late"));
    EXPECT_THAT(effects.alerts[0].sample, ElementsAre(correlate::RecordRef{3, 0}));
}

TEST(Evaluator, AReplayAfterACrashGivesTheSameAlertsForLateCalls) {
    std::size_t late = 0;
    std::size_t stored = 0;
    for (unsigned seed = 0; seed < 10; ++seed) {
        std::mt19937_64 random(seed);
        std::vector<journal::Entry> journal;
        std::int64_t now = 40'000;
        for (journal::Lsn lsn = 1; lsn <= 60; ++lsn) {
            std::string lines;
            for (std::uint64_t n = 1 + random() % 6; n > 0; --n) {
                now += static_cast<std::int64_t>(random() % 120);
                const std::int64_t behind =
                    random() % 3 == 0 ? static_cast<std::int64_t>(random() % 40'000) : 0;
                lines += record(now - behind, random() % 2 == 0 ? "Gated" : "Plain",
                                "t" + std::to_string(random() % 3));
            }
            journal.push_back(block(lsn, lines));
        }
        const auto whole = evaluator();
        const auto before = evaluator();
        const std::size_t saved_at = random() % 30;
        const std::size_t crashed_at = saved_at + random() % 30;
        pipeline::Parts state;
        std::vector<alert::Change> expected;
        std::vector<std::string> opened;  // and stored, between the state and the crash
        for (std::size_t i = 0; i < journal.size(); ++i) {
            if (i == saved_at) state = before->save();
            if (i < saved_at) before->apply(journal[i], false);
            whole->apply(journal[i], false);
            auto effects = whole->take();
            for (const auto& change : effects.alerts) {
                if (i < saved_at || i >= crashed_at) continue;
                if (change.kind == alert::Change::Kind::opened) opened.push_back(change.alert.id);
            }
            if (i >= crashed_at) std::ranges::move(effects.alerts, std::back_inserter(expected));
        }
        const auto after = evaluator();
        ASSERT_TRUE(after->restore(state));
        for (std::size_t i = saved_at; i < journal.size(); ++i)
            after->apply(journal[i], i < crashed_at);
        EXPECT_EQ(told(after->take().alerts), told(expected));
        EXPECT_EQ(after->take_replayed(), opened);
        EXPECT_TRUE(after->take_replayed().empty());
        stored += opened.size();
        late += whole->counters().late;
        EXPECT_FALSE(expected.empty());
    }
    EXPECT_GT(late, 200u);
    EXPECT_GT(stored, 10u);
}

TEST(Evaluator, APolicyThatCameLaterDoesNotRememberWhatItNeverTold) {
    const auto later = evaluator();
    const std::string gated = reference()->policies->policies()[0].digest;
    std::set<std::string> before;
    for (const auto& policy : reference()->policies->policies()) before.insert(policy.digest);
    before.erase(gated);
    later->hear_only(before);  // evaluated again after a crash: `gated` was loaded after this block
    later->apply(block(1, record(0, "Gated", "t1") + record(20, "Plain", "t1")), true);
    later->hear_all();
    later->apply(block(2, record(40, "Gated", "t1") + record(900, "Plain", "t1")), false);
    const auto effects = later->take();
    ASSERT_EQ(effects.alerts.size(), 1u);
    EXPECT_EQ(effects.alerts[0].alert.policy_name, "gated");
    EXPECT_EQ(effects.alerts[0].alert.opened, base::event_time((start + 40) * 1'000'000));
}

class SuspendedRule : public testing::Test {
protected:
    void rules(std::string_view verb, const std::vector<std::string>& digests,
               bool silent = false) {
        auto entry = block(++lsn_, "");
        entry.block = pipeline::rules_block(
            verb, digests, base::WallTime{} + std::chrono::seconds(start + 1'000'000));
        made_->apply(entry, silent);
    }
    /// The policies that tell of a new tenant.
    std::vector<std::string> told_of_a_call() {
        const auto tenant = "t" + std::to_string(++lsn_);
        const auto at = static_cast<std::int64_t>(lsn_) * 1'000;
        std::string lines;
        for (int i = 0; i < 5; ++i) lines += record(at + i, "Gated", tenant);
        made_->apply(block(lsn_, lines + record(at + 900, "Plain", "-")), false);
        std::vector<std::string> out;
        effects_ = made_->take();
        for (const auto& change : effects_.alerts)
            if (change.kind == alert::Change::Kind::opened) out.push_back(change.alert.policy_name);
        std::ranges::sort(out);
        return out;
    }
    const std::string gated_ = reference()->policies->policies()[0].digest;
    std::unique_ptr<pipeline::Evaluator> made_ = evaluator();
    store::Effects effects_;
    journal::Lsn lsn_ = 0;
};

TEST_F(SuspendedRule, JudgesNothingUntilItResumesAndTheOthersDoAsEver) {
    EXPECT_THAT(told_of_a_call(), ElementsAre("busy", "gated"));
    rules("suspend ", {gated_, "nobody's"});
    rules("suspend ", {gated_});
    EXPECT_THAT(told_of_a_call(), ElementsAre("busy"));
    EXPECT_EQ(made_->counters().suspensions, 1);
    ASSERT_EQ(effects_.suspensions.size(), 1);
    EXPECT_EQ(effects_.suspensions[0].digest, gated_);
    EXPECT_EQ(effects_.suspensions[0].policy_key, "gated");
    EXPECT_FALSE(effects_.suspensions[0].over);
    EXPECT_LT(effects_.suspensions[0].at, base::event_time((start + 3'000) * 1'000'000))
        << "of calls that are older than their arrival";
    rules("resume ", {gated_, "nobody's"});
    EXPECT_THAT(told_of_a_call(), ElementsAre("busy", "gated"));
    ASSERT_EQ(effects_.suspensions.size(), 1);
    EXPECT_TRUE(effects_.suspensions[0].over);
}

TEST_F(SuspendedRule, IsSoAfterARestart) {
    (void)told_of_a_call();
    rules("suspend ", {gated_}, true);
    (void)told_of_a_call();
    EXPECT_THAT(effects_.suspensions, testing::IsEmpty()) << "it is stored";
    const auto state = made_->save();
    made_ = evaluator();
    ASSERT_TRUE(made_->restore(state));
    EXPECT_THAT(told_of_a_call(), ElementsAre("busy"));
    EXPECT_EQ(made_->suspensions().active(), 1);
    rules("resume ", {gated_});
    EXPECT_THAT(told_of_a_call(), ElementsAre("busy", "gated"));
}

TEST_F(SuspendedRule, EndsEvenIfItWasReplacedBeforeACrash) {
    rules("suspend ", {"replaced"}, true);
    (void)told_of_a_call();
    ASSERT_EQ(effects_.suspensions.size(), 1);
    EXPECT_EQ(effects_.suspensions[0].digest, "replaced");
    EXPECT_TRUE(effects_.suspensions[0].over);
    EXPECT_EQ(effects_.suspensions[0].at, base::event_time((start + 1'000'600) * 1'000'000));
}

TEST_F(SuspendedRule, IsJudgedAtOnceWithAnotherText) {
    rules("suspend ", {gated_});
    EXPECT_THAT(told_of_a_call(), ElementsAre("busy"));
    made_->use(*pipeline::Evaluator::ready(reference(), {}));
    EXPECT_THAT(told_of_a_call(), ElementsAre("busy")) << "the same text";
    made_->use(*pipeline::Evaluator::ready(reference("Gated use, written anew"), {}));
    EXPECT_THAT(told_of_a_call(), ElementsAre("busy", "gated"));
    ASSERT_EQ(effects_.suspensions.size(), 1);
    EXPECT_EQ(effects_.suspensions[0].digest, gated_);
    EXPECT_TRUE(effects_.suspensions[0].over);
}

TEST(Evaluator, LateCallsNeverChangeWhatCorrelationsTell) {
    std::mt19937_64 random(5);
    const auto with = evaluator();
    const auto without = evaluator();
    std::int64_t now = 40'000;
    const auto busy = [](pipeline::Evaluator& run) {
        auto changes = run.take().alerts;
        std::erase_if(changes,
                      [](const auto& change) { return change.alert.policy_name != "busy"; });
        return told(changes);
    };
    std::size_t fired = 0;
    for (journal::Lsn lsn = 1; lsn <= 400; lsn += 2) {
        std::string lines;
        for (std::uint64_t n = 1 + random() % 6; n > 0; --n) {
            now += static_cast<std::int64_t>(random() % 200);
            lines += record(now, "Plain", "t" + std::to_string(random() % 3));
        }
        with->apply(block(lsn, lines), false);
        without->apply(block(lsn, lines), false);
        std::string old;
        for (int i = 0; i < 5; ++i)
            old += record(now - 100 - static_cast<std::int64_t>(random() % 900), "Gated", "t1");
        with->apply(block(lsn + 1, old), false);
        const auto expected = busy(*without);
        fired += expected.size();
        EXPECT_EQ(busy(*with), expected);
    }
    EXPECT_EQ(with->counters().late, 1'000u);
    EXPECT_GT(fired, 20u);
}

/// Alerts of devices that stopped reporting, with two sources of which one is silent for an hour.
class Outage {
public:
    explicit Outage(bool declared) {
        const decode::FormatFile format{
            "native.yaml",
            text_of(std::filesystem::path(CALLERPRINT_ROOT) / "config/formats/native.yaml")};
        const policy::File file{
            "p.yaml",
            "title: Report\nname: report\nlogsource: { category: api_call }\n"
            "detection:\n  s: { api.operation: Report }\n  condition: s\n"
            "---\ntitle: Gone\nname: gone\nstatus: stable\ncorrelation:\n  type: absence\n"
            "  rules: [report]\n  group-by: [tenant_uid]\n  timespan: 30m\n"
            "callerprint: { subject: tenant, quiet: 1h }\n"};
        const auto formats = decode::Formats::load({&format, 1});
        const auto set = policy::Set::load({&file, 1}, {});
        EXPECT_TRUE(formats && set);
        pipeline::Evaluator::Options options;
        if (declared) {
            options.rhythms["a"] = {std::chrono::minutes(5), "native"};
            options.rhythms["b"] = {std::chrono::minutes(5), "native"};
        }
        made_ = *pipeline::Evaluator::make(
            pipeline::make_reference(*formats, *set, {}, std::string(32, 'k'),
                                     pipeline::Purpose::store),
            options);
    }
    void report(const std::string& source, int minute, const std::string& tenant) {
        auto entry = block(++lsn_, record(minute * 60, "Report", tenant));
        entry.block.source = source;
        apply(entry);
    }
    void rule(std::string_view verb, int minute) {
        auto entry = block(++lsn_, "");
        const std::vector digests{made_->preparer().reference().policies->policies()[0].digest};
        entry.block = pipeline::rules_block(
            verb, digests, base::WallTime{} + std::chrono::seconds(start + minute * 60));
        apply(entry);
    }
    void idle(const std::string& source) {
        auto entry = block(++lsn_, "");
        entry.block = pipeline::idle_block(source, {});
        apply(entry);
    }

    std::vector<std::string> gone;  ///< Tenants.
    pipeline::Evaluator& evaluator() { return *made_; }

private:
    void apply(const journal::Entry& entry) {
        made_->apply(entry, false);
        for (const auto& change : made_->take().alerts) gone.push_back(change.alert.tenant);
    }
    std::unique_ptr<pipeline::Evaluator> made_;
    journal::Lsn lsn_ = 0;
};

TEST(Evaluator, AccusesNobodyOfSilenceWhileHisSourceIsOut) {
    for (const bool declared : {false, true}) {
        Outage world(declared);
        for (int minute = 0; minute < 180; minute += 4) {
            const bool out = minute >= 60 && minute < 120;
            world.report("b", minute, "of-b");
            if (!out) world.report("a", minute, "of-a");
            if (minute == 60) world.idle("a");
            if (minute < 100) world.report("b", minute, "quits");
        }
        if (!declared) {
            EXPECT_THAT(world.gone, ElementsAre("of-a", "quits")) << "nothing was expected of it";
            continue;
        }
        // Who quits is told all the same, when silence is no outage any more.
        EXPECT_THAT(world.gone, ElementsAre("quits"));
        EXPECT_GE(world.evaluator().windows().blind, 2U);
    }
}

TEST(Evaluator, AccusesNobodyOfWhatWasNotCounted) {
    for (const bool resumed : {true, false}) {
        Outage world(false);
        for (int minute = 0; minute < 240; minute += 4) {
            world.report("a", minute, "t");
            if (minute == 60) world.rule("suspend ", minute);
            if (minute == 120 && resumed) world.rule("resume ", minute);
        }
        EXPECT_THAT(world.gone, testing::IsEmpty()) << resumed;
    }
}

TEST(Evaluator, AccusesNobodyOfAnHourThatIsMissing) {
    Outage world(true);
    for (int minute = 0; minute < 240; minute += 4) {
        if (minute < 60 || minute >= 120) world.report("a", minute, "t");
    }
    EXPECT_THAT(world.gone, testing::IsEmpty());
}

}  // namespace
