#include "app/diff.hpp"

#include <gtest/gtest.h>

#include <random>
#include <sstream>
#include <vector>

namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
}

/// What `patch` makes of it, with every line shown checked.
std::string patched(const std::string& from, const std::string& diff) {
    const auto old = lines_of(from);
    std::string out;
    std::size_t at = 0;
    for (const auto& line : lines_of(diff)) {
        if (line.starts_with("--- ") || line.starts_with("+++ ")) continue;
        if (line.starts_with("@@ -")) {
            const auto number = std::stoul(line.substr(4));
            const bool none = line.substr(0, line.find(' ', 4)).ends_with(",0");
            while (at + (none ? 0 : 1) < number) out += old[at++] + "\n";
            continue;
        }
        if (line[0] == '+') {
            out += line.substr(1) + "\n";
            continue;
        }
        EXPECT_LT(at, old.size());
        EXPECT_EQ(old[at], line.substr(1));
        if (line[0] == ' ') out += old[at] + "\n";
        ++at;
    }
    while (at < old.size()) out += old[at++] + "\n";
    return out;
}

TEST(UnifiedDiff, ShowsThreeLinesAroundAChange) {
    EXPECT_EQ(
        app::unified_diff("f", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
        "--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(UnifiedDiff, SaysWhereTheLastLineHasNoEnd) {
    EXPECT_EQ(app::unified_diff("f", "a", "a\n"),
              "--- f\n+++ f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
    EXPECT_EQ(app::unified_diff("f", "a\n", "a\n"), "");
}

TEST(UnifiedDiff, PatchesTheOneIntoTheOther) {
    std::mt19937 random(5);
    for (int i = 0; i < 500; ++i) {
        std::string from;
        std::string to;
        for (auto lines = random() % 40; lines > 0; --lines) {
            const std::string line = std::to_string(random() % 6) + "\n";
            if (random() % 8 != 0) from += line;
            if (random() % 8 != 0) to += line;
        }
        EXPECT_EQ(patched(from, app::unified_diff("f", from, to)), to) << from << "---\n" << to;
    }
}

}  // namespace
