#include "alert/lifecycle.hpp"

#include <gtest/gtest.h>

namespace {

using namespace alert;
using Kind = Action::Kind;

const base::WallTime now = base::wall_time(1'700'000'000'000'000);

Action action(Kind kind) {
    Action out;
    out.kind = kind;
    out.actor = "ann";
    return out;
}

Action closing(Disposition disposition, std::string reason) {
    Action out = action(Kind::close);
    out.disposition = disposition;
    out.sub_reason = std::move(reason);
    return out;
}

Triage in(Phase phase) {
    Triage out;
    out.phase = phase;
    if (phase == Phase::snoozed) out.snoozed_until = now + std::chrono::hours{1};
    return out;
}

TEST(Lifecycle, AnAlertIsAcknowledgedAssignedSnoozedClosedAndReopened) {
    Triage triage;
    triage = act(triage, action(Kind::acknowledge), now).value();
    EXPECT_EQ(triage.phase, Phase::acknowledged);
    Action assign = action(Kind::assign);
    assign.assignee = "bob";
    triage = act(triage, assign, now).value();
    EXPECT_EQ(triage.assignee, "bob");
    EXPECT_EQ(triage.phase, Phase::acknowledged);
    Action snooze = action(Kind::snooze);
    snooze.until = now + std::chrono::hours{2};
    triage = act(triage, snooze, now).value();
    EXPECT_EQ(triage.phase, Phase::snoozed);
    triage = act(triage, closing(Disposition::true_positive, "resale"), now).value();
    EXPECT_EQ(triage.phase, Phase::closed);
    EXPECT_EQ(triage.disposition, Disposition::true_positive);
    EXPECT_FALSE(triage.snoozed_until);
    triage = act(triage, action(Kind::reopen), now).value();
    EXPECT_EQ(triage.phase, Phase::open);
    EXPECT_EQ(triage.reopened, 1u);
    EXPECT_FALSE(triage.disposition);
    EXPECT_EQ(triage.assignee, "bob");
}

TEST(Lifecycle, AClosedAlertTakesNothingButReopening) {
    Triage closed = in(Phase::closed);
    for (const Kind kind : {Kind::acknowledge, Kind::assign, Kind::snooze, Kind::close}) {
        const auto refused = act(closed, action(kind), now);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().fault, base::Fault::conflict);
    }
    for (const Phase phase : {Phase::open, Phase::acknowledged, Phase::snoozed}) {
        EXPECT_EQ(act(in(phase), action(Kind::reopen), now).error().fault, base::Fault::conflict);
    }
}

TEST(Lifecycle, ClosingNeedsADispositionAndOneOfItsSubReasons) {
    const auto bare = act({}, action(Kind::close), now);
    ASSERT_FALSE(bare);
    EXPECT_EQ(bare.error().reason,
              "closing needs a disposition: one of true-positive, benign-positive, "
              "false-positive, undetermined");
    const auto foreign = act({}, closing(Disposition::false_positive, "resale"), now);
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error().reason,
              "closing as false-positive needs a sub-reason: one of rule-wrong, data-wrong, "
              "baseline-too-new");
    EXPECT_FALSE(act({}, closing(Disposition::undetermined, ""), now));
    for (const auto disposition : {Disposition::true_positive, Disposition::benign_positive,
                                   Disposition::false_positive, Disposition::undetermined}) {
        for (const auto reason : sub_reasons(disposition)) {
            EXPECT_TRUE(act({}, closing(disposition, std::string(reason)), now)) << reason;
        }
    }
}

TEST(Lifecycle, AnInstallationMayAddSubReasons) {
    const CustomReason custom[] = {{Disposition::benign_positive, "pen-test"}};
    EXPECT_TRUE(act({}, closing(Disposition::benign_positive, "pen-test"), now, custom));
    EXPECT_FALSE(act({}, closing(Disposition::true_positive, "pen-test"), now, custom));
}

TEST(Lifecycle, ASnoozeEndsByItself) {
    Triage triage = in(Phase::snoozed);
    EXPECT_EQ(at_time(triage, now).phase, Phase::snoozed);
    EXPECT_EQ(at_time(triage, *triage.snoozed_until).phase, Phase::open);
    Action snooze = action(Kind::snooze);
    EXPECT_FALSE(act({}, snooze, now)) << "no end";
    snooze.until = now;
    EXPECT_FALSE(act({}, snooze, now)) << "not after now";
    snooze.until = now + std::chrono::days{91};
    EXPECT_FALSE(act({}, snooze, now)) << "too long";
}

TEST(Lifecycle, EveryActionHasAnActor) {
    Action nobody = action(Kind::acknowledge);
    nobody.actor.clear();
    EXPECT_EQ(act({}, nobody, now).error().fault, base::Fault::invalid);
    Action wordy = action(Kind::acknowledge);
    wordy.comment.assign(4'097, 'x');
    EXPECT_FALSE(act({}, wordy, now));
}

TEST(Lifecycle, NamesAreReadBack) {
    for (const auto text : {"true-positive", "benign-positive", "false-positive", "undetermined"}) {
        EXPECT_EQ(name(disposition_of(text).value()), text);
    }
    for (const auto text : {"open", "acknowledged", "snoozed", "closed"}) {
        EXPECT_EQ(name(phase_of(text).value()), text);
    }
    for (const auto text : {"acknowledge", "assign", "snooze", "close", "reopen"}) {
        EXPECT_EQ(name(action_of(text).value()), text);
    }
    EXPECT_FALSE(disposition_of("True-Positive"));
    EXPECT_FALSE(phase_of(""));
}

TEST(Precision, HasAnIntervalThatNarrowsWithWhatWasJudged) {
    const Precision nothing = precision(0, 0, 0);
    EXPECT_EQ(nothing.low, 0);
    EXPECT_EQ(nothing.high, 1);
    const Precision few = precision(4, 1, 0);
    EXPECT_EQ(few.estimate, 1);
    EXPECT_NEAR(few.low, 0.5655, 0.0001);  // Wilson's, 5 of 5
    EXPECT_EQ(few.high, 1);
    const Precision many = precision(90, 0, 10);
    EXPECT_NEAR(many.low, 0.8256, 0.0001);
    EXPECT_NEAR(many.high, 0.9448, 0.0001);
}

}  // namespace
