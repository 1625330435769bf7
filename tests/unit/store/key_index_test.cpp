#include "store/key_index.hpp"

#include "store/database.hpp"
#include "store/registry_table.hpp"

namespace {

using registry::KeyClue;
using store_test::now;

class KeyIndex : public store_test::Database {
protected:
    /// A key row and what is told of its text.
    void import(const std::string& uid, registry::KeyText text, std::size_t indexed = 1) {
        registry::Rows rows;
        rows.keys = {{uid, "t-" + uid, "active", std::nullopt, std::nullopt, {}}};
        text.key = uid;
        rows.key_marks = hasher_.marks(text);
        const auto done = store::RegistryTable(*session_).import(rows, now, "ann");
        ASSERT_TRUE(done) << done.error().reason;
        EXPECT_EQ(done->indexed, indexed);
    }
    std::vector<std::string> find(KeyClue::Kind kind, std::string_view text) {
        const auto clue = hasher_.clue(kind, text);
        EXPECT_TRUE(clue) << clue.error().reason;
        const auto hits = store::find_keys(*session_, *clue);
        EXPECT_TRUE(hits) << hits.error().reason;
        std::vector<std::string> out;
        for (const auto& hit : *hits) out.push_back(hit.key);
        return out;
    }
    using Keys = std::vector<std::string>;
    registry::KeyHasher hasher_{std::string(32, 'i'), std::string(32, 's')};
};

constexpr std::string_view one = "sk-Ab3dEf6hIj9lMnOpQr5tUv";
constexpr std::string_view two = "sk-Ab3dXX6hIj9lMnOpQr5tUv";
constexpr std::string_view never = "sk-Zb3dXX6hIj9lMnOpQr5tUz";

TEST_F(KeyIndex, FindsKeysByTextHashAndPieces) {
    import("k1", {.secret = one});
    import("k2", {.secret = two});
    EXPECT_EQ(find(KeyClue::Kind::key, one), Keys{"k1"});
    EXPECT_EQ(find(KeyClue::Kind::sha256, base::hex(base::sha256(two))), Keys{"k2"});
    EXPECT_EQ(find(KeyClue::Kind::prefix, "sk-Ab3d"), (Keys{"k1", "k2"}));
    EXPECT_EQ(find(KeyClue::Kind::prefix, "sk-Ab3dE"), Keys{"k1"});
    EXPECT_EQ(find(KeyClue::Kind::suffix, "Qr5tUv"), (Keys{"k1", "k2"}));
    EXPECT_EQ(find(KeyClue::Kind::key, never), Keys{}) << "never issued is no error";
    EXPECT_EQ(find(KeyClue::Kind::prefix, "sk-Zb3d"), Keys{});
    const auto clue = *hasher_.clue(KeyClue::Kind::prefix, "sk-Zb3d");
    EXPECT_EQ(store::indexed_keys(*session_, clue), 2U);
}

TEST_F(KeyIndex, TellsTheTenantAndEveryNameTheCallsMayHave) {
    import("k1", {.secret = one});
    const auto hits =
        store::find_keys(*session_, *hasher_.clue(KeyClue::Kind::prefix, "sk-Ab3dEf"));
    ASSERT_TRUE(hits) << hits.error().reason;
    ASSERT_EQ(hits->size(), 1U);
    const auto names = hasher_.clue(KeyClue::Kind::key, one)->credential_uids;
    EXPECT_EQ((*hits)[0],
              (store::KeyHit{"k1", "t-k1", KeyClue::Kind::prefix, 6, {"k1", names[0], names[1]}}));
}

TEST_F(KeyIndex, FindsAKeyThatIsRegisteredUnderItsScrubbedName) {
    const auto names = hasher_.clue(KeyClue::Kind::key, one)->credential_uids;
    import(names[0], {}, 0);
    EXPECT_EQ(find(KeyClue::Kind::key, one), Keys{names[0]});
}

TEST_F(KeyIndex, ForgetsTheOldTextOfAKeyThatIsCorrected) {
    import("k1", {.secret = one});
    import("k1", {.secret = one}, 0);
    import("k1", {.suffix = "9999"});
    EXPECT_EQ(find(KeyClue::Kind::suffix, "5tUv"), Keys{}) << "the suffix was told anew";
    EXPECT_EQ(find(KeyClue::Kind::prefix, "sk-Ab3dEf"), Keys{"k1"}) << "the prefix was not";
    import("k1", {.sha256 = base::hex(base::sha256(two))});
    EXPECT_EQ(find(KeyClue::Kind::key, two), Keys{"k1"});
    EXPECT_EQ(find(KeyClue::Kind::key, one), Keys{});
    EXPECT_EQ(find(KeyClue::Kind::prefix, "sk-Ab3dEf"), Keys{}) << "a piece of another key";
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.key_index WHERE replaced_at IS NULL"), "1");
}

TEST_F(KeyIndex, NeverSaysThatWhatMayBeALiteralWasNotIssued) {
    import("k1", {.secret = "acme_live_4fd1A0b2C3d4E5f6"});
    const auto clue = *hasher_.clue(KeyClue::Kind::prefix, "acme_live");
    const auto hits = store::find_keys(*session_, clue);
    ASSERT_FALSE(hits);
    EXPECT_EQ(hits.error().fault, base::Fault::invalid);
    EXPECT_TRUE(hits.error().reason.contains("give more characters")) << hits.error().reason;
    EXPECT_EQ(find(KeyClue::Kind::prefix, "acme_live_4fd1"), Keys{"k1"});
}

TEST_F(KeyIndex, HoldsNothingOfTheText) {
    import("k1", {.secret = one});
    const auto hash = base::hex(base::sha256(one));
    for (const auto& row : rows("SELECT encode(digest, 'hex'), encode(digest, 'escape') FROM "
                                "callerprint.key_index")) {
        EXPECT_FALSE(hash.contains(row[0]));
        EXPECT_FALSE(one.contains(row[1]));
    }
    EXPECT_EQ(value("SELECT count(*) FROM callerprint.audit WHERE details::text LIKE '%Ab3d%'"),
              "0");
}

}  // namespace
