#include "app/secrets.hpp"

#include "decode/scrubber.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace {

// The registry may not use the scrubber; this holds the two to one name for a key.
TEST(Secrets, GiveAKeyTheNameThatTheScrubberWrites) {
    std::string pattern = (std::filesystem::temp_directory_path() / "secrets-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    const auto secrets = app::Secrets::open_or_make(pattern);
    ASSERT_TRUE(secrets) << secrets.error().reason;
    decode::Scrubber scrubber(secrets->key("scrub"));
    const std::vector<std::string> hash{"api_key"};
    // One that is known by its looks, and one that is known by where it stands.
    for (const std::string key : {"sk-Ab3dEf6hIj9lMnOpQr5tUv", "Ab3dEf6hIj9lMnOpQr5tUv"}) {
        const auto clue = app::key_hasher(*secrets).clue(registry::KeyClue::Kind::key, key);
        ASSERT_TRUE(clue) << clue.error().reason;
        std::string text;
        scrubber.scrub(R"({"api_key":")" + key + "\"}", {.keep = {}, .hash = hash}, text);
        EXPECT_EQ(std::ranges::count_if(
                      clue->credential_uids,
                      [&](const auto& name) { return text == R"({"api_key":")" + name + "\"}"; }),
                  1)
            << text;
    }
    std::filesystem::remove_all(pattern);
}

}  // namespace
