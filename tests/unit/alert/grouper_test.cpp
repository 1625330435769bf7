#include "alert/grouper.hpp"

#include "policies.hpp"

#include <gtest/gtest.h>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <random>
#include <set>

namespace {

using alert::Change;
using alert::Grouper;
using fixture::firing;

const std::string count_body =
    "    type: event_count\n    group-by: [tenant_uid, key_uid]\n    timespan: 10s\n"
    "    condition: { gte: 2 }\n";

std::shared_ptr<const policy::Set> policies() {
    return fixture::load(
        fixture::rule("a") +
        fixture::correlation("p", count_body,
                             "id: 3d1b7c9a-0000-4000-8000-000000000001\nstatus: stable\nlevel: "
                             "high\ncallerprint: { family: abuse, clause: terms/4, subject: "
                             "tenant, quiet: 1h, benign: [load_test] }\n") +
        fixture::correlation("q", count_body, "status: test\n"));
}

std::vector<correlate::GroupValue> of(const std::string& tenant, const std::string& key) {
    return {{"tenant_uid", tenant}, {"key_uid", key}};
}

TEST(AlertId, IsPinned) {
    // A changed id makes every alert that ever was appear a second time.
    policy::Policy policy;
    policy.id = "3d1b7c9a-0000-4000-8000-000000000001";
    const base::EventTime opened = base::event_time(1'717'200'300'000'000);
    EXPECT_EQ(alert::alert_id("t1", policy, "event_count", {"tenant", "t1"}, opened),
              "dg34rlyfriq3kskewxqkddgkky");
    EXPECT_EQ(alert::alert_id("", policy, "rule", {"group", ""}, base::event_time(0)),
              "vciqpyeygs5qzj7fc6eh5sgise");
}

TEST(AlertId, DependsOnEachPartAndOnNothingElse) {
    policy::Policy policy;
    policy.id = "p";
    const base::EventTime opened = base::event_time(5);
    std::set<std::string> ids;
    const auto add = [&](const policy::Policy& p, const std::string& tenant,
                         const std::string& detection, const alert::Subject& subject,
                         base::EventTime at) {
        ids.insert(alert::alert_id(tenant, p, detection, subject, at));
    };
    add(policy, "t", "rule", {"key", "k"}, opened);
    add(policy, "u", "rule", {"key", "k"}, opened);
    add(policy, "t", "event_count", {"key", "k"}, opened);
    add(policy, "t", "rule", {"tenant", "k"}, opened);
    add(policy, "t", "rule", {"key", "l"}, opened);
    add(policy, "t", "rule", {"key", "k"}, base::event_time(6));
    policy::Policy series = policy;
    series.callerprint.series = "2";
    add(series, "t", "rule", {"key", "k"}, opened);
    policy::Policy other;
    other.id = "q";
    add(other, "t", "rule", {"key", "k"}, opened);
    EXPECT_EQ(ids.size(), 8u);
    policy::Policy edited = policy;  // another revision of the same policy
    edited.digest = "ff";
    edited.title = "new";
    edited.level = "low";
    add(edited, "t", "rule", {"key", "k"}, opened);
    EXPECT_EQ(ids.size(), 8u);
}

TEST(Grouper, OpensOnceAndThenUpdatesQuietly) {
    const auto set = policies();
    Grouper grouper(set, {});
    std::vector<Change> changes;
    grouper.apply(firing(*set, "p", 100, of("t1", "k1"), 2), changes);
    grouper.apply(firing(*set, "p", 200, of("t1", "k2"), 2), changes);
    grouper.apply(firing(*set, "p", 3'699, of("t1", "k1"), 2), changes);
    ASSERT_EQ(changes.size(), 3u);
    EXPECT_EQ(changes[0].kind, Change::Kind::opened);
    EXPECT_EQ(changes[1].kind, Change::Kind::updated);
    EXPECT_EQ(changes[2].alert.id, changes[0].alert.id);
    EXPECT_EQ(changes[2].alert.count, 3u);
    EXPECT_EQ(changes[2].alert.opened, base::event_time(100'000'000));
    EXPECT_EQ(changes[2].alert.last_seen, base::event_time(3'699'000'000));
    EXPECT_TRUE(changes[2].alert.summary.empty()) << "that of the opening stands";
    EXPECT_TRUE(changes[2].sample.empty());
    grouper.apply(firing(*set, "p", 3'700, of("t1", "k1"), 2), changes);
    EXPECT_EQ(changes[3].kind, Change::Kind::opened) << "the quiet time runs from the opening";
    EXPECT_NE(changes[3].alert.id, changes[0].alert.id);
    EXPECT_EQ(grouper.stats().opened, 2u);
    EXPECT_EQ(grouper.stats().updated, 2u);
}

TEST(Grouper, ForgetsWhomItIsToldTo) {
    const auto set = policies();
    Grouper grouper(set, {});
    std::vector<Change> changes;
    // Names as long as a digit's code, so that the length before them looks like one.
    const std::string name(48, 'x');
    for (const auto& tenant : {std::string("t1"), std::string("t2"), name})
        grouper.apply(firing(*set, "p", 100, of(tenant, "k1"), 2), changes);
    grouper.forget([&](std::string_view text) { return text == "t1" || text == name; });
    EXPECT_EQ(grouper.stats().remembered, 1u);
    for (const auto& tenant : {std::string("t1"), std::string("t2"), name})
        grouper.apply(firing(*set, "p", 200, of(tenant, "k1"), 2), changes);
    ASSERT_EQ(changes.size(), 6u);
    EXPECT_EQ(changes[3].kind, Change::Kind::opened);
    EXPECT_EQ(changes[4].kind, Change::Kind::updated);
    EXPECT_EQ(changes[5].kind, Change::Kind::opened);
}

TEST(Grouper, AnOpeningCarriesWhatExplainsIt) {
    const auto set = policies();
    Grouper grouper(set, {});
    std::vector<Change> changes;
    grouper.apply(firing(*set, "p", 100, of("t1", "k1"), 2), changes);
    Change& change = changes.at(0);
    EXPECT_EQ(change.alert.level, "high");
    EXPECT_EQ(change.alert.family, "abuse");
    EXPECT_EQ(change.alert.tenant, "t1");
    EXPECT_EQ(change.alert.subject, (alert::Subject{"tenant", "t1"}));
    EXPECT_EQ(change.alert.benign, std::vector<std::string>{"load_test"});
    EXPECT_FALSE(change.alert.shadow);
    EXPECT_EQ(change.alert.summary,
              "2 matching calls by tenant t1 within 10 s; the policy allows fewer than 2");
    EXPECT_EQ(boost::json::serialize(change.alert.evidence.at("number")),
              R"({"value":2E0,"exact":true,"fields":[],"bounds":[{"op":"gte","value":2E0}]})");
    EXPECT_EQ(boost::json::serialize(change.alert.evidence.at("sample")),
              R"([{"block":7,"record":3}])");
    EXPECT_EQ(boost::json::serialize(change.alert.evidence.at("window")),
              R"({"from":"1970-01-01T00:01:30Z","to":"1970-01-01T00:01:40Z","seconds":1E1})");
    const alert::EvidenceRecord record{{7, 3}, "abcd"};
    alert::attach(change, {&record, 1});
    EXPECT_EQ(boost::json::serialize(change.alert.evidence.at("records")),
              R"([{"block":7,"record":3,"sha256":"abcd"}])");
    const auto json = alert::to_json(change.alert);
    EXPECT_EQ(json.at("id"), boost::json::value(change.alert.id));
    EXPECT_EQ(json.at("opened"), boost::json::value("1970-01-01T00:01:40Z"));
    EXPECT_EQ(boost::json::serialize(json.at("group")), R"({"tenant_uid":"t1","key_uid":"k1"})");
}

TEST(Grouper, NothingIsDeduplicatedAcrossTenantsOrPolicies) {
    const auto set = policies();
    Grouper grouper(set, {});
    std::vector<Change> changes;
    grouper.apply(firing(*set, "p", 1, of("t1", "k1")), changes);
    grouper.apply(firing(*set, "p", 1, of("t2", "k1")), changes);
    grouper.apply(firing(*set, "q", 1, of("t1", "k1")), changes);
    grouper.apply(firing(*set, "q", 1, of("t1", "k2")), changes);
    for (const auto& change : changes) EXPECT_EQ(change.kind, Change::Kind::opened);
    EXPECT_TRUE(changes[2].alert.shadow) << "status test is recorded, nobody is told";
    EXPECT_EQ(changes[3].alert.subject.value, R"({"tenant_uid":"t1","key_uid":"k2"})");
}

TEST(Grouper, TheDefaultQuietTimeIsADay) {
    const auto set = policies();
    Grouper grouper(set, {});
    std::vector<Change> changes;
    grouper.apply(firing(*set, "q", 0, of("t1", "k1")), changes);
    grouper.apply(firing(*set, "q", 86'399, of("t1", "k1")), changes);
    grouper.apply(firing(*set, "q", 86'400, of("t1", "k1")), changes);
    EXPECT_EQ(changes[1].kind, Change::Kind::updated);
    EXPECT_EQ(changes[2].kind, Change::Kind::opened);
}

TEST(Grouper, RepeatsCountAndNeverOpen) {
    const auto set = policies();
    Grouper grouper(set, {});
    std::vector<Change> changes;
    auto repeat = firing(*set, "p", 50, of("t1", "k1"));
    repeat.repeat = true;
    repeat.matches = 40;
    grouper.apply(repeat, changes);
    EXPECT_TRUE(changes.empty());
    grouper.apply(firing(*set, "p", 60, of("t1", "k1")), changes);
    repeat.at = base::event_time(70'000'000);
    grouper.apply(repeat, changes);
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[1].alert.count, 41u);
    EXPECT_EQ(changes[1].alert.last_seen, repeat.at);
}

TEST(Grouper, GoesOnAfterARestartAndUnderAnotherSet) {
    const auto set = policies();
    std::mt19937_64 random(9);
    std::vector<correlate::Firing> firings;
    for (int i = 0; i < 400; ++i) {
        firings.push_back(firing(*set, random() % 2 == 0 ? "p" : "q", i * 60.0,
                                 of("t" + std::to_string(random() % 4), "k")));
    }
    Grouper whole(set, {});
    Grouper cut(set, {});
    std::vector<Change> expected;
    std::vector<Change> found;
    for (const auto& each : firings) {
        whole.apply(each, expected);
        cut.apply(each, found);
        if (random() % 10 == 0) {
            correlate::Writer state;
            cut.save(state);
            cut = Grouper(set, {});
            correlate::Reader in(state.text());
            ASSERT_TRUE(cut.restore(in));
        }
        if (random() % 10 == 0) cut.use(policies());
    }
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(alert::to_json(found[i].alert), alert::to_json(expected[i].alert));
        EXPECT_EQ(found[i].kind, expected[i].kind);
    }
}

TEST(Grouper, ACutOrForeignStateChangesNothing) {
    const auto set = policies();
    Grouper grouper(set, {});
    std::vector<Change> changes;
    grouper.apply(firing(*set, "p", 1, of("t1", "k1")), changes);
    correlate::Writer state;
    grouper.save(state);
    for (std::size_t i = 0; i < state.text().size(); ++i) {
        correlate::Reader cut(state.text().substr(0, i));
        EXPECT_FALSE(grouper.restore(cut)) << i;
    }
    correlate::Reader foreign("CPWN");
    EXPECT_FALSE(grouper.restore(foreign));
    grouper.apply(firing(*set, "p", 2, of("t1", "k1")), changes);
    EXPECT_EQ(changes[1].kind, Change::Kind::updated);
}

TEST(Grouper, RemembersABoundedNumberAndCountsWhatItForgets) {
    const auto set = policies();
    Grouper::Options options;
    options.remembered = 16;
    Grouper grouper(set, options);
    std::vector<Change> changes;
    for (int i = 0; i < 100; ++i) {
        grouper.apply(firing(*set, "q", i, of("t" + std::to_string(i), "k")), changes);
    }
    EXPECT_EQ(grouper.stats().remembered, 16u);
    EXPECT_EQ(grouper.stats().forgotten, 84u);
    Grouper short_lived(set, {});
    for (int i = 0; i < 100; ++i) {
        short_lived.apply(firing(*set, "p", i * 3'600.0, of("t" + std::to_string(i), "k")),
                          changes);
    }
    EXPECT_EQ(short_lived.stats().remembered, 1u) << "a quiet time that is over costs nothing";
    EXPECT_EQ(short_lived.stats().forgotten, 0u);
}

}  // namespace
