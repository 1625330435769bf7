#include "policy/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

/// Files made to hurt whoever loads them. Each is refused, with a place in it, or taken as what it
/// says; what each costs `policy_cost_bench --files` measures.
namespace {

using test::refused;
using test::rule;
using testing::HasSubstr;

std::string times(std::size_t count, std::string_view part) {
    std::string out;
    out.reserve(count * part.size());
    for (std::size_t i = 0; i < count; ++i) out += part;
    return out;
}

/// Aliases of aliases: nine of each of the level below.
std::string laughs(int levels) {
    std::string out = "a0: &a0 ha\n";
    for (int level = 1; level <= levels; ++level) {
        const auto below = "*a" + std::to_string(level - 1);
        out += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [" + below +
               times(8, ", " + below) + "]\n";
    }
    return out;
}

struct Attack {
    const char* name;
    std::string text;
    const char* told;  ///< Part of the problem.
};

std::vector<Attack> attacks() {
    const auto entry = [](const std::string& line) { return test::selection(line); };
    return {
        {"aliases of aliases", laughs(9), "50000 values"},
        {"an alias within itself", "a: &a [*a]\n", "p.yaml:1:"},
        {"a map within itself", "a: &a { b: *a }\n", "p.yaml:1:"},
        {"a merge of itself", "a: &a\n  <<: *a\n", "p.yaml:"},
        {"deep lists", "a: " + times(20'000, "[") + times(20'000, "]") + "\n", "50"},
        {"deep maps", times(2'000, "a: {") + times(2'000, "}") + "\n", "50"},
        {"deep blocks", times(20'000, "- "), "50"},
        {"one key twice", "title: a\ntitle: b\n", "p.yaml:2:1"},
        {"a tag that makes objects", "title: !!python/object:os.system x\n", "p.yaml:1:"},
        {"a binary tag", "title: !!binary aGk=\n", "p.yaml:1:"},
        {"an unknown directive", "%FOO bar\n---\ntitle: t\n", "p.yaml:"},
        {"a long key", times(70'000, "k") + ": 1\n", "p.yaml:1:"},
        {"NUL", std::string("title: a\0b\n", 11), "p.yaml"},
        {"UTF-16",
         std::string("\xff\xfe"
                     "t\0i\0",
                     6),
         "p.yaml"},
        {"bytes that are no text", "title: \xc3\x28\n", "p.yaml"},
        {"tabs", "title:\n\t- a\n", "p.yaml:2:"},
        {"comments alone", times(1'000, "# nothing\n"), "p.yaml"},
        {"nothing", "", "p.yaml"},
        {"more than half a megabyte", "title: " + times(512 * 1024, "x") + "\n", "524288 bytes"},
        {"more values than a file may hold", "a: [" + times(60'000, "1,") + "]\n", "50000 values"},
        {"a condition of parentheses",
         rule("  s: { a: 1 }\n  condition: " + times(4'000, "(") + "s" + times(4'000, ")") + "\n"),
         "64 levels"},
        {"a condition of negations",
         rule("  s: { a: 1 }\n  condition: " + times(2'000, "not ") + "s\n"), "64 levels"},
        {"a pattern that compiles to gigabytes", entry("f|re: 'a{1,1000}{1,1000}'"), "p.yaml:5:"},
        {"one that does so in steps", entry("f|re: '(((a{0,100}){0,100}){0,100})'"), "p.yaml:5:"},
        {"groups in groups", entry("f|re: '" + times(2'000, "(") + times(2'000, ")") + "'"),
         "1 KB"},
        {"a reference back", entry("f|re: '(a)\\1'"), "p.yaml:5:"},
        {"a look ahead", entry("f|re: '(?=a)b'"), "p.yaml:5:"},
        {"dashes that multiply", entry("f|windash|contains: '" + times(64, " -a") + "'"),
         "windash"},
        {"a number beyond all", entry("f|gt: 1e999"), "p.yaml:5:"},
        {"an integer beyond 64 bits", entry("f: 123456789012345678901234567890"), "64 bits"},
    };
}

TEST(AttackFiles, AreRefusedWithTheirPlace) {
    for (const Attack& attack : attacks()) {
        SCOPED_TRACE(attack.name);
        EXPECT_THAT(refused(attack.text), HasSubstr(attack.told));
    }
}

/// What is on the safe side of the same limits is no attack.
TEST(AttackFiles, TheirNeighboursLoad) {
    for (const std::string& text :
         {rule("  s: { a: 1 }\n  condition: " + times(60, "(") + "s" + times(60, ")") + "\n"),
          test::selection("f|re: '" + times(1'024, "a") + "'"),
          test::selection("f|re: 'a{1,1000}'"),
          test::selection("f|re: '[\\x{0}-\\x{10FFFF}]{500}'"),
          test::selection("f: '" + times(400'000, "x") + "'"),
          test::selection("f|windash|contains: '" + times(8, " -a") + "'"),
          test::selection("f: [" + times(40'000, "1,") + "]")})
        EXPECT_TRUE(test::load(text));
}

/// However a file is cut or bent, it is refused or taken.
TEST(AttackFiles, NoneEndsTheProcessWhereverItIsCut) {
    for (const Attack& attack : attacks()) {
        const auto step =
            std::max<std::size_t>(1, std::min<std::size_t>(attack.text.size(), 2'000) / 40);
        for (std::size_t end = 0; end < std::min<std::size_t>(attack.text.size(), 2'000);
             end += step) {
            const policy::File file{"p.yaml", attack.text.substr(0, end)};
            const auto set = policy::Set::load({&file, 1}, {});
            EXPECT_TRUE(set || !set.error().empty()) << attack.name << " " << end;
        }
    }
}

}  // namespace
