#include "deliver/signature.hpp"

#include "base/digest.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

namespace {

base::WallTime at_second(std::int64_t second) {
    return base::wall_time(second * 1'000'000);
}

std::string secret_of(std::size_t bytes) {
    const std::vector<std::uint8_t> key(bytes, 7);
    return "whsec_" + base::base64(key);
}

TEST(Signature, MatchesThePublishedVector) {
    const std::array secrets{std::string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")};
    const auto signed_by = deliver::signature("msg_p5jXN8AQM9LWM0D4loKWxJek", at_second(1614265330),
                                              R"({"test": 2432232314})", secrets);
    ASSERT_TRUE(signed_by);
    EXPECT_EQ(*signed_by, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Signature, CoversWholeSecondsOnly) {
    EXPECT_EQ(deliver::timestamp(base::wall_time(1614265330'999'999)), "1614265330");
}

TEST(Signature, SignsWithBothSecretsDuringARotation) {
    const std::vector both{secret_of(32), secret_of(24)};
    const std::vector one{both[1]};
    const auto rotated = deliver::signature("m", at_second(1), "b", both);
    const auto single = deliver::signature("m", at_second(1), "b", one);
    ASSERT_TRUE(rotated && single);
    EXPECT_TRUE(rotated->ends_with(" " + *single));
    EXPECT_TRUE(rotated->starts_with("v1,"));
    EXPECT_NE(*rotated, *single + " " + *single);
}

TEST(Signature, RefusesSecretsOutOfShape) {
    for (const auto& secret :
         {std::string(), std::string("whsec_"), std::string("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
          std::string("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS"), std::string("whsec_!!!!"),
          secret_of(23), secret_of(65)}) {
        const auto key = deliver::key_of(secret);
        ASSERT_FALSE(key);
        EXPECT_EQ(key.error().reason.find("MfKQ"), std::string::npos);
    }
    EXPECT_TRUE(deliver::key_of(secret_of(64)));
    EXPECT_FALSE(deliver::signature("m", at_second(1), "b", {}));
}

TEST(Signature, MakesSecretsItTakes) {
    const auto secret = deliver::new_secret();
    ASSERT_TRUE(deliver::key_of(secret));
    EXPECT_EQ(deliver::key_of(secret)->size(), 32U);
    EXPECT_NE(secret, deliver::new_secret());
}

}  // namespace
