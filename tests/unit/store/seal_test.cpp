#include "store/seal.hpp"

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

}  // namespace
