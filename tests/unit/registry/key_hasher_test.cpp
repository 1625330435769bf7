#include "registry/key_hasher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace registry {
namespace {

using testing::HasSubstr;
using testing::Not;

const KeyHasher& hasher() {
    static const KeyHasher one(std::string(32, 'i'), std::string(32, 's'));
    return one;
}

std::vector<KeyMark> marks_of(std::string_view secret) {
    return hasher().marks({.key = "k", .secret = secret});
}

/// What find_keys does, over these marks.
bool finds(const std::vector<KeyMark>& marks, const KeyClue& clue) {
    return std::ranges::any_of(marks, [&](const KeyMark& mark) {
        return mark.part == clue.part && mark.length == clue.length && mark.digest == clue.digest;
    });
}

bool finds(const std::vector<KeyMark>& marks, KeyClue::Kind kind, std::string_view text) {
    const auto clue = hasher().clue(kind, text);
    EXPECT_TRUE(clue) << clue.error().reason;
    return clue && finds(marks, *clue);
}

std::string why(KeyClue::Kind kind, std::string_view text) {
    const auto clue = hasher().clue(kind, text);
    EXPECT_FALSE(clue) << text;
    return clue ? "" : clue.error().reason;
}

constexpr std::string_view key = "sk-proj-Ab3dEf6hIj9lMnOpQr5tUv";

TEST(KeyHasher, FindsAKeyByItselfItsHashAndItsEnds) {
    const auto marks = marks_of(key);
    EXPECT_TRUE(finds(marks, KeyClue::Kind::key, key));
    EXPECT_TRUE(finds(marks, KeyClue::Kind::key, " sk-proj-Ab3dEf6hIj9lMnOpQr5tUv\n"));
    EXPECT_TRUE(finds(marks, KeyClue::Kind::sha256, base::hex(base::sha256(key))));
    EXPECT_TRUE(finds(marks, KeyClue::Kind::prefix, "sk-proj-Ab3d"));
    EXPECT_TRUE(finds(marks, KeyClue::Kind::prefix, "sk-proj-Ab3dEf6\u2026"));
    EXPECT_TRUE(finds(marks, KeyClue::Kind::prefix, key)) << "more than is compared";
    EXPECT_TRUE(finds(marks, KeyClue::Kind::suffix, "...5tUv"));
    EXPECT_TRUE(finds(marks, KeyClue::Kind::suffix, "********lMnOpQr5tUv"));
    EXPECT_FALSE(finds(marks, KeyClue::Kind::prefix, "sk-proj-Ab3e"));
    EXPECT_FALSE(finds(marks, KeyClue::Kind::suffix, "5tUw"));
    EXPECT_FALSE(finds(marks, KeyClue::Kind::key, "sk-proj-Ab3dEf6hIj9lMnOpQr5tUw"));
}

TEST(KeyHasher, CountsOnlyRandomCharacters) {
    EXPECT_EQ(hasher().clue(KeyClue::Kind::prefix, "sk-proj-Ab3d")->length, 4);
    EXPECT_EQ(hasher().clue(KeyClue::Kind::prefix, "sk-proj-Ab3dEf6hIj9lMnOp")->length, 12);
    EXPECT_EQ(hasher().clue(KeyClue::Kind::prefix, "AIzaSyD9a1")->length, 6);
    EXPECT_EQ(hasher().clue(KeyClue::Kind::suffix, "ab3/x==")->length, 5);
    EXPECT_EQ(literal_size("sk-ant-api03-Zx9"), 13U);
    EXPECT_EQ(literal_size("acme_live_4fd1"), 10U);
    EXPECT_EQ(literal_size("SG.Zx9"), 3U);
    EXPECT_EQ(literal_size("0123abcd"), 0U);
    EXPECT_THAT(why(KeyClue::Kind::prefix, "sk-proj-Ab3"), HasSubstr("shows 3 random characters"));
}

// `acme_live` is what all keys of a kind begin with, cut short: it must never be told that no such
// key exists.
TEST(KeyHasher, SaysWhenAPieceMayBeALiteralOnly) {
    EXPECT_TRUE(hasher().clue(KeyClue::Kind::prefix, "acme_live")->may_be_literal);
    EXPECT_FALSE(hasher().clue(KeyClue::Kind::prefix, "acme_live_4fd1a")->may_be_literal);
    EXPECT_FALSE(hasher().clue(KeyClue::Kind::suffix, "live")->may_be_literal);
}

TEST(KeyHasher, TellsTheAlphabetThatChanceIsCountedBy) {
    const auto alphabet = [](std::string_view text) {
        return hasher().clue(KeyClue::Kind::suffix, text)->alphabet;
    };
    EXPECT_EQ(alphabet("0815"), 10);
    EXPECT_EQ(alphabet("08a5f"), 16);
    EXPECT_EQ(alphabet("08A5F"), 16);
    EXPECT_EQ(alphabet("08aF"), 62);
    EXPECT_EQ(alphabet("zz81"), 36);
    EXPECT_EQ(alphabet("zZ8_"), 64);
}

TEST(KeyHasher, RefusesMalformedCluesWithoutQuotingThem) {
    EXPECT_THAT(why(KeyClue::Kind::key, "short-Zq7"), HasSubstr("key: has 9 bytes"));
    EXPECT_THAT(why(KeyClue::Kind::key, "two words of Zq7Zq7Zq7"), HasSubstr("blanks"));
    EXPECT_THAT(why(KeyClue::Kind::sha256, "Zq7"), HasSubstr("64 hexadecimal digits"));
    EXPECT_THAT(why(KeyClue::Kind::prefix, "sk-...Zq7Zq7"), HasSubstr("has a gap"));
    EXPECT_THAT(why(KeyClue::Kind::suffix, "Zq7\u00e9Zq7Zq7"), HasSubstr("no key has"));
    for (const auto* text : {"sk-Zq7", "Zq7 Zq7", "Zq7", ""}) {
        EXPECT_THAT(why(KeyClue::Kind::prefix, text), Not(HasSubstr("Zq7")));
        EXPECT_THAT(why(KeyClue::Kind::sha256, text), Not(HasSubstr("Zq7")));
    }
}

TEST(KeyHasher, ChecksWhatARowTellsWithoutQuotingIt) {
    const auto problem = [](KeyText text) { return KeyHasher::problem(text).value_or("none"); };
    EXPECT_EQ(problem({}), "none");
    EXPECT_EQ(problem({.secret = key, .prefix = "sk-proj-", .suffix = "Uv"}), "none");
    EXPECT_EQ(problem({.secret = key, .prefix = "sk-live-"}),
              "prefix: the secret begins otherwise");
    EXPECT_EQ(problem({.secret = key, .sha256 = base::hex(base::sha256("x"))}),
              "sha256: is not that of the secret");
    EXPECT_THAT(problem({.secret = "a b c d e f g h i j"}), HasSubstr("secret: holds blanks"));
    EXPECT_THAT(problem({.prefix = "sk-a"}), HasSubstr("prefix: shows 1 random"));
    EXPECT_THAT(problem({.sha256 = "ab"}), HasSubstr("sha256: write 64"));
}

TEST(KeyHasher, TellsNothingWithoutItsKey) {
    const KeyHasher other(std::string(32, 'o'), std::string(32, 's'));
    const auto marks = marks_of(key);
    for (const auto& mark : other.marks({.key = "k", .secret = key})) {
        if (mark.part == KeyMark::Part::scrubbed) continue;
        EXPECT_EQ(std::ranges::count(marks, mark.digest, &KeyMark::digest), 0);
    }
    for (const auto& mark : marks) {
        EXPECT_EQ(mark.digest.size(), 16U);
        EXPECT_FALSE(
            base::hex(base::sha256(key))
                .starts_with(base::hex({reinterpret_cast<const std::uint8_t*>(mark.digest.data()),
                                        mark.digest.size()})));
    }
}

// Property: of many keys of all shapes, each of its pieces finds it, and another key only when that
// one has the same piece.
TEST(KeyHasher, FindsExactlyTheKeysThatHaveThePiece) {
    std::mt19937 random(7);
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    constexpr std::array<std::string_view, 6> literals = {"sk-",  "cp_",        "",
                                                          "AIza", "acme_live_", "SG."};
    std::vector<std::string> keys;
    std::vector<std::vector<KeyMark>> marks;
    for (int i = 0; i < 300; ++i) {
        std::string text(literals[random() % literals.size()]);
        const std::size_t alphabet = i % 3 == 0 ? 3 : letters.size();  // so that some share pieces
        for (std::size_t n = 16 + random() % 30; n > 0; --n) text += letters[random() % alphabet];
        keys.push_back(text);
        marks.push_back(marks_of(text));
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto& text = keys[i];
        const std::size_t literal = literal_size(text);
        for (std::size_t size = least_random; size <= most_random + 2U; ++size) {
            if (literal + size > text.size()) break;
            const auto front = hasher().clue(KeyClue::Kind::prefix, text.substr(0, literal + size));
            const auto back = hasher().clue(KeyClue::Kind::suffix, text.substr(text.size() - size));
            ASSERT_TRUE(front) << front.error().reason;
            ASSERT_TRUE(back) << back.error().reason;
            EXPECT_LE(front->length, size) << "never more than is random";
            EXPECT_TRUE(finds(marks[i], *back)) << text << " " << size;
            EXPECT_TRUE(finds(marks[i], *front)) << text << " " << size;
            for (std::size_t j = 0; j < keys.size(); ++j) {
                const std::size_t shown = text.size() - size + (size - back->length);
                const bool same_back = keys[j].ends_with(text.substr(shown));
                if (finds(marks[j], *back)) EXPECT_TRUE(same_back);
                if (finds(marks[j], *front)) {
                    EXPECT_TRUE(keys[j].starts_with(text.substr(0, literal + front->length)));
                }
            }
        }
    }
}

}  // namespace
}  // namespace registry
