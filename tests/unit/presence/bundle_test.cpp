#include "presence/bundle.hpp"

#include "base/ed25519.hpp"
#include "coverage/merkle.hpp"
#include "presence/record.hpp"
#include "world.hpp"

#include <gmock/gmock.h>

#include <random>

namespace presence {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

std::string base64(const std::string& text) {
    return base::base64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

class BundleTest : public testing::Test {
protected:
    BundleTest() {
        std::vector<base::Digest> leaves;
        for (std::uint32_t i = 0; i < 7; ++i) {
            leaves.push_back(coverage::record_leaf(5, i, "record " + std::to_string(i)));
        }
        coverage::Link first{.from = 5,
                             .to = 6,
                             .records = 7,
                             .at = base::wall_time(1'767'500'000'000'000),
                             .root = coverage::merkle::root(leaves)};
        first.head = coverage::head_of({}, first);
        coverage::Link last{.from = 6,
                            .to = 7,
                            .records = 0,
                            .at = base::wall_time(1'767'600'000'000'000),
                            .root = coverage::merkle::root({})};
        last.head = coverage::head_of(first.head, last);
        bundle_.chain = {{.number = 1, .previous = {}, .link = first},
                         {.number = 2, .previous = first.head, .link = last}};
        bundle_.records = {{.source = "gateway",
                            .block = 5,
                            .record = 3,
                            .sha256 = base::sha256("record 3"),
                            .link = 1,
                            .leaf = 3,
                            .leaves = 7,
                            .proof = coverage::merkle::proof(leaves, 3)}};
        test::World world;
        const auto network = world.clue(Kind::cidr, "198.51.100.0/24");
        const auto client = world.clue(Kind::user_agent, "crowdview/2.1");
        const auto persona = world.persona("t-trial", "k-1");
        world.shows(persona, network);
        world.shows(persona, client);
        world.facts.records = {{.persona = persona,
                                .source = "gateway",
                                .block = 5,
                                .record = 3,
                                .time = test::at(3),
                                .sha256 = base::hex(base::sha256("record 3"))}};
        world.facts.coverage.chain_head = base::hex(last.head);
        const auto record = with_id(to_json(world.question, world.facts, world.ask()));
        bundle_.record = with_signature(record, sign(record));
    }

    std::string sign(std::string_view text) const {
        return public_key() + ":" + base64(key_.sign(text));
    }
    std::string public_key() const { return "ed25519:" + base64(key_.public_key()); }
    std::string text() const {
        return write_bundle(bundle_,
                            [this](std::string_view signed_text) { return sign(signed_text); });
    }
    std::vector<std::string> problems() const {
        return verify_bundle(text(), public_key()).problems;
    }

    base::SigningKey key_{std::string(32, 'k')};
    Bundle bundle_;
};

TEST_F(BundleTest, ThatWasNotChangedHolds) {
    const auto found = verify_bundle(text(), public_key());
    EXPECT_THAT(found.problems, IsEmpty());
    EXPECT_EQ(found.use, "used");
    EXPECT_EQ(found.records, 1U);
    EXPECT_THAT(found.id, testing::StartsWith("w-"));
}

TEST_F(BundleTest, IsRefusedAfterAnyOfTenThousandMutations) {
    const std::string whole = text();
    std::mt19937_64 random(3);
    for (int round = 0; round < 10'000; ++round) {
        std::string other = whole;
        const auto at = random() % other.size();
        switch (random() % 5) {
            case 0:
                other[at] = static_cast<char>(other[at] ^ (1 << random() % 8));
                break;
            case 1:
                other.erase(at, 1 + random() % 40);
                break;
            case 2:
                other.insert(at, 1, static_cast<char>(random() % 256));
                break;
            case 3:
                std::swap(other[at], other[random() % other.size()]);
                break;
            default:
                other.resize(at);
                break;
        }
        if (other == whole) continue;
        EXPECT_THAT(verify_bundle(other, public_key()).problems, testing::Not(IsEmpty()))
            << "round " << round << " at " << at;
    }
}

TEST_F(BundleTest, OfAnotherSignerIsRefused) {
    const base::SigningKey other(std::string(32, 'x'));
    EXPECT_THAT(verify_bundle(text(), "ed25519:" + base64(other.public_key())).problems,
                Contains(HasSubstr("signed by another key")));
    EXPECT_THAT(verify_bundle(text(), "").problems, Contains(HasSubstr("give ed25519:")));
}

// What a signer of the bundle itself could try: everything is signed, and still does not hold.

TEST_F(BundleTest, WithARecordThatIsInNoBatchSaysSo) {
    bundle_.records[0].sha256 = base::sha256("record 4");
    EXPECT_THAT(problems(), Contains(HasSubstr("record 3 of block 5: is not proven")));
    EXPECT_THAT(problems(), Contains(HasSubstr("cites a record that the bundle does not prove")));
}

TEST_F(BundleTest, WithoutACitedRecordSaysSo) {
    bundle_.records.clear();
    EXPECT_THAT(problems(), Contains(HasSubstr("cites a record that the bundle does not prove")));
}

TEST_F(BundleTest, WithAChainThatWasRewrittenSaysWhere) {
    bundle_.chain[0].link.records = 8;
    EXPECT_THAT(problems(), Contains("chain entry 1: its head does not follow from what it says"));
    bundle_.chain[0].link.head = coverage::head_of({}, bundle_.chain[0].link);
    EXPECT_THAT(problems(), Contains("chain entry 2: does not follow the entry before it"));
    bundle_.chain[1].previous = bundle_.chain[0].link.head;
    bundle_.chain[1].link.head =
        coverage::head_of(bundle_.chain[1].previous, bundle_.chain[1].link);
    EXPECT_THAT(problems(), Contains(HasSubstr("does not end at the head that the answer names")));
}

TEST_F(BundleTest, WithAnAnswerThatWasChangedSaysSo) {
    const auto at = bundle_.record.find("\"use\":\"used\"");
    bundle_.record.replace(at, 12, "\"use\":\"sued\"");
    EXPECT_THAT(problems(), Contains(HasSubstr("answer: its signature does not fit its text")));
}

TEST_F(BundleTest, OfAnythingIsReadWithoutHarm) {
    for (const char* text : {"", "{}", "null", "[]", "\"signature\":\"\"}", "{\"signature\":\"x\"}",
                             "{\"a\":1,\"signature\":\"ed25519:AA==:AA==\"}"}) {
        EXPECT_THAT(verify_bundle(text, public_key()).problems, testing::Not(IsEmpty()));
    }
}

}  // namespace
}  // namespace presence
