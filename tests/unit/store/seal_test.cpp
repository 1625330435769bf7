#include "store/seal.hpp"

#include "store/copy_text.hpp"

#include <gtest/gtest.h>

namespace {

TEST(Sealer, OpensWhatItSealedAndNothingElse) {
    const auto sealer = store::Sealer::make(std::string(32, 'k'));
    ASSERT_TRUE(sealer);
    for (const std::string secret : {"", "whsec_abc", "\xff"}) {
        const auto sealed = sealer->seal(secret, "ep_1");
        EXPECT_EQ(sealer->open(sealed, "ep_1").value(), secret);
        EXPECT_FALSE(sealer->open(sealed, "ep_2")) << "moved to another row";
        EXPECT_NE(sealed, sealer->seal(secret, "ep_1")) << "a nonce of its own each time";
        for (std::size_t i = 0; i < sealed.size(); ++i) {
            auto changed = sealed;
            changed[i] = static_cast<char>(changed[i] ^ 1);
            EXPECT_FALSE(sealer->open(changed, "ep_1"));
            EXPECT_FALSE(sealer->open(sealed.substr(0, i), "ep_1"));
        }
        EXPECT_FALSE(store::Sealer::make(std::string(32, 'x'))->open(sealed, "ep_1"));
    }
    EXPECT_FALSE(store::Sealer::make("short"));
}

TEST(CopyText, EscapesWhatCopyReads) {
    std::string line;
    const std::string two[] = {"a,b", "\"\\"};
    store::CopyText(line)
        .text("a\tb\nc\\d\r")
        .null()
        .integer(-5)
        .texts(two, 2)
        .integers({1, UINT64_MAX})
        .end_row();
    EXPECT_EQ(line, "a\\tb\\nc\\\\d\\r\t\\N\t-5\t{\"a,b\",\"\\\\\"\\\\\\\\\"}\t{1,-1}\n");
}

TEST(CopyText, ShortensKeysWithoutConfusingThem) {
    const std::string a(3'000, 'a');
    EXPECT_EQ(store::bounded(a, 600).size(), 597U);
    EXPECT_NE(store::bounded(a, 600), store::bounded(a + "b", 600));
    EXPECT_EQ(store::bounded("short", 600), "short");
}

TEST(CopyText, MakesJsonStorable) {
    EXPECT_EQ(store::storable_json(R"({"a":"\u0000b","c":"\\u0000"})"),
              R"({"a":"\ufffdb","c":"\\u0000"})");
}

}  // namespace
