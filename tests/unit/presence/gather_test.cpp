#include "presence/gather.hpp"

#include "presence/answer.hpp"
#include "world.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <set>

namespace presence {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

/// A database of a few personas: searches are compared with what each shows.
class Fake : public Source {
public:
    base::Result<std::shared_ptr<const registry::Registry>> registry() override {
        return registry::Registry::build(rows);
    }
    base::Result<KeyMatches> keys(const Clue& clue) override {
        KeyMatches out{.keys = {}, .credential_uids = {}, .compared = 500, .chance = 0.001};
        if (clue.value == known_key) {
            out.keys.push_back({.key = "k-1", .tenant = "t-1"});
            out.credential_uids.push_back({"k-1", "kh_1"});
        }
        return out;
    }
    base::Result<Traffic> traffic(const Search& search) override {
        searches.push_back(search);
        Traffic out;
        for (const Persona& persona : personas) {
            const bool asked = search.within.empty() ||
                               std::ranges::find(search.within, persona.key) != search.within.end();
            if (asked && shows(persona, search)) out.rows.push_back({.persona = persona});
        }
        out.tenants = out.rows.size();
        if (search.within.empty() && out.rows.size() > most_rows) {
            out.rows.resize(most_rows);
            out.whole = false;
        }
        return out;
    }
    base::Result<std::vector<std::string>> keys_of_both(const Search& one,
                                                        const Search& other) override {
        std::set<std::string> keys;
        for (const Persona& persona : personas)
            if (shows(persona, one) && shows(persona, other)) keys.insert(persona.key);
        return std::vector<std::string>(keys.begin(), keys.end());
    }
    base::Result<std::vector<Use>> uses(const std::vector<std::string>& keys,
                                        const std::vector<base::EventTime>& moments) override {
        asked_keys = keys;
        asked_moments = moments;
        return all_uses;
    }
    base::Result<std::vector<CitedRecord>> records(const std::vector<Persona>&) override {
        return std::vector<CitedRecord>{{.persona = 0,
                                         .source = "gateway",
                                         .block = 5,
                                         .record = 1,
                                         .time = test::at(2),
                                         .sha256 = std::string(64, 'a')}};
    }
    base::Result<std::uint64_t> active_tenants() override { return 100; }
    base::Result<coverage::Certificate> coverage() override { return test::World().facts.coverage; }
    base::Result<std::string> position() override { return "main:7"; }

    static bool shows(const Persona& persona, const Search& search) {
        const auto address = call::parse_address(persona.address);
        switch (search.by) {
            case Search::By::network:
                return address && search.network->contains(*address);
            case Search::By::client:
                return persona.client.starts_with(search.text);
            case Search::By::as_name:
                return std::ranges::find(search.names, name_key(persona.as_name)) !=
                       search.names.end();
            case Search::By::tenants:
                return std::ranges::find(search.uids, persona.tenant) != search.uids.end();
            case Search::By::keys:
                return std::ranges::find(search.uids, persona.key) != search.uids.end();
            default:
                return false;
        }
    }

    registry::Rows rows;
    std::size_t most_rows = 1'000;
    std::string known_key;
    std::vector<Persona> personas;
    std::vector<Use> all_uses;
    std::vector<Search> searches;
    std::vector<std::string> asked_keys;
    std::vector<base::EventTime> asked_moments;
};

Persona persona(const std::string& tenant, const std::string& key, const std::string& address,
                const std::string& client) {
    return {.key = key,
            .tenant = tenant,
            .origin = "of1:1:" + address,
            .address = address,
            .client = client,
            .first = test::at(2),
            .last = test::at(9),
            .calls = 10,
            .ok = 10,
            .sessions = 3};
}

Question asked(std::initializer_list<std::string_view> clues) {
    Question out{.from = test::at(1), .to = test::at(31), .case_ref = "c", .asked_by = "a"};
    for (const auto clue : clues) out.clues.push_back(parse_clue(clue).value());
    return out;
}

TEST(Gather, FindsAPersonaOnceThoughSeveralCluesShowIt) {
    Fake source;
    source.personas = {persona("t-1", "k-1", "198.51.100.7", "crowdview 2.1")};
    auto question = asked({"cidr=198.51.100.0/24", "user-agent=crowdview/2.1"});
    const auto facts = gather(question, source).value();
    EXPECT_EQ(facts.personas.size(), 1U);
    EXPECT_EQ(facts.sightings.size(), 2U);
    EXPECT_EQ(answer(question, facts).use, UseVerdict::used);
}

// A clue that fits too many to look at each is still evidence about those that another clue finds.
TEST(Gather, ComparesWithAClueThatFitsManyWhoeverAnotherClueFinds) {
    Fake source;
    source.most_rows = 3;
    for (int i = 0; i < 9; ++i) {
        const auto n = std::to_string(i);
        source.personas.push_back(
            persona("t-" + n, "k-" + n, i == 7 ? "198.51.100.7" : "192.0.2." + n, "crowdview 2.1"));
    }
    auto question = asked({"user-agent=crowdview/2.1", "cidr=198.51.100.0/24"});
    const auto facts = gather(question, source).value();
    EXPECT_EQ(facts.clues[0].tenants, 9U);
    EXPECT_TRUE(facts.clues[0].more);
    EXPECT_FALSE(facts.clues[1].more);
    ASSERT_EQ(source.searches.size(), 3U);
    EXPECT_EQ(source.searches[2].within, std::vector<std::string>{"k-7"});
    std::set<std::size_t> shown;
    for (const Sighting& sighting : facts.sightings) {
        if (facts.personas[sighting.persona].key == "k-7") shown.insert(sighting.clue);
    }
    EXPECT_EQ(shown, (std::set<std::size_t>{0, 1}));
    EXPECT_THAT(answer(question, facts).limits,
                testing::Contains(HasSubstr("user-agent clue fits so many")));
}

TEST(Gather, FindsWhomTwoCluesFitTogetherThatEachFitMany) {
    Fake source;
    source.most_rows = 3;
    for (int i = 0; i < 9; ++i) {
        const auto n = std::to_string(i);
        source.personas.push_back(
            persona("t-" + n, "k-" + n, i % 2 == 0 ? "198.51.100." + n : "192.0.2." + n,
                    i >= 7 || i == 1 || i == 3 ? "crowdview 2.1" : "other 1"));
    }
    auto question = asked({"user-agent=crowdview/2.1", "cidr=198.51.100.0/24"});
    const auto facts = gather(question, source).value();
    EXPECT_TRUE(facts.clues[0].more);
    EXPECT_TRUE(facts.clues[1].more);
    std::set<std::size_t> shown;
    for (const Sighting& sighting : facts.sightings) {
        if (facts.personas[sighting.persona].key == "k-8") shown.insert(sighting.clue);
    }
    EXPECT_EQ(shown, (std::set<std::size_t>{0, 1})) << "the last of the nine, and the only one";
}

TEST(Gather, CountsAllThatACommonClueFitsAndNotItsExamples) {
    Fake source;
    source.most_rows = 3;
    for (int i = 0; i < 9; ++i) {
        const auto n = std::to_string(i);
        source.personas.push_back(persona("t-" + n, "k-" + n, "192.0.2." + n, "crowdview 2.1"));
    }
    auto question = asked({"user-agent=crowdview/2.1"});
    const auto facts = gather(question, source).value();
    EXPECT_EQ(facts.personas.size(), 3U);
    const auto said = answer(question, facts);
    EXPECT_EQ(said.others, 9U);
    EXPECT_THAT(said.because, testing::Contains(HasSubstr("the clues fit 9 tenants")));
}

TEST(Gather, CannotSayNoWhenNotEverybodyWhomAClueFitsWasLookedAt) {
    Fake source;
    source.most_rows = 0;
    source.personas = {persona("t-1", "k-1", "198.51.100.7", "crowdview 2.1")};
    auto question = asked({"user-agent=crowdview/2.1"});
    const auto facts = gather(question, source).value();
    const auto said = answer(question, facts);
    EXPECT_EQ(said.use, UseVerdict::cannot_say);
    EXPECT_THAT(said.because, testing::Contains(HasSubstr("fits more than could be looked at")));
}

// Not twice: a second sighting would be a second voice.
TEST(Gather, SeesAPersonaOnceThoughItIsLookedForTwice) {
    Fake source;
    source.most_rows = 1;
    source.personas = {persona("t-1", "k-1", "198.51.100.7", "crowdview 2.1"),
                       persona("t-2", "k-2", "192.0.2.2", "crowdview 2.1")};
    auto question = asked({"user-agent=crowdview/2.1", "cidr=198.51.100.0/24"});
    const auto facts = gather(question, source).value();
    EXPECT_EQ(facts.personas.size(), 1U);
    EXPECT_EQ(facts.sightings.size(), 2U);
}

TEST(Gather, ReadsTheCluesOfAText) {
    Fake source;
    Question question = asked({});
    question.clues.push_back(
        make_clue(Kind::text, "User-Agent: 'crowdview/2.1 python-requests/2.31'").value());
    source.personas = {persona("t-1", "k-1", "198.51.100.7", "crowdview 2.1")};
    const auto facts = gather(question, source).value();
    ASSERT_EQ(question.clues.size(), 2U);
    EXPECT_EQ(question.clues[1].from, 0U);
    EXPECT_EQ(facts.clues.size(), 2U);
    // What a program calls itself is searched for, not the library it is built on.
    ASSERT_EQ(source.searches.size(), 1U);
    EXPECT_EQ(source.searches[0].text, "crowdview");
}

TEST(Gather, LooksForAProgramInAnyVersionAndForALibraryInTheOneAskedFor) {
    Fake source;
    auto question = asked({"user-agent=crowdview/2.1", "sdk=viewkit/1.4"});
    ASSERT_TRUE(gather(question, source));
    ASSERT_EQ(source.searches.size(), 2U);
    EXPECT_EQ(source.searches[0].text, "crowdview");
    EXPECT_EQ(source.searches[0].version, "");
    EXPECT_EQ(source.searches[1].text, "viewkit");
    EXPECT_EQ(source.searches[1].version, "1.4");
}

TEST(Gather, DoesNotSearchForAClientEverybodyHas) {
    Fake source;
    auto question = asked({"sdk=python-requests/2.31", "user-agent=Mozilla/5.0 Chrome/120.0"});
    const auto facts = gather(question, source).value();
    EXPECT_TRUE(facts.clues[0].stock);
    EXPECT_TRUE(facts.clues[1].stock);
    EXPECT_TRUE(source.searches.empty());
}

TEST(Gather, AddsNetworksAndClaimsThatTheRegistryHasOfTheParty) {
    Fake source;
    source.rows.parties = {{.uid = "p-1",
                            .name = "Orchard Analytics Ltd",
                            .networks = {call::parse_network("203.0.113.0/24").value()}}};
    source.rows.claims = {
        {.uid = "cl-1", .party = "p-1", .statement = "uses you", .clues = {"asn:64500"}}};
    auto question = asked({"party=orchard analytics"});
    const auto facts = gather(question, source).value();
    ASSERT_EQ(question.clues.size(), 3U);
    EXPECT_EQ(question.clues[1].value, "203.0.113.0/24");
    EXPECT_EQ(question.clues[2].value, "64500");
    EXPECT_THAT(question.clues[2].note, HasSubstr("cl-1"));
    ASSERT_EQ(facts.parties.size(), 1U);
    EXPECT_EQ(facts.parties[0].by, "name");
}

TEST(Gather, TakesTheCluesOfAClaimAboutANameThatNoPartyHas) {
    Fake source;
    source.rows.claims = {
        {.uid = "cl-1",
         .name = "Crowdview Ltd",
         .statement = "shows our logo",
         .clues = {"asn:64500"}},
        {.uid = "cl-2", .name = "Somebody else", .statement = "uses you", .clues = {"asn:64501"}}};
    auto question = asked({"party=crowdview"});
    ASSERT_TRUE(gather(question, source));
    ASSERT_EQ(question.clues.size(), 2U);
    EXPECT_EQ(question.clues[1].value, "64500");
}

TEST(Gather, ASimilarNameIsANearMissAndNoMatch) {
    Fake source;
    source.rows.parties = {{.uid = "p-1", .name = "Orchard Analytics Ltd"}};
    auto question = asked({"party=Orchard"});
    const auto facts = gather(question, source).value();
    EXPECT_TRUE(facts.parties.empty());
    EXPECT_THAT(facts.clues[0].near_miss, HasSubstr("another name"));
}

TEST(Gather, TakesInWhatThePartyOwnsByMoreThanHalfInThePeriod) {
    Fake source;
    source.rows.parties = {{.uid = "p-1", .name = "Orchard"},
                           {.uid = "p-2", .name = "Grove"},
                           {.uid = "p-3", .name = "Half"},
                           {.uid = "p-4", .name = "Later"},
                           {.uid = "p-5", .name = "Leaf"}};
    source.rows.owners = {
        {.party = "p-2", .owner = "p-1", .share_ppm = 500'001},
        {.party = "p-3", .owner = "p-1", .share_ppm = 500'000},
        {.party = "p-4", .owner = "p-1", .share_ppm = 1'000'000, .valid_from = test::at(31)},
        {.party = "p-5", .owner = "p-2", .share_ppm = 800'000}};
    source.rows.tenants = {{.uid = "t-2", .party = "p-2"}};
    source.personas = {persona("t-2", "k-2", "198.51.100.7", "curl 8.0")};
    auto question = asked({"party=Orchard"});
    const auto facts = gather(question, source).value();
    std::vector<std::string> uids;
    for (const NamedParty& party : facts.parties) uids.push_back(party.uid);
    EXPECT_THAT(uids, UnorderedElementsAre("p-1", "p-2", "p-5"));
    const auto found = answer(question, facts);
    EXPECT_EQ(found.use, UseVerdict::used);
    EXPECT_TRUE(found.customer_record);
}

TEST(Gather, FindsTheCallsOfAKeyUnderAllItsNames) {
    Fake source;
    source.known_key = "sk-abcdefghijklmnopqrstuv";
    source.personas = {persona("", "kh_1", "198.51.100.7", "curl 8.0")};
    auto question = asked({"key=sk-abcdefghijklmnopqrstuv"});
    const auto facts = gather(question, source).value();
    EXPECT_EQ(facts.personas.size(), 1U);
    EXPECT_EQ(answer(question, facts).use, UseVerdict::used);
}

TEST(Gather, JudgesEachUseByTheLicenceThenAndNow) {
    Fake source;
    source.personas = {persona("t-1", "k-1", "198.51.100.7", "crowdview 2.1")};
    source.all_uses = {{.key = "k-1",
                        .tenant = "t-1",
                        .service = "face",
                        .operation = "Face.Identify",
                        .first = test::at(2),
                        .last = test::at(9),
                        .ok = 10}};
    source.rows.tenants = {{.uid = "t-1"}};
    source.rows.gates = {{.uid = "g", .operations = {"Face.*"}}};
    source.rows.licences = {{.uid = "l-1",
                             .subject = "t-1",
                             .operations = {"Face.Identify"},
                             .known_from = test::at(20)}};
    auto question = asked({"cidr=198.51.100.0/24", "user-agent=crowdview"});
    const auto facts = gather(question, source).value();
    ASSERT_EQ(facts.uses.size(), 1U);
    EXPECT_EQ(facts.uses[0].known_then, "missing");
    EXPECT_EQ(facts.uses[0].known_now, "covered");
    EXPECT_EQ(facts.uses[0].licence, "l-1");
}

TEST(Gather, ShowsStretchesThatALicenceJudgesAlikeAsOneUse) {
    Fake source;
    source.personas = {persona("t-1", "k-1", "198.51.100.7", "crowdview 2.1")};
    for (const int day : {2, 5, 25, 28}) {
        source.all_uses.push_back({.key = "k-1",
                                   .tenant = "t-1",
                                   .service = "face",
                                   .operation = "Face.Identify",
                                   .first = test::at(day),
                                   .last = test::at(day + 1),
                                   .ok = 10});
    }
    source.rows.tenants = {{.uid = "t-1"}};
    source.rows.gates = {{.uid = "g", .operations = {"Face.*"}}};
    source.rows.licences = {{.uid = "l-1",
                             .subject = "t-1",
                             .operations = {"Face.Identify"},
                             .valid_from = test::at(20)}};
    auto question = asked({"cidr=198.51.100.0/24", "user-agent=crowdview"});
    const auto facts = gather(question, source).value();
    ASSERT_EQ(facts.uses.size(), 2U);
    EXPECT_EQ(facts.uses[0].ok, 20U);
    EXPECT_EQ(facts.uses[0].last, test::at(6));
    EXPECT_EQ(facts.uses[0].known_now, "missing");
    EXPECT_EQ(facts.uses[1].known_now, "covered");
    EXPECT_EQ(source.asked_moments, std::vector{test::at(20)});
}

TEST(Gather, MarksCallsWithALeakedKeyFromUndeclaredNetworks) {
    Fake source;
    source.personas = {persona("t-1", "k-1", "198.51.100.7", "curl"),
                       persona("t-1", "k-1", "192.0.2.9", "curl")};
    source.rows.tenants = {{.uid = "t-1", .party = "p-1"}};
    source.rows.parties = {{.uid = "p-1", .name = "Orchard"}};
    source.rows.keys = {{.uid = "k-1",
                         .tenant = "t-1",
                         .declared_origin = {call::parse_network("192.0.2.0/24").value()}}};
    source.rows.leaks = {{.key = "k-1", .first_seen = test::at(3)}};
    auto question = asked({"party=Orchard"});
    const auto facts = gather(question, source).value();
    ASSERT_EQ(facts.personas.size(), 2U);
    EXPECT_TRUE(facts.personas[0].leaked && facts.personas[0].undeclared);
    EXPECT_TRUE(facts.personas[1].leaked && !facts.personas[1].undeclared);
    const auto found = answer(question, facts);
    ASSERT_EQ(found.candidates.size(), 1U);
    EXPECT_EQ(found.candidates[0].personas, std::vector<std::size_t>{1});
}

TEST(Gather, StopsAtTheMostClues) {
    Fake source;
    source.rows.parties = {{.uid = "p-1", .name = "Orchard"}};
    for (int i = 0; i < 200; ++i) {
        source.rows.parties[0].networks.push_back(
            call::parse_network("10." + std::to_string(i) + ".0.0/16").value());
    }
    auto question = asked({"party=Orchard"});
    const auto facts = gather(question, source).value();
    EXPECT_EQ(question.clues.size(), most_clues);
    EXPECT_EQ(facts.clues_left_off, 201 - most_clues);
    EXPECT_THAT(answer(question, facts).limits, testing::Contains(HasSubstr("137 more clues")));
}

TEST(Gather, WhatACallerSaysOfItsDomainIsOneVoice) {
    Fake source;
    // It has opened an account under the name, and calls itself so: it wants to be taken for it.
    source.rows.tenants = {{.uid = "t-1", .name = "ops@orchard.example"}};
    source.rows.keys = {{.uid = "robot@orchard.example", .tenant = "t-1"}};
    source.personas = {
        persona("t-1", "robot@orchard.example", "198.51.100.7", "orchard.example 1.0")};
    auto question = asked({"domain=orchard.example", "user-agent=orchard.example/1.0"});
    const auto facts = gather(question, source).value();
    ASSERT_EQ(facts.sightings.size(), 2U) << "one of each clue";
    EXPECT_EQ(facts.sightings[0].group, Group::client);
    EXPECT_EQ(facts.clues[0].tenants_by_group.at(Group::client), 1U);
    EXPECT_EQ(facts.clues[0].tenants_by_group.at(Group::egress), 0U);
    const auto found = answer(question, facts);
    EXPECT_EQ(found.use, UseVerdict::inconclusive);
    EXPECT_TRUE(found.candidates.empty());
}

TEST(Gather, TheNetworkOfADomainIsASecondVoice) {
    Fake source;
    source.rows.parties = {
        {.uid = "p-1", .name = "Orchard Analytics Ltd", .domains = {"orchard.example"}}};
    source.personas = {persona("t-1", "k-1", "198.51.100.7", "orchard.example 1.0"),
                       persona("t-2", "k-2", "192.0.2.7", "orchard.example 1.0")};
    source.personas[0].as_name = "ORCHARD ANALYTICS, Ltd.";
    auto question = asked({"domain=orchard.example"});
    const auto found = answer(question, gather(question, source).value());
    EXPECT_EQ(found.use, UseVerdict::used);
    ASSERT_EQ(found.candidates.size(), 1U);
    EXPECT_EQ(found.candidates[0].tenant, "t-1");
    EXPECT_EQ(found.others, 1U) << "the one that only says so";
}

TEST(Gather, ADomainOfManyAccountsNamesNobody) {
    Fake source;
    for (int i = 0; i < 1'001; ++i) {
        source.rows.tenants.push_back(
            {.uid = "t-" + std::to_string(i), .name = std::to_string(i) + "@mail.example"});
    }
    source.personas = {persona("t-1", "k-1", "198.51.100.7", "curl 8.0")};
    auto question = asked({"domain=mail.example"});
    const auto facts = gather(question, source).value();
    EXPECT_TRUE(facts.sightings.empty());
    EXPECT_THAT(facts.clues[0].near_miss, HasSubstr("more than 1000 accounts"));
}

TEST(Gather, ADomainThatIsNotSeenProvesNothing) {
    Fake source;
    source.personas = {persona("t-1", "k-1", "198.51.100.7", "curl 8.0")};
    auto question = asked({"domain=orchard.example"});
    const auto found = answer(question, gather(question, source).value());
    EXPECT_EQ(found.use, UseVerdict::cannot_say);
    EXPECT_THAT(found.limits, testing::Contains(HasSubstr("only in calls that were kept")));
}

}  // namespace
}  // namespace presence
