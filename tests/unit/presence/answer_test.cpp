#include "presence/answer.hpp"

#include "world.hpp"

#include <gmock/gmock.h>

#include <random>
#include <set>

namespace presence {
namespace {

using test::World;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Answer, TwoKindsOfEvidenceNameTheTenantOfADevelopersTrial) {
    World world;
    const auto network = world.clue(Kind::cidr, "198.51.100.0/24");
    const auto client = world.clue(Kind::user_agent, "crowdview/2.1");
    const auto trial = world.persona("t-trial", "k-1");
    world.shows(trial, network);
    world.shows(trial, client);
    world.facts.uses.push_back({.key = "k-1",
                                .tenant = "t-trial",
                                .operation = "Face.Identify",
                                .ok = 100,
                                .known_then = "missing",
                                .known_now = "missing"});
    const Answer answer = world.ask();
    EXPECT_EQ(answer.use, UseVerdict::used);
    EXPECT_GE(answer.confidence, used_from);
    ASSERT_EQ(answer.candidates.size(), 1U);
    EXPECT_EQ(answer.candidates[0].tenant, "t-trial");
    EXPECT_TRUE(answer.candidates[0].two_witnesses);
    EXPECT_EQ(answer.licence.known_now, LicenceVerdict::unlicensed);
    EXPECT_THAT(answer.statement, HasSubstr("t-trial"));
    EXPECT_THAT(answer.statement, HasSubstr("No licence covers"));
}

TEST(Answer, OneKindOfEvidenceNamesNobody) {
    World world;
    const auto network = world.clue(Kind::cidr, "198.51.100.0/24");
    world.shows(world.persona("t-trial", "k-1"), network);
    const Answer answer = world.ask();
    EXPECT_EQ(answer.use, UseVerdict::inconclusive);
    EXPECT_LT(answer.confidence, 0.5);
    EXPECT_THAT(answer.candidates, IsEmpty());
    EXPECT_THAT(answer.statement, Not(HasSubstr("t-trial")));
}

TEST(Answer, SeveralCluesOfOneKindAreOneVoice) {
    World world;
    const auto network = world.clue(Kind::cidr, "198.51.100.0/24");
    const auto address = world.clue(Kind::address, "198.51.100.7");
    const auto as_number = world.clue(Kind::asn, "64500");
    const auto persona = world.persona("t-trial", "k-1");
    for (const auto clue : {network, address, as_number}) world.shows(persona, clue);
    EXPECT_EQ(world.ask().use, UseVerdict::inconclusive);
}

TEST(Answer, ANeighbourOfTheAddressIsNoWitness) {
    World world;
    const auto address = world.clue(Kind::address, "198.51.100.200");
    const auto client = world.clue(Kind::user_agent, "crowdview/2.1");
    const auto persona = world.persona("t-trial", "k-1");
    world.shows(persona, address);
    world.shows(persona, client);
    world.facts.sightings[0].exact = false;
    EXPECT_EQ(world.ask().use, UseVerdict::inconclusive);
    world.facts.sightings[0].exact = true;
    EXPECT_EQ(world.ask().use, UseVerdict::used);
}

TEST(Answer, ACrossroadsOfManyTenantsIsNoWitness) {
    World world;
    const auto network = world.clue(Kind::cidr, "198.51.100.0/24");
    const auto client = world.clue(Kind::user_agent, "crowdview/2.1");
    for (int i = 0; i < 40; ++i) {
        const auto persona = world.persona("t-" + std::to_string(i), "k-" + std::to_string(i));
        world.shows(persona, network, 40);
        if (i == 0) world.shows(persona, client);
    }
    EXPECT_EQ(world.ask().use, UseVerdict::inconclusive);
}

TEST(Answer, ManyTeamsOfOnePartyAreNoCrossroads) {
    World world;
    const auto network = world.clue(Kind::cidr, "198.51.100.0/24");
    const auto client = world.clue(Kind::user_agent, "crowdview/2.1");
    for (int i = 0; i < 10; ++i) {
        const auto persona = world.persona("t-" + std::to_string(i), "k-" + std::to_string(i));
        world.shows(persona, network, 10);
        world.shows(persona, client, 10);
    }
    const Answer answer = world.ask();
    EXPECT_EQ(answer.candidates.size(), 10U);
    EXPECT_GE(answer.confidence, likely_from);
}

TEST(Answer, SoftwareCopiedNextDoorInACloudAccusesNobody) {
    World world;
    const auto network = world.clue(Kind::cidr, "198.51.100.0/24");
    const auto client = world.clue(Kind::user_agent, "crowdview/2.1");
    for (int i = 0; i < 4; ++i) {
        const auto persona = world.persona("t-" + std::to_string(i), "k-" + std::to_string(i));
        world.shows(persona, network, 4);
        if (i == 0) world.shows(persona, client);
    }
    EXPECT_EQ(world.ask().use, UseVerdict::inconclusive);
}

TEST(Answer, AClientEverybodyHasSaysNothing) {
    World world;
    const auto client = world.clue(Kind::sdk, "python-requests/2.31");
    world.facts.clues[client].stock = true;
    world.shows(world.persona("t-1", "k-1"), client, 60);
    const Answer answer = world.ask();
    EXPECT_EQ(answer.use, UseVerdict::cannot_say);
    EXPECT_THAT(answer.statement, HasSubstr("proves nothing"));
}

TEST(Answer, AKeyInAScreenshotUsedBySomebodyElseAccusesNobody) {
    World world;
    const auto network = world.clue(Kind::cidr, "203.0.113.0/24");
    const auto key = world.clue(Kind::key, "sk-abcdefghijklmnopqrstuv");
    world.facts.clues[key].keys = {{.key = "k-1", .tenant = "t-owner", .leaked = test::at(2)}};
    world.persona("t-owner", "k-1");
    EXPECT_EQ(world.ask().use, UseVerdict::inconclusive);
    // From the party's own network it is another matter, if the key was not public before.
    world.shows(0, network);
    world.facts.clues[key].keys[0].leaked.reset();
    const Answer answer = world.ask();
    EXPECT_EQ(answer.use, UseVerdict::used);
    EXPECT_THAT(answer.statement, HasSubstr("the tenant's own holder is not accused"));
}

TEST(Answer, AboutAKeyAloneIsAboutTheKey) {
    World world;
    const auto key = world.clue(Kind::key, "sk-abcdefghijklmnopqrstuv");
    EXPECT_EQ(world.ask().use, UseVerdict::not_issued);
    world.facts.clues[key].keys = {{.key = "k-1", .tenant = "t-1"}};
    EXPECT_EQ(world.ask().use, UseVerdict::not_observed);
    world.persona("t-1", "k-1");
    const Answer answer = world.ask();
    EXPECT_EQ(answer.use, UseVerdict::used);
    EXPECT_THAT(answer.statement, HasSubstr("says nothing of who held the key"));
}

TEST(Answer, AFragmentThatManyKeysFitNamesNone) {
    World world;
    const auto suffix = world.clue(Kind::key_suffix, "9f2c");
    world.facts.clues[suffix].keys = {{.key = "k-1", .tenant = "t-1", .characters = 4}};
    world.facts.clues[suffix].chance_hits = 0.7;
    world.persona("t-1", "k-1");
    EXPECT_EQ(world.ask().use, UseVerdict::inconclusive);
    world.facts.clues[suffix].chance_hits = 1e-6;
    EXPECT_EQ(world.ask().use, UseVerdict::used);
}

TEST(Answer, ACustomerByRecordIsUsedUnderContract) {
    World world;
    world.clue(Kind::party, "Orchard Analytics");
    world.facts.parties = {{.uid = "p-orchard", .by = "name", .tenants = {"t-orchard"}}};
    world.persona("t-orchard", "k-1");
    world.facts.uses.push_back({.key = "k-1",
                                .tenant = "t-orchard",
                                .operation = "Face.Verify",
                                .ok = 9,
                                .known_then = "covered",
                                .known_now = "covered"});
    const Answer answer = world.ask();
    EXPECT_EQ(answer.use, UseVerdict::used);
    EXPECT_TRUE(answer.customer_record);
    EXPECT_EQ(answer.licence.known_now, LicenceVerdict::licensed);
}

TEST(Answer, AThiefOfACustomersKeyIsNotTheCustomer) {
    World world;
    world.clue(Kind::party, "Orchard Analytics");
    world.facts.parties = {{.uid = "p-orchard", .by = "name", .tenants = {"t-orchard"}}};
    const auto thief = world.persona("t-orchard", "k-1");
    world.facts.personas[thief].leaked = true;
    world.facts.personas[thief].undeclared = true;
    EXPECT_NE(world.ask().use, UseVerdict::used);
}

TEST(Answer, AttemptsThatWereRefusedAreNoUse) {
    World world;
    const auto network = world.clue(Kind::cidr, "198.51.100.0/24");
    const auto client = world.clue(Kind::user_agent, "crowdview/2.1");
    const auto persona = world.persona("t-trial", "k-1", 0);
    world.shows(persona, network);
    world.shows(persona, client);
    const Answer answer = world.ask();
    EXPECT_EQ(answer.use, UseVerdict::not_observed);
    EXPECT_THAT(answer.near_misses, Not(IsEmpty()));
}

TEST(Answer, NothingFoundIsBoundedByWhatCouldHaveBeenSeen) {
    World world;
    world.clue(Kind::cidr, "198.51.100.0/24");
    const Answer answer = world.ask();
    EXPECT_EQ(answer.use, UseVerdict::not_observed);
    EXPECT_THAT(answer.statement, HasSubstr("Had the party made 1 session"));
    EXPECT_THAT(answer.statement, HasSubstr("29 sessions"));
    EXPECT_EQ(answer.licence.known_now, LicenceVerdict::not_applicable);
}

TEST(Answer, AHoleNobodyKnowsOfMakesANoImpossible) {
    World world;
    world.clue(Kind::cidr, "198.51.100.0/24");
    world.hole(false);
    const Answer answer = world.ask();
    EXPECT_EQ(answer.use, UseVerdict::cannot_say);
    EXPECT_THAT(answer.statement, HasSubstr("nothing came from gateway"));
}

TEST(Answer, AnAcknowledgedHoleIsPartOfTheBound) {
    World world;
    world.clue(Kind::cidr, "198.51.100.0/24");
    world.hole(true);
    const Answer answer = world.ask();
    EXPECT_EQ(answer.use, UseVerdict::not_observed);
    EXPECT_GT(answer.power.burst_missed, 0);
    EXPECT_THAT(answer.limits, testing::Contains(HasSubstr("(acknowledged)")));
}

TEST(Answer, AHoleTakesNothingFromAYes) {
    World world;
    const auto network = world.clue(Kind::cidr, "198.51.100.0/24");
    const auto client = world.clue(Kind::user_agent, "crowdview/2.1");
    const auto persona = world.persona("t-trial", "k-1");
    world.shows(persona, network);
    world.shows(persona, client);
    world.hole(false);
    EXPECT_EQ(world.ask().use, UseVerdict::used);
}

TEST(Answer, ANameAloneIsNotSeenInCalls) {
    World world;
    world.clue(Kind::party, "Orchard Analytics");
    const Answer answer = world.ask();
    EXPECT_EQ(answer.use, UseVerdict::cannot_say);
    EXPECT_THAT(answer.would_change,
                testing::Contains(HasSubstr("a key, a network, a client or a resource")));
}

TEST(Answer, AResourceAloneIsSeenOnlyInCallsThatWereKept) {
    World world;
    world.clue(Kind::resource, "gallery/plaza");
    const Answer answer = world.ask();
    EXPECT_EQ(answer.use, UseVerdict::cannot_say);
    EXPECT_THAT(answer.limits, testing::Contains(HasSubstr("only in calls that were kept")));
    // Another clue can carry a no, which is then about what shows that one.
    world.clue(Kind::cidr, "203.0.113.0/24");
    EXPECT_EQ(world.ask().use, UseVerdict::not_observed);
}

TEST(Answer, BeforeWhatIsKeptNothingCanBeSaid) {
    World world;
    world.clue(Kind::cidr, "198.51.100.0/24");
    world.facts.coverage.retained_from = test::at(5);
    EXPECT_EQ(world.ask().use, UseVerdict::cannot_say);
}

TEST(Answer, OfATenantThatIsNotThePartysDoesNotBorrowItsLicence) {
    World world;
    const auto network = world.clue(Kind::cidr, "198.51.100.0/24");
    const auto client = world.clue(Kind::user_agent, "crowdview/2.1");
    const auto persona = world.persona("t-reseller", "k-1");
    world.shows(persona, network);
    world.shows(persona, client);
    world.facts.uses.push_back({.key = "k-1",
                                .tenant = "t-reseller",
                                .operation = "Face.Identify",
                                .ok = 5,
                                .known_then = "covered",
                                .known_now = "covered"});
    EXPECT_EQ(world.ask().licence.known_now, LicenceVerdict::unclear);
    world.facts.parties = {{.uid = "p-x", .by = "name", .covered = {"Face.Identify"}}};
    EXPECT_EQ(world.ask().licence.known_now, LicenceVerdict::licensed);
}

TEST(Answer, CallsOfOthersWithTheSameKeyAreNotHeldAgainstTheParty) {
    World world;
    const auto network = world.clue(Kind::cidr, "198.51.100.0/24");
    const auto client = world.clue(Kind::user_agent, "crowdview/2.1");
    const auto persona = world.persona("t-reseller", "k-1", 100);
    world.shows(persona, network);
    world.shows(persona, client);
    const auto use = [](const char* operation, std::uint64_t ok, const char* state) {
        return Use{.key = "k-1",
                   .tenant = "t-reseller",
                   .operation = operation,
                   .ok = ok,
                   .known_then = state,
                   .known_now = state};
    };
    // 90 of the 190 calls are others': they may be all that needs a licence.
    world.facts.uses = {use("Face.Detect", 110, "not_gated"), use("Face.Identify", 80, "missing")};
    EXPECT_EQ(world.ask().use, UseVerdict::used);
    EXPECT_EQ(world.ask().licence.known_now, LicenceVerdict::unclear);
    // One more than they made is the party's.
    world.facts.uses = {use("Face.Detect", 99, "not_gated"), use("Face.Identify", 91, "missing")};
    EXPECT_EQ(world.ask().licence.known_now, LicenceVerdict::unlicensed);
    world.facts.uses = {use("Face.Detect", 190, "not_gated")};
    EXPECT_EQ(world.ask().licence.known_now, LicenceVerdict::not_applicable);
}

/// The two promises, over random worlds: one kind of evidence never names anybody, and a hole that
/// nobody acknowledged never gives a no.
TEST(AnswerProperty, NamesNobodyOnOneKindAndDeniesNothingOverAHole) {
    std::mt19937_64 random(11);
    const std::vector<std::pair<Kind, std::string>> kinds = {{Kind::address, "198.51.100.7"},
                                                             {Kind::cidr, "198.51.100.0/24"},
                                                             {Kind::asn, "64500"},
                                                             {Kind::user_agent, "crowdview"},
                                                             {Kind::sdk, "viewkit"},
                                                             {Kind::resource, "plaza"}};
    for (int round = 0; round < 5'000; ++round) {
        World world;
        world.facts.active_tenants = 1 + random() % 5'000;
        for (int i = 0; i < 4; ++i) {
            const auto& [kind, text] = kinds[random() % kinds.size()];
            world.clue(kind, text);
        }
        for (int i = 0; i < 5; ++i) {
            const auto persona = world.persona("t-" + std::to_string(random() % 3),
                                               "k-" + std::to_string(i), random() % 2 * 10);
            for (std::size_t clue = 0; clue < 4; ++clue) {
                if (random() % 4 == 0) world.shows(persona, clue, 1 + random() % 30);
            }
        }
        const bool hole = random() % 2 == 0;
        if (hole) world.hole(false);
        const Answer answer = world.ask();
        if (hole) EXPECT_NE(answer.use, UseVerdict::not_observed);
        const bool yes = answer.use == UseVerdict::used || answer.use == UseVerdict::likely_used;
        EXPECT_EQ(yes, !answer.candidates.empty());
        for (const Candidate& candidate : answer.candidates) {
            std::set<Group> witnesses;
            for (const Contribution& each : candidate.contributions) {
                if (each.nats >= witness) witnesses.insert(each.group);
            }
            EXPECT_GE(witnesses.size(), 2U);
            EXPECT_GT(candidate.ok, 0U);
            // Whatever is struck out of two witnesses, the rest is below even odds.
            if (witnesses.size() == 2) {
                for (std::size_t i = 0; i < candidate.contributions.size(); ++i) {
                    if (witnesses.contains(candidate.contributions[i].group)) {
                        EXPECT_LT(candidate.without[i], 0.5);
                    }
                }
            }
        }
    }
}

}  // namespace
}  // namespace presence
