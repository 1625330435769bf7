#include "policy/format.hpp"

#include "load.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string formatted(std::string_view text) {
    const auto made = policy::format(text);
    EXPECT_TRUE(made) << made.error().reason << "\n" << text;
    return made ? *made : "";
}

std::string refused(std::string_view text) {
    const auto made = policy::format(text);
    EXPECT_FALSE(made) << *made;
    return made ? "" : made.error().reason;
}

std::vector<std::string> shipped() {
    std::vector<std::string> out;
    const auto folder = std::filesystem::path(CALLERPRINT_ROOT) / "config/policies";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().extension() != ".yaml") continue;
        std::ifstream file(entry.path(), std::ios::binary);
        out.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    EXPECT_GT(out.size(), 5u);
    return out;
}

TEST(Format, PutsKeysInOrderWithTheCommentsAboveThem) {
    EXPECT_EQ(formatted("# licence\n\n# what it finds\ndetection:\n  s: { a: 1 }\n"
                        "  condition: s\nmade_up: 1\nlevel: low # tail\n# the name\ntitle: T\n"),
              "# licence\n\n# the name\ntitle: T\n# what it finds\ndetection:\n  s: { a: 1 }\n"
              "  condition: s\nmade_up: 1\nlevel: low # tail\n");
}

TEST(Format, IndentsByTwo) {
    EXPECT_EQ(
        formatted("title: T\ndetection:\n    s:\n    -   a: 1\n        b:\n        - x\n"
                  "        -   y\n        # of the list\n    -   - z\n    # of the condition\n"
                  "    condition: s\n"),
        "title: T\ndetection:\n  s:\n    - a: 1\n      b:\n        - x\n        - y\n"
        "        # of the list\n    - - z\n  # of the condition\n  condition: s\n");
}

TEST(Format, LeavesTextAsItIs) {
    EXPECT_EQ(formatted("title:   'T'  \ndescription: |\n      one  \n\n        two\n\n\n"
                        "author: >2\n    x\nstatus: \"a\n\n     b\"\n"),
              "title:   'T'\nstatus: \"a\n\n     b\"\ndescription: |\n  one  \n\n    two\n\n"
              "author: >2\n    x\n");
}

TEST(Format, DropsBlanksCarriageReturnsAndRepeatedEmptyLines) {
    EXPECT_EQ(formatted("\n\ntitle: T \t\r\n\r\n\r\n\r\nlevel: low\r\n\r\n"),
              "title: T\n\nlevel: low\n");
    EXPECT_EQ(formatted("title: T"), "title: T\n");
}

TEST(Format, KeepsDocumentsApart) {
    EXPECT_EQ(formatted("level: low\ntitle: A\n\n---\n\nlevel: high\ntitle: B\n---\n# only this\n"),
              "title: A\nlevel: low\n---\ntitle: B\nlevel: high\n---\n# only this\n");
}

TEST(Format, RefusesWhatItCannotProve) {
    EXPECT_THAT(refused("title: [\n"), StartsWith("2:1: "));
    EXPECT_THAT(refused("{ title: T, level: low }\n"), HasSubstr("do not each start a line"));
    EXPECT_THAT(refused("title: \"a\n---\nb\"\nlevel: low\n"), StartsWith("2:1:"));
    EXPECT_THAT(refused("tags: *a\nrelated: &a [x]\n"), StartsWith("1:"));
    EXPECT_THAT(refused("level: *a\ntags: &a [x]\n"), StartsWith("1:"));
    // The anchor stands before its alias as written, and behind it in the canonical order.
    EXPECT_THAT(refused("tests: &a [x]\ntags: *a\n"), HasSubstr("cannot be changed"));
}

TEST(Format, ShippedPoliciesAreInTheirForm) {
    for (const auto& text : shipped()) EXPECT_EQ(formatted(text), text);
}

/// Another layout of the same: keys in any order, deeper levels, blanks, empty lines.
std::string disarranged(const std::string& text, std::mt19937& random) {
    std::vector<std::string> blocks;
    std::string out;
    const auto flush = [&] {
        std::ranges::shuffle(blocks, random);
        for (const auto& block : blocks) out += block;
        blocks.clear();
    };
    const std::size_t wider = 1 + random() % 3;
    std::size_t folded = std::string::npos;  // indent of the key of a folded text
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        const std::string line = text.substr(at, end - at);
        at = end + 1;
        const auto indent = std::min(line.find_first_not_of(' '), line.size());
        if (line == "---") {
            flush();
            out += "---\n";
            continue;
        }
        if (indent == 0) {
            blocks.emplace_back();
        }
        if (folded != std::string::npos && indent > folded) {
            blocks.back() += std::string(folded * (wider - 1) + wider, ' ') + line + "\n";
            continue;
        }
        folded = line.ends_with(">-") ? indent : std::string::npos;
        std::string rest = line.substr(indent);
        // A key behind a dash stands where those below it do.
        if (rest.starts_with("- ")) rest.insert(1, 2 * wider - 2, ' ');
        blocks.back() += std::string(indent * wider, ' ') + rest + (random() % 3 ? "" : "  ") +
                         (random() % 9 ? "\n" : "\r\n");
    }
    flush();
    return out;
}

TEST(Format, GivesOneFormForEveryLayout) {
    std::mt19937 random(3);
    for (const auto& text : shipped())
        for (int i = 0; i < 20; ++i) EXPECT_EQ(formatted(disarranged(text, random)), text);
}

TEST(Format, NeitherLosesNorAddsAByteOfMeaningWhateverTheText) {
    std::mt19937 random(11);
    const auto texts = shipped();
    constexpr std::string_view pieces[] = {" ",  "\n", "  ", "- ", "# c\n", "\n\n", ": ", "|\n",
                                           "\t", "'",  "[",  "}",  "---\n", "&a ",  "\"", "x: 1\n"};
    std::size_t taken = 0;
    for (int i = 0; i < 500; ++i) {
        std::string text = texts[random() % texts.size()].substr(0, 700);
        for (auto edits = 1 + random() % 3; edits > 0; --edits)
            text.insert(random() % text.size(), pieces[random() % std::size(pieces)]);
        const auto made = policy::format(text);
        if (!made) continue;
        ++taken;
        const auto again = policy::format(*made);
        ASSERT_TRUE(again) << text;
        EXPECT_EQ(*again, *made) << text;
    }
    EXPECT_GT(taken, 75u);
}

}  // namespace
