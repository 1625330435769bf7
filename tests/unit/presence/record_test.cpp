#include "presence/record.hpp"

#include "world.hpp"

#include <gmock/gmock.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace presence {
namespace {

using test::World;
using testing::HasSubstr;
using testing::Not;

World yes() {
    World world;
    const auto network = world.clue(Kind::cidr, "198.51.100.0/24");
    const auto key = world.clue(Kind::key, "sk-abcdefghijklmnopqrstuv");
    const auto persona = world.persona("t-trial", "k-77");
    world.shows(persona, network);
    world.facts.clues[key].keys = {{.key = "k-77", .tenant = "t-trial"}};
    world.facts.uses.push_back({.key = "k-77",
                                .tenant = "t-trial",
                                .operation = "Face.Identify",
                                .ok = 100,
                                .known_then = "missing",
                                .known_now = "missing"});
    return world;
}

boost::json::object record_of(const World& world) {
    return to_json(world.question, world.facts, world.ask());
}

TEST(Record, IsTheSameBytesForTheSameQuestionAndData) {
    EXPECT_EQ(with_id(record_of(yes())), with_id(record_of(yes())));
    World other = yes();
    ++other.facts.personas[0].calls;
    EXPECT_NE(id_of(record_of(yes())), id_of(record_of(other)));
}

TEST(Record, HoldsNoKeyInClear) {
    EXPECT_THAT(with_id(record_of(yes())), Not(HasSubstr("abcdefghijklmnopqrstuv")));
    EXPECT_THAT(with_id(record_of(yes())), HasSubstr("sk-...stuv"));
}

TEST(Record, IsJsonThatReadsBack) {
    const auto text = with_id(record_of(yes()));
    const auto read = boost::json::parse(text);
    EXPECT_EQ(read.at("use").as_string(), "used");
    EXPECT_EQ(canonical(read), text);
    EXPECT_THAT(text, Not(HasSubstr("E-")));
}

TEST(Record, GivesBackWhatWasSigned) {
    const auto text = with_id(record_of(yes()));
    const auto whole = with_signature(text, "ed25519:k:c2ln");
    boost::json::parse(whole);  // throws if it is none
    const auto split = split_signature(whole);
    ASSERT_TRUE(split);
    EXPECT_EQ(split->text, text);
    EXPECT_EQ(split->signature, "ed25519:k:c2ln");
    EXPECT_FALSE(split_signature(text));
}

TEST(Record, ForThePressNamesNobody) {
    const auto press = canonical(render(record_of(yes()), View::press));
    for (const char* name :
         {"t-trial", "k-77", "198.51.100", "gateway", "analyst", "case-1", "sk-"}) {
        EXPECT_THAT(press, Not(HasSubstr(name)));
    }
    EXPECT_THAT(press, HasSubstr("\"use\":\"used\""));
}

TEST(Record, UnderPseudonymsKeepsWhoIsWho) {
    const auto text = canonical(render(record_of(yes()), View::pseudonymous));
    for (const char* name : {"t-trial", "k-77", "198.51.100.7"}) {
        EXPECT_THAT(text, Not(HasSubstr(name)));
    }
    EXPECT_THAT(text, HasSubstr("through tenant tenant-1"));
    EXPECT_THAT(text, HasSubstr("\"tenant\":\"tenant-1\""));
}

TEST(Record, IsShownToPeopleWithEvidenceAndPower) {
    const auto text = to_text(record_of(yes()));
    EXPECT_THAT(text, HasSubstr("use       used"));
    EXPECT_THAT(text, HasSubstr("credential"));
    EXPECT_THAT(text, HasSubstr("Coverage  100 %"));
    EXPECT_THAT(text, HasSubstr("licence missing"));
}

}  // namespace
}  // namespace presence
