#include "store/coverage.hpp"

#include "coverage/gaps.hpp"
#include "store/connection.hpp"
#include "store/database.hpp"
#include "store/registry_table.hpp"
#include "store/retention.hpp"

#include <algorithm>
#include <random>

namespace {

using base::EventTime;
using base::Fault;
using coverage::Cause;
using coverage::Certificate;
using coverage::Gap;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using store_test::batch;
using store_test::now;

// 2024-06-01T00:00:00Z; long past, so that all of it is due.
constexpr EventTime midnight = base::event_time(1'717'200'000'000'000);

EventTime at(int minute) {
    return midnight + minutes(minute);
}

class Coverage : public store_test::Database {
protected:
    void SetUp() override {
        auto position = session_->claim("main", 0, "a");
        ASSERT_TRUE(position);
        position_ = *position;
    }
    void declare(std::vector<store::DeclaredSource> sources, base::WallTime when = now) {
        const auto done = store::declare_sources(*session_, sources, when);
        ASSERT_TRUE(done) << done.error().reason;
    }
    void commit(store::Effects effects) {
        const auto done = session_->commit(effects);
        ASSERT_TRUE(done) << done.error().reason;
        position_ = *session_->position("main", 0);
    }
    store::Effects next() {
        auto effects = batch(position_, position_.next_offset + 1);
        effects.arrived = base::WallClock::now();  // all up to the present is evaluated
        return effects;
    }
    /// Records of source "edge" in each of the minutes [from, to).
    void send(int from, int to, std::uint64_t records = 10) {
        auto effects = next();
        for (int i = from; i < to; ++i)
            effects.rollup.coverage.push_back({.source = "edge",
                                               .minute = at(i),
                                               .received = records,
                                               .parsed = records,
                                               .attributed = records});
        commit(std::move(effects));
    }
    Certificate read(int from, int to) {
        auto certificate = store::read_coverage(*session_, at(from), at(to));
        EXPECT_TRUE(certificate) << certificate.error().reason;
        return *certificate;
    }
    static coverage::Report report(std::uint64_t first, std::uint64_t last, int minute) {
        return {.source = "edge",
                .producer = "gw-1",
                .numbers = {first, last},
                .records = true,
                .oldest = at(minute),
                .newest = at(minute)};
    }
    void number(std::vector<coverage::Report> reports) {
        auto effects = next();
        effects.reports = std::move(reports);
        commit(std::move(effects));
    }
    void import(std::vector<coverage::Counter> counters) {
        const auto done = store::import_counters(*session_, counters, "ann", now);
        ASSERT_TRUE(done) << done.error().reason;
    }

    store::Position position_;
    const store::DeclaredSource every_5m_{"edge", minutes(5), midnight - hours(24)};
};

TEST_F(Coverage, WithoutASourceNothingIsSeen) {
    const auto certificate = read(0, 60);
    ASSERT_EQ(certificate.gaps.size(), 1);
    EXPECT_EQ(certificate.gaps[0].cause, Cause::no_expectation);
    EXPECT_EQ(certificate.share, 0);
    EXPECT_TRUE(has_unacknowledged_hole(certificate));
}

TEST_F(Coverage, OfAWholeWindowHasNoGap) {
    declare({every_5m_});
    send(-10, 70);
    const auto certificate = read(0, 60);
    EXPECT_TRUE(certificate.gaps.empty());
    ASSERT_EQ(certificate.sources.size(), 1);
    const auto& line = certificate.sources[0];
    EXPECT_EQ(line.source, "edge");
    EXPECT_EQ(line.received, 600);
    EXPECT_EQ(line.parsed, 600);
    EXPECT_TRUE(line.expectation_declared);
    EXPECT_EQ(line.expected, std::nullopt) << "nobody else counted";
    EXPECT_EQ(certificate.share, 1);
    EXPECT_FALSE(has_unacknowledged_hole(certificate));
    EXPECT_EQ(certificate, read(0, 60));
}

TEST_F(Coverage, AnHourOfLogsMissingIsAGap) {
    declare({every_5m_});
    send(-10, 60);
    send(120, 250);
    const auto certificate = read(0, 240);
    ASSERT_EQ(certificate.gaps.size(), 1);
    EXPECT_EQ(coverage::id_of(certificate.gaps[0]),
              "edge/silent/2024-06-01T01:00:00Z/2024-06-01T02:00:00Z");
    EXPECT_DOUBLE_EQ(certificate.share, 0.75);
    EXPECT_TRUE(has_unacknowledged_hole(certificate));
    send(60, 120);
    EXPECT_TRUE(read(0, 240).gaps.empty()) << "what came later fills it";
}

TEST_F(Coverage, AHeartbeatIsASignOfLife) {
    declare({every_5m_});
    send(-10, 60);
    send(120, 250);
    auto effects = next();
    for (int i = 60; i < 120; i += 5)
        effects.rollup.coverage.push_back({.source = "edge", .minute = at(i), .heartbeats = 1});
    commit(std::move(effects));
    EXPECT_TRUE(read(0, 240).gaps.empty());
    EXPECT_EQ(value("SELECT sum(heartbeats) FROM investigate.coverage"), "12");
}

TEST_F(Coverage, WithoutARhythmIsUnknown) {
    declare({{"edge", {}, {}}});
    send(0, 60);
    const auto certificate = read(0, 60);
    ASSERT_EQ(certificate.gaps.size(), 1);
    EXPECT_EQ(certificate.gaps[0].cause, Cause::no_expectation);
    EXPECT_FALSE(certificate.sources[0].expectation_declared);
    EXPECT_EQ(certificate.share, 0);
}

TEST_F(Coverage, IsUnknownBeforeItWasDeclared) {
    declare({{"edge", minutes(5), at(30)}});
    send(0, 60);
    const auto certificate = read(0, 60);
    ASSERT_EQ(certificate.gaps.size(), 1);
    EXPECT_EQ(certificate.gaps[0].cause, Cause::no_expectation);
    EXPECT_EQ(certificate.gaps[0].to, at(30));
}

TEST_F(Coverage, ADeclarationHoldsUntilTheNextAndIsStoredOnce) {
    const auto day = std::chrono::days(1);
    declare({{"edge", minutes(5), {}}, {"old", minutes(1), {}}}, now);
    declare({{"edge", minutes(5), {}}, {"old", minutes(1), {}}}, now + day);
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.expectations"), "2");
    declare({{"edge", minutes(10), {}}}, now + 2 * day);
    EXPECT_EQ(rows("SELECT source, every, configured FROM callerprint.expectations"
                   " ORDER BY source, since"),
              (std::vector<std::vector<std::string>>{{"edge", "00:05:00", "t"},
                                                     {"edge", "00:10:00", "t"},
                                                     {"old", "00:01:00", "t"},
                                                     {"old", "NULL", "f"}}));
    const auto later = midnight + 4 * day;
    const auto certificate = store::read_coverage(*session_, later, later + hours(1));
    ASSERT_EQ(certificate->sources.size(), 1) << "what is gone sends nothing";
    EXPECT_EQ(certificate->gaps.size(), 1);
}

TEST_F(Coverage, NumbersThatDidNotComeAreAGapUntilTheyCome) {
    declare({every_5m_});
    send(-10, 70);
    number({report(1, 10, 5), report(14, 20, 20)});
    auto certificate = read(0, 60);
    ASSERT_EQ(certificate.gaps.size(), 1);
    EXPECT_EQ(certificate.gaps[0].cause, Cause::sequence);
    EXPECT_EQ(certificate.gaps[0].lost, 3);
    EXPECT_EQ(certificate.gaps[0].from, at(5));
    EXPECT_EQ(certificate.gaps[0].to, at(20));
    EXPECT_EQ(certificate.gaps[0].note, "producer gw-1: records 11 to 13");
    EXPECT_EQ(certificate.sources[0].lost, 3);
    EXPECT_EQ(certificate.sources[0].expected, 603);
    number({report(12, 12, 40)});
    EXPECT_EQ(read(0, 60).sources[0].lost, 2);
    number({report(11, 11, 41), report(13, 13, 41), report(21, 30, 42)});
    certificate = read(0, 60);
    EXPECT_TRUE(certificate.gaps.empty());
    EXPECT_EQ(certificate.sources[0].expected, 600);
}

TEST_F(Coverage, NumbersCountOnceHoweverOftenABatchIsTried) {
    auto effects = next();
    effects.reports = {report(1, 10, 5), report(14, 20, 20)};
    ASSERT_TRUE(session_->commit(effects));
    ASSERT_FALSE(session_->commit(effects)) << "stored already";
    EXPECT_EQ(rows("SELECT first, last FROM callerprint.sequence_holes WHERE replaced_at IS NULL"),
              (std::vector<std::vector<std::string>>{{"11", "13"}}));
    EXPECT_EQ(value("SELECT next FROM callerprint.producers"), "21");
}

TEST_F(Coverage, HolesInTheDatabaseAreWhatDidNotCome) {
    std::mt19937 random(2);
    std::set<std::uint64_t> came;
    std::uint64_t begin = 0;
    for (int round = 0; round < 30; ++round) {
        std::vector<coverage::Report> reports;
        for (int i = 0; i < 3; ++i) {
            const std::uint64_t first = 100 + random() % 100, last = first + random() % 6;
            if (came.empty()) begin = first;
            for (auto n = first; n <= last; ++n) came.insert(n);
            coverage::gather(reports, report(first, last, round));
        }
        number(std::move(reports));
    }
    std::set<std::uint64_t> missing, found;
    for (auto n = begin; n < *came.rbegin(); ++n)
        if (!came.contains(n)) missing.insert(n);
    for (const auto& row :
         rows("SELECT first, last FROM callerprint.sequence_holes WHERE replaced_at IS NULL"))
        for (auto n = std::stoull(row[0]); n <= std::stoull(row[1]); ++n)
            EXPECT_TRUE(found.insert(n).second);
    EXPECT_EQ(found, missing);
}

TEST_F(Coverage, WhatTheGatewayCountedAndDidNotComeIsAGap) {
    declare({{"edge", {}, {}}});
    send(0, 120);
    import({{"edge", {at(0), at(60)}, 600}, {"edge", {at(60), at(120)}, 650}});
    const auto certificate = read(0, 120);
    ASSERT_EQ(certificate.gaps.size(), 1) << "a counted hour needs no rhythm";
    EXPECT_EQ(certificate.gaps[0].cause, Cause::counter);
    EXPECT_EQ(certificate.gaps[0].lost, 50);
    EXPECT_EQ(certificate.gaps[0].from, at(60));
    EXPECT_TRUE(certificate.sources[0].expectation_declared);
    EXPECT_EQ(certificate.sources[0].expected, 1'250);
    EXPECT_DOUBLE_EQ(certificate.share, 1'200.0 / 1'250);
}

TEST_F(Coverage, ACounterIsCorrectedByOneForTheSameTimeOnly) {
    import({{"edge", {at(0), at(60)}, 600}});
    import({{"edge", {at(0), at(60)}, 601}});
    EXPECT_EQ(value("SELECT count FROM callerprint.source_counters WHERE replaced_at IS NULL"),
              "601");
    const std::vector<coverage::Counter> other{{"edge", {at(30), at(90)}, 1, 7}};
    const auto refused = store::import_counters(*session_, other, "ann", now);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, Fault::conflict);
    EXPECT_NE(refused.error().reason.find("line 7"), std::string::npos);
    EXPECT_EQ(value("SELECT count(*) FROM investigate.audit WHERE action = 'coverage.import'"),
              "2");
}

TEST_F(Coverage, AnHourOfWhichMostWasRefusedIsAGap) {
    declare({every_5m_});
    send(-10, 130);
    auto effects = next();
    effects.rollup.coverage = {
        {.source = "edge", .minute = at(5), .received = 9, .rejected = 9},
        {.source = "edge", .minute = at(70), .received = 700, .rejected = 700},
        {.source = "edge", .minute = at(71), .received = 50, .rejected = 50, .set_aside = 50}};
    commit(std::move(effects));
    const auto certificate = read(0, 120);
    ASSERT_EQ(certificate.gaps.size(), 1);
    EXPECT_EQ(certificate.gaps[0].cause, Cause::dead_letters);
    EXPECT_EQ(certificate.gaps[0].lost, 700);
    EXPECT_EQ(certificate.gaps[0].from, at(60));
    EXPECT_EQ(certificate.sources[0].rejected, 709) << "set aside on purpose is not missing";
    EXPECT_EQ(certificate.sources[0].received, 1'200 + 709);
}

TEST_F(Coverage, AClockThatIsAheadIsAGapWhereTheCallsCame) {
    declare({every_5m_});
    send(-10, 70);
    auto effects = next();
    for (const int minute : {10, 11, 12, 20})
        effects.rollup.coverage.push_back({.source = "edge", .minute = at(minute), .ahead = 2});
    commit(std::move(effects));
    const auto certificate = read(0, 60);
    ASSERT_EQ(certificate.gaps.size(), 2);
    EXPECT_EQ(certificate.gaps[0].cause, Cause::clock);
    EXPECT_EQ(certificate.gaps[0].lost, 6);
    EXPECT_EQ(certificate.gaps[0].to, at(13));
    EXPECT_EQ(certificate.sources[0].lost, 8);
}

TEST_F(Coverage, WhatRetentionDroppedIsAGap) {
    declare({{"edge", minutes(5), midnight - std::chrono::days(60)}});
    auto effects = next();
    effects.rollup.activity = {store_test::activity("k", 1)};
    commit(std::move(effects));
    const auto monday = store_test::minute + std::chrono::days(2);  // of 2024-06-03
    rows("SELECT callerprint.ensure_partition('key_origin_hour', date '2024-05-27')");
    rows("UPDATE callerprint.partitions SET created_at = '2024-05-27'");
    const auto expired = store::expire(*session_, {}, now + std::chrono::days(500));
    ASSERT_TRUE(expired) << expired.error().reason;
    EXPECT_EQ(expired->partitions, 1);
    const auto certificate =
        store::read_coverage(*session_, midnight, midnight + std::chrono::days(7));
    ASSERT_TRUE(certificate->retained_from);
    EXPECT_EQ(*certificate->retained_from, std::chrono::floor<std::chrono::days>(monday));
    EXPECT_EQ(certificate->gaps[0].cause, Cause::not_retained);
    EXPECT_EQ(certificate->gaps[0].source, "");
    EXPECT_EQ(certificate->gaps[0].to, *certificate->retained_from);
}

TEST_F(Coverage, SweptRowsOutsideAWeekAreDropped) {
    rows(
        "INSERT INTO callerprint.tenant_operation_hour VALUES ('1990-01-01 05:00Z', 't', 's', 'o',"
        " 1, 1, 0, 0, 0, 0, 0, 0, 0)");
    const auto expired = store::expire(*session_, {}, now);
    ASSERT_TRUE(expired) << expired.error().reason;
    EXPECT_EQ(expired->rows, 1);
    EXPECT_EQ(value("SELECT before = '1990-01-01 06:00Z' FROM callerprint.dropped"), "t");
}

TEST_F(Coverage, AnAcknowledgedGapIsStillMissing) {
    declare({every_5m_});
    send(-10, 60);
    send(120, 250);
    const auto gap = read(0, 240).gaps.at(0);
    const auto done = store::acknowledge(*session_, gap, "gateway moved", "ann", now);
    ASSERT_TRUE(done) << done.error().reason;
    const auto certificate = read(0, 240);
    ASSERT_EQ(certificate.gaps.size(), 1);
    EXPECT_TRUE(certificate.gaps[0].acknowledged);
    EXPECT_NE(certificate.gaps[0].note.find("by ann: gateway moved"), std::string::npos);
    EXPECT_FALSE(has_unacknowledged_hole(certificate));
    EXPECT_DOUBLE_EQ(certificate.share, 0.75);
    EXPECT_EQ(value("SELECT object FROM investigate.audit WHERE action = 'coverage.acknowledge'"),
              coverage::id_of(gap));
    EXPECT_EQ(value("SELECT acknowledged FROM investigate.coverage_gaps WHERE cause = 'silent' AND"
                    " from_time = '2024-06-01 01:00Z'"),
              "t");
}

TEST_F(Coverage, NobodyAcknowledgesWhatIsNotMissing) {
    declare({every_5m_});
    send(-10, 250);
    const auto done = store::acknowledge(*session_, {.source = "edge", .from = at(0), .to = at(10)},
                                         "why", "ann", now);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().fault, Fault::not_found);
}

TEST_F(Coverage, TheViewOfGapsIsThatOfTheCertificate) {
    std::mt19937 random(4);
    declare({{"edge", minutes(3), midnight}});
    rows(
        "INSERT INTO callerprint.expectations VALUES"
        " ('edge', '2024-06-01 02:00Z', '10 minutes', true, now()),"
        " ('edge', '2024-06-01 04:00Z', NULL, false, now())");
    auto effects = next();
    for (int i = -5; i < 250; ++i) {
        const auto kind = random() % 12;
        if (kind > 3) continue;
        effects.rollup.coverage.push_back({.source = "edge",
                                           .minute = at(i),
                                           .received = kind,
                                           .parsed = kind,
                                           .heartbeats = kind == 0 ? 1u : 0u});
    }
    commit(std::move(effects));
    number({report(1, 10, 5), report(14, 20, 20)});
    import({{"edge", {at(241), at(245)}, 10'000}});
    std::vector<std::vector<std::string>> expected;
    for (const auto& gap : read(-1'000, 10'000).gaps)
        if (gap.cause != Cause::no_expectation)
            expected.push_back({gap.source, base::to_rfc3339(gap.from), base::to_rfc3339(gap.to),
                                std::string(name(gap.cause)),
                                gap.lost ? std::to_string(*gap.lost) : "NULL", gap.note});
    EXPECT_GT(expected.size(), 5);
    auto shown = rows(
        "SELECT source, to_char(from_time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),"
        " to_char(to_time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), cause, lost, note"
        " FROM investigate.coverage_gaps");
    for (auto& row : expected)
        if (row[3] == "silent") row[5] = "";
    std::ranges::sort(shown);
    std::ranges::sort(expected);
    EXPECT_EQ(shown, expected);
}

TEST_F(Coverage, TheFunctionForPeopleSaysWhatTheCertificateSays) {
    std::mt19937 random(6);
    const auto span_of_gaps = [](const Certificate& certificate) {
        std::vector<coverage::Span> spans;
        for (const auto& gap : certificate.gaps)
            if (!gap.acknowledged) spans.push_back({gap.from, gap.to});
        return coverage::total(
            coverage::joined(std::move(spans), certificate.from, certificate.to));
    };
    const auto check = [&](int from, int to) {
        const auto expected = read(from, to);
        const auto found = rows(
                               "SELECT share, whole, extract(epoch FROM unacknowledged_time)::int,"
                               " sources FROM investigate.coverage_of(callerprint.at(" +
                               std::to_string(base::micros(at(from))) + "), callerprint.at(" +
                               std::to_string(base::micros(at(to))) + "))")
                               .at(0);
        EXPECT_NEAR(std::stod(found[0]), expected.share, 1e-9) << from << " " << to;
        EXPECT_EQ(found[1], has_unacknowledged_hole(expected) ? "f" : "t") << from << " " << to;
        EXPECT_EQ(found[2], std::to_string(span_of_gaps(expected) / std::chrono::seconds(1)))
            << from << " " << to;
        EXPECT_EQ(found[3], std::to_string(expected.sources.size()));
    };
    check(0, 60);
    declare({{"edge", minutes(3), midnight}, {"api", {}, midnight}, {"cdn", minutes(9), at(50)}});
    for (int round = 0; round < 12; ++round) {
        auto effects = next();
        for (int i = 0; i < 240; i += 1 + static_cast<int>(random() % 9)) {
            const auto source = random() % 3;
            effects.rollup.coverage.push_back({.source = source == 0   ? "edge"
                                                         : source == 1 ? "api"
                                                                       : "cdn",
                                               .minute = at(i),
                                               .received = 9,
                                               .parsed = random() % 7,
                                               .rejected = random() % 9,
                                               .ahead = random() % 40 == 0 ? 1U : 0U});
        }
        commit(std::move(effects));
        const auto number_from = 20 * static_cast<std::uint64_t>(round);
        number({report(number_from, number_from + 10 + random() % 12, 20 * round)});
        const int hour = 60 * static_cast<int>(random() % 4);
        import({{random() % 2 == 0 ? "edge" : "api", {at(hour), at(hour + 60)}, random() % 500}});
        const auto all = read(0, 240).gaps;
        const auto& gap = all.at(random() % all.size());
        ASSERT_TRUE(store::acknowledge(*session_, gap, "known", "ann", now));
        for (const auto& [from, to] : {std::pair(0, 240), {30, 45}, {-600, 100}}) check(from, to);
    }
}

TEST_F(Coverage, AZeroOfAKeyOrTenantStandsBesideWhatWasLookedAt) {
    declare({every_5m_});
    send(0, 60);
    send(120, 400);
    registry::Rows known;
    known.tenants = {{.uid = "acme"}, {.uid = "quiet"}};
    known.keys = {{.uid = "used", .tenant = "acme"}, {.uid = "unused", .tenant = "quiet"}};
    ASSERT_TRUE(store::RegistryTable(*session_).import(known, now, "ann"));
    auto effects = next();
    effects.rollup.activity.push_back(store_test::activity("used", 7));
    commit(std::move(effects));
    const auto said = [&](const std::string& view) {
        return rows(
            "SELECT v.calls, v.kept_since = c.kept_since, v.coverage_share = c.share,"
            " v.coverage_whole FROM investigate." +
            view + "s AS v, investigate.coverage_of() AS c ORDER BY v.calls");
    };
    const std::vector<std::vector<std::string>> expected{{"0", "t", "t", "f"},
                                                         {"7", "NULL", "NULL", "NULL"}};
    EXPECT_EQ(said("key"), expected) << "two hours of the source are missing";
    EXPECT_EQ(said("tenant"), expected);
}

TEST_F(Coverage, AGapBlindsThePoliciesThatNeedItsSourceAsLongAsTheyLookBack) {
    declare({every_5m_});
    send(-10, 60);
    send(120, 400);
    ASSERT_TRUE(store::save_needs(*session_, {{"rule", "Rule", {}, {"edge"}, {}},
                                              {"hour", "In an hour", hours(1), {"edge", "cdn"}, {}},
                                              {"other", "Other", hours(9), {"cdn"}, {}}}));
    const auto blind = [&](int from, int to) {
        std::vector<std::string> out;
        const auto found = store::blind_policies(*session_, at(from), at(to));
        EXPECT_TRUE(found) << found.error().reason;
        for (const auto& one : *found) out.push_back(one.policy.key);
        return out;
    };
    using Keys = std::vector<std::string>;
    EXPECT_EQ(blind(90, 100), (Keys{"rule", "hour"}));
    EXPECT_EQ(blind(120, 130), Keys{"hour"}) << "its windows reach into the gap";
    EXPECT_EQ(blind(180, 390), Keys{});
    EXPECT_EQ(rows("SELECT policy_key, source, why, to_time = '2024-06-01 02:00Z'::timestamptz"
                   " + timespan FROM investigate.policy_blindness WHERE from_time ="
                   " '2024-06-01 01:00Z' ORDER BY 1 DESC"),
              (std::vector<std::vector<std::string>>{{"rule", "edge", "silent", "t"},
                                                     {"hour", "edge", "silent", "t"}}));
}

TEST_F(Coverage, ASuspensionBlindsThePoliciesThatCountTheRule) {
    declare({every_5m_});
    send(-70, 400);
    ASSERT_TRUE(store::save_needs(*session_, {{"rule", "Rule", {}, {"edge"}, {"rule"}},
                                              {"hour", "In an hour", hours(1), {"edge"}, {"rule"}},
                                              {"other", "Other", {}, {"edge"}, {"other"}}}));
    const auto blind = [&](int from, int to) {
        std::vector<std::string> out;
        const auto found = store::blind_policies(*session_, at(from), at(to));
        EXPECT_TRUE(found) << found.error().reason;
        for (const auto& one : *found) {
            out.push_back(one.policy.key);
            EXPECT_EQ(one.gaps.front().cause, Cause::suspended);
        }
        return out;
    };
    using Keys = std::vector<std::string>;
    const auto say = [&](int minute, bool over) {
        auto effects = next();
        effects.suspensions.push_back({"d", over ? "" : "rule", at(minute), over});
        commit(std::move(effects));
    };
    say(60, false);
    EXPECT_EQ(blind(0, 60), Keys{});
    EXPECT_EQ(blind(100, 110), (Keys{"rule", "hour"})) << "it lasts";
    say(70, true);
    EXPECT_EQ(blind(65, 66), (Keys{"rule", "hour"}));
    EXPECT_EQ(blind(100, 110), Keys{"hour"}) << "its windows reach into it";
    EXPECT_EQ(blind(130, 140), Keys{});
    say(60, false);
    EXPECT_EQ(blind(130, 140), (Keys{"rule", "hour"})) << "again, while event time stood still";
    say(80, true);
    say(90, true);
    EXPECT_EQ(rows("SELECT policy_key, source, why, to_time = '2024-06-01 01:20Z'::timestamptz"
                   " + timespan FROM investigate.policy_blindness WHERE from_time ="
                   " '2024-06-01 01:00Z' ORDER BY 1 DESC"),
              (std::vector<std::vector<std::string>>{{"rule", "NULL", "suspended", "t"},
                                                     {"hour", "NULL", "suspended", "t"}}));
}

TEST_F(Coverage, SilenceIsThatOfCountingMinuteByMinute) {
    std::mt19937 random(9);
    declare({{"edge", minutes(4), midnight - hours(1)}});
    std::set<int> alive;
    for (int i = -70; i < 200; ++i)
        if (random() % 4 == 0) alive.insert(i);
    auto effects = next();
    for (const int minute : alive)
        effects.rollup.coverage.push_back(
            {.source = "edge", .minute = at(minute), .received = 1, .parsed = 1});
    commit(std::move(effects));
    for (int from = -60; from < 180; from += 7) {
        std::set<int> expected, found;
        int run = -60;
        for (int minute = -60; minute <= 1'000; ++minute) {
            if (minute < 1'000 && !alive.contains(minute)) continue;
            if (minute - run > 4)
                for (int i = run; i < minute; ++i)
                    if (i >= from && i < from + 20) expected.insert(i);
            run = minute + 1;
        }
        for (const auto& gap : read(from, from + 20).gaps)
            for (auto t = gap.from; t < gap.to; t += minutes(1))
                found.insert(static_cast<int>((t - midnight) / minutes(1)));
        EXPECT_EQ(found, expected) << from;
    }
}

TEST_F(Coverage, WhatIsNotEvaluatedYetIsNotSeen) {
    declare({every_5m_});
    auto effects = next();
    effects.arrived = base::WallClock::now() - hours(1);
    commit(std::move(effects));
    const auto present = base::event_time(base::micros(base::WallClock::now()));
    const auto certificate = store::read_coverage(*session_, present - hours(2), present);
    ASSERT_TRUE(certificate);
    const auto found = std::ranges::find(certificate->gaps, Cause::clock, &Gap::cause);
    ASSERT_NE(found, certificate->gaps.end());
    EXPECT_EQ(found->source, "");
    EXPECT_EQ(found->note, "not evaluated yet");
    EXPECT_NEAR(std::chrono::duration<double>(found->to - found->from).count(), 3'600, 60);
}

TEST_F(Coverage, CanariesAreCountedWhereverTheyStand) {
    declare({every_5m_});
    send(-10, 70);
    const std::vector<std::string> keys{"canary-1", "canary-2", "canary-3"};
    const auto sent = base::wall_time(base::micros(at(30)));
    ASSERT_TRUE(store::register_canaries(*session_, keys, "edge", "ann", sent));
    EXPECT_EQ(read(0, 60).canaries, (coverage::Canaries{3, 0}));
    EXPECT_EQ(read(0, 30).canaries, std::nullopt);
    auto effects = next();
    for (const auto& key : {"canary-1", "canary-2", "other"}) {
        auto row = store_test::activity(key, 1);
        row.tenant = "(canary)";
        effects.rollup.activity.push_back(row);
    }
    auto impostor = store_test::activity("canary-3", 1);
    effects.rollup.activity.push_back(impostor);
    commit(std::move(effects));
    EXPECT_EQ(read(0, 60).canaries, (coverage::Canaries{3, 2}));
    rows("SELECT callerprint.merge_activity('(0,0)', '(1000,0)')");
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.activity"), "0");
    EXPECT_EQ(read(0, 60).canaries, (coverage::Canaries{3, 2}));
    for (const auto* view :
         {"key_activity", "key_operations", "key_origins", "tenant_operations", "tenants"})
        EXPECT_EQ(value(std::string("SELECT count(*) FROM investigate.") + view +
                        " WHERE tenant_uid = '(canary)'"),
                  "0")
            << view;
    EXPECT_EQ(value("SELECT sum(calls) FROM investigate.origins"), "1");
}

TEST_F(Coverage, AWindowThatEndsBeforeItBeginsIsRefused) {
    EXPECT_FALSE(store::read_coverage(*session_, at(1), at(1)));
}

}  // namespace
