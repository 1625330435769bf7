#include "store/outbox.hpp"

#include "store/alerts.hpp"
#include "store/database.hpp"
#include "store/endpoints.hpp"

#include <map>
#include <set>

namespace {

using base::Fault;
using store_test::batch;
using store_test::now;
using store_test::opened;

class Outbox : public store_test::Database {
protected:
    Outbox()
        : sealer_(*store::Sealer::make(std::string(32, 'k'))),
          endpoints_(*session_, sealer_),
          outbox_(*session_, sealer_) {}

    store::Endpoint add(const std::string& name,
                        const std::vector<std::string>& events = {"alert.opened", "alert.closed",
                                                                  "alert.reopened"}) {
        store::Endpoint endpoint;
        endpoint.name = name;
        endpoint.url = "https://example.com/" + name;
        endpoint.secret = "whsec_" + name;
        endpoint.events = events;
        auto added = endpoints_.add(endpoint, "test");
        EXPECT_TRUE(added) << added.error().reason;
        return *added;
    }
    store::Committed store_alerts(std::vector<alert::Change> changes) {
        const auto position = session_->claim("main", 0, "a");
        auto effects = batch(*position, position->next_offset + 1);
        effects.alerts = std::move(changes);
        const auto done = session_->commit(effects);
        EXPECT_TRUE(done) << done.error().reason;
        return *done;
    }
    std::vector<store::Delivery> claim(base::WallTime at = now, unsigned limit = 32) {
        auto claimed = outbox_.claim({"w1", at, limit, 8, std::chrono::seconds(60)});
        EXPECT_TRUE(claimed) << claimed.error().reason;
        return *claimed;
    }

    store::Sealer sealer_;
    store::Endpoints endpoints_;
    store::Outbox outbox_;
};

TEST_F(Outbox, HoldsOneRowForEachAlertAndEndpointWithAStableId) {
    const auto first = add("first");
    add("updates-only", {"alert.updated"});
    EXPECT_EQ(store_alerts({opened("a1"), opened("a2")}).deliveries, 2U);
    EXPECT_EQ(store_alerts({opened("a1")}).deliveries, 0U);
    const auto claimed = claim();
    ASSERT_EQ(claimed.size(), 2U);
    EXPECT_EQ(claimed[0].id, store::delivery_id("a1", "open", first.id));
    EXPECT_TRUE(claimed[0].id.starts_with("msg_"));
    EXPECT_EQ(claimed[0].id.size(), 4U + 52U);
    EXPECT_EQ(claimed[0].secrets, std::vector<std::string>{"whsec_first"});
    EXPECT_TRUE(claimed[0].body.contains("\"type\":\"alert.opened\"")) << claimed[0].body;
}

TEST_F(Outbox, TellsNobodyOfShadowAlertsLowLevelsAndOtherTenants) {
    auto endpoint = store::Endpoint{};
    endpoint.name = "critical";
    endpoint.url = "https://example.com";
    endpoint.min_level = "critical";
    ASSERT_TRUE(endpoints_.add(endpoint, "test"));
    endpoint.name = "others";
    endpoint.min_level = "";
    endpoint.tenants = {"globex"};
    ASSERT_TRUE(endpoints_.add(endpoint, "test"));
    add("all");
    auto shadow = opened("a2");
    shadow.alert.shadow = true;
    EXPECT_EQ(store_alerts({opened("a1"), shadow}).deliveries, 1U);
}

TEST_F(Outbox, KeepsTheOrderOfAnAlertAtAnEndpoint) {
    add("first");
    store_alerts({opened("a1"), opened("a2")});
    store::Alerts alerts(*session_);
    alert::Action close;
    close.kind = alert::Action::Kind::close;
    close.actor = "ann";
    close.disposition = alert::Disposition::true_positive;
    close.sub_reason = "stolen-key";
    ASSERT_TRUE(alerts.act("a1", close, now));
    auto claimed = claim();
    ASSERT_EQ(claimed.size(), 2U) << "the closing waits for the opening";
    ASSERT_TRUE(
        outbox_.delivered(claimed[0], {200, "", "ok", std::chrono::milliseconds(3)}, now).value());
    claimed = claim();
    ASSERT_EQ(claimed.size(), 1U);
    EXPECT_EQ(claimed[0].event, "alert.closed");
    EXPECT_TRUE(claimed[0].body.contains("\"disposition\":\"true-positive\""));
}

TEST_F(Outbox, GivesALeaseToOneWorkerUntilItRunsOut) {
    add("first");
    store_alerts({opened("a1")});
    const auto mine = claim();
    ASSERT_EQ(mine.size(), 1U);
    EXPECT_TRUE(claim(now + std::chrono::seconds(59)).empty());
    EXPECT_EQ(value("SELECT outcome FROM investigate.delivery_attempts"), "unknown");
    auto other = connect();
    store::Outbox second(*other, sealer_);
    const auto theirs =
        second.claim({"w2", now + std::chrono::seconds(61), 8, 8, std::chrono::seconds(60)});
    ASSERT_TRUE(theirs);
    ASSERT_EQ(theirs->size(), 1U);
    EXPECT_EQ((*theirs)[0].attempt, 2U);
    EXPECT_EQ((*theirs)[0].body, mine[0].body);
    EXPECT_FALSE(outbox_.delivered(mine[0], {}, now).value()) << "the lease went on";
    EXPECT_TRUE(second.delivered((*theirs)[0], {200, "", "", {}}, now).value());
}

TEST_F(Outbox, MakesDueWhatWaitsForAClockThatWasSetBack) {
    add("first");
    const auto ahead = now + std::chrono::hours(24);
    store_alerts({opened("honest")});
    const auto honest = claim().at(0);
    ASSERT_TRUE(outbox_.retry(honest, {}, now, now + std::chrono::minutes(5)).value());
    store_alerts({opened("leased"), opened("refused"), opened("replayed")});
    std::map<std::string, store::Delivery> by_alert;
    for (auto& one : claim(ahead)) by_alert.emplace(one.alert_id, one);
    ASSERT_EQ(by_alert.size(), 4U);
    ASSERT_TRUE(outbox_.retry(by_alert.at("refused"), {}, ahead, ahead + std::chrono::hours(5)));
    ASSERT_TRUE(outbox_.dead(by_alert.at("replayed"), {}, ahead));
    ASSERT_EQ(outbox_.replay(by_alert.at("replayed").id, ahead, "ann").value(), 1U);
    ASSERT_TRUE(outbox_.release(by_alert.at("honest")).value());
    EXPECT_TRUE(claim().empty());
    EXPECT_EQ(outbox_.clock_set_back(ahead).value(), 0U) << "this is the clock that they wait for";
    EXPECT_EQ(outbox_.clock_set_back(now).value(), 3U);
    const auto freed = claim();
    ASSERT_EQ(freed.size(), 3U) << "the honest one waits as it did";
    for (const auto& one : freed) {
        const auto later = now + std::chrono::minutes(5);
        ASSERT_TRUE((one.alert_id == "replayed" ? outbox_.delivered(one, {}, now)
                                                : outbox_.retry(one, {}, now, later))
                        .value());
    }
    EXPECT_EQ(outbox_.clock_set_back(now).value(), 0U) << "these waits are of this clock";
}

TEST_F(Outbox, AClockThatGoesOnLeavesWaitsAlone) {
    add("first");
    store_alerts({opened("leased"), opened("refused")});
    const auto one = claim().at(1);
    ASSERT_TRUE(outbox_.retry(one, {}, now, now + std::chrono::minutes(5)).value());
    EXPECT_EQ(outbox_.clock_set_back(now + std::chrono::seconds(1)).value(), 0U);
    EXPECT_TRUE(claim(now + std::chrono::seconds(59)).empty());
}

TEST_F(Outbox, RetriesThenBuriesThenReplays) {
    const auto endpoint = add("first");
    store_alerts({opened("a1")});
    auto one = claim().at(0);
    const auto later = now + std::chrono::minutes(5);
    ASSERT_TRUE(outbox_.retry(one, {500, "server error", "\xff", {}}, now, later).value());
    EXPECT_EQ(outbox_.next_due().value(), later);
    EXPECT_TRUE(claim().empty());
    one = claim(later).at(0);
    ASSERT_TRUE(outbox_.dead(one, {410, "gone", "", {}}, later).value());
    EXPECT_EQ(outbox_.next_due().value(), std::nullopt);
    EXPECT_EQ(value("SELECT state || http_status FROM investigate.deliveries"), "dead410");
    EXPECT_EQ(outbox_.replay_dead(endpoint.id, later, "ann").value(), 1U);
    const auto again = claim(later).at(0);
    EXPECT_EQ(again.id, one.id);
    EXPECT_EQ(again.attempt, 1U);
    ASSERT_TRUE(outbox_.release(again).value());
    EXPECT_EQ(claim(later).at(0).attempt, 1U) << "what was not sent does not count";
}

TEST_F(Outbox, LeavesADisabledEndpointAloneAndStarvesNobody) {
    const auto off = add("off");
    const auto busy = add("busy");
    std::vector<alert::Change> many;
    for (int i = 0; i < 20; ++i) many.push_back(opened("a" + std::to_string(i)));
    store_alerts(std::move(many));
    ASSERT_TRUE(endpoints_.disable(off.id, "410 Gone", "deliver"));
    const auto claimed = claim();
    EXPECT_EQ(claimed.size(), 8U) << "per endpoint";
    for (const auto& one : claimed) EXPECT_EQ(one.endpoint_id, busy.id);
    ASSERT_TRUE(endpoints_.enable(off.id, "ann"));
    EXPECT_EQ(claim().size(), 16U);
}

TEST_F(Outbox, NeverGivesTwoWorkersTheSameRow) {
    add("first");
    std::vector<alert::Change> many;
    for (int i = 0; i < 60; ++i) many.push_back(opened("a" + std::to_string(i)));
    store_alerts(std::move(many));
    auto other = connect();
    store::Outbox second(*other, sealer_);
    std::multiset<std::string> seen;
    for (int i = 0; i < 10; ++i) {
        for (auto* box : {&outbox_, &second}) {
            const auto claimed = box->claim({"w", now, 7, 7, std::chrono::seconds(60)});
            for (const auto& one : claimed.value_or(std::vector<store::Delivery>{}))
                seen.insert(one.id);
        }
    }
    EXPECT_EQ(seen.size(), 60U);
    EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 60U);
}

TEST_F(Outbox, SignsWithBothSecretsDuringARotation) {
    const auto endpoint = add("first");
    store_alerts({opened("a1"), opened("a2")});
    ASSERT_TRUE(endpoints_.rotate(endpoint.id, "whsec_new", now + std::chrono::hours(1), "ann"));
    EXPECT_EQ(claim(now, 1).at(0).secrets, (std::vector<std::string>{"whsec_new", "whsec_first"}));
    EXPECT_EQ(claim(now + std::chrono::hours(2), 1).at(0).secrets,
              std::vector<std::string>{"whsec_new"});
    EXPECT_FALSE(
        value("SELECT string_agg(encode(secret, 'escape'), ' ') FROM callerprint.endpoints")
            .contains("whsec"));
}

TEST_F(Outbox, RefusesEndpointsThatMakeNoSense) {
    const auto endpoint = add("first");
    auto twice = store::Endpoint{};
    twice.name = "first";
    twice.url = "https://example.com";
    EXPECT_EQ(endpoints_.add(twice, "test").error().fault, Fault::conflict);
    twice.name = "second";
    twice.events = {"alert.exploded"};
    EXPECT_EQ(endpoints_.add(twice, "test").error().fault, Fault::invalid);
    EXPECT_EQ(endpoints_.find("nobody").error().fault, Fault::not_found);
    store_alerts({opened("a1")});
    ASSERT_TRUE(endpoints_.remove(endpoint.id, "ann"));
    EXPECT_EQ(value("SELECT state FROM investigate.deliveries"), "dead");
    EXPECT_TRUE(endpoints_.list()->empty());
}

}  // namespace
