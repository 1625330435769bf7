#include "policy/status_edit.hpp"

#include "policy/set.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace {

const std::string rule =
    "logsource: { category: api_call }\ndetection:\n  s: { api.operation: A }\n  condition: s\n";

std::shared_ptr<const policy::Set> load(const policy::File& file, const policy::Lists& lists = {}) {
    const auto set = policy::Set::load({&file, 1}, lists);
    return set ? *set : nullptr;
}

/// The text after the edit of the named policy, or what was refused.
std::string edited(const std::string& text, const std::string& name, const std::string& status) {
    const policy::File file{"p.yaml", text};
    const auto set = load(file);
    if (!set || !set->find(name)) return "does not load";
    const auto out = policy::with_status(file, *set->find(name), status);
    return out ? *out : to_text(out.error());
}

TEST(StatusEdit, ReplacesTheWordAndNothingElse) {
    EXPECT_EQ(
        edited("# mine\ntitle: T\nname: t\nstatus:   stable   # since May\n" + rule, "t", "test"),
        "# mine\ntitle: T\nname: t\nstatus:   test   # since May\n" + rule);
    EXPECT_EQ(edited("title: T\nname: t\nstatus: \"test\"\n" + rule, "t", "stable"),
              "title: T\nname: t\nstatus: \"stable\"\n" + rule);
    EXPECT_EQ(edited("title: T\r\nname: t\r\nstatus: 'experimental'\r\n" + rule, "t", "stable"),
              "title: T\r\nname: t\r\nstatus: 'stable'\r\n" + rule);
}

TEST(StatusEdit, ChangesTheDocumentOfThePolicyAlone) {
    const std::string a = "title: A\nname: a\nstatus: stable\n" + rule;
    const std::string b = "title: 'B status: stable'\nname: b\nstatus: stable\n" + rule;
    EXPECT_EQ(edited(a + "---\n" + b + "---\n" + a.substr(0, 0) + "title: C\nname: c\n" + rule, "b",
                     "test"),
              a + "---\ntitle: 'B status: stable'\nname: b\nstatus: test\n" + rule +
                  "---\ntitle: C\nname: c\n" + rule);
}

TEST(StatusEdit, AddsALineWhereThereIsNoStatus) {
    EXPECT_EQ(edited("title: >-\n  long\n  title\nname: t\n" + rule, "t", "test"),
              "title: >-\n  long\n  title\nstatus: test\nname: t\n" + rule);
    EXPECT_EQ(edited("title: T\r\nname: t\r\n" + rule, "t", "test"),
              "title: T\r\nstatus: test\r\nname: t\r\n" + rule);
}

TEST(StatusEdit, FindsTheWordBehindCharactersOfSeveralBytes) {
    EXPECT_EQ(
        edited("{ title: Prüfung 字, name: t, status: stable, logsource: { category: api_call }, "
               "detection: { s: { api.operation: A }, condition: s } }\n",
               "t", "test"),
        "{ title: Prüfung 字, name: t, status: test, logsource: { category: api_call }, "
        "detection: { s: { api.operation: A }, condition: s } }\n");
}

TEST(StatusEdit, RefusesWhatItCannotDoInALine) {
    EXPECT_EQ(edited("{ title: T, name: t, logsource: { category: api_call }, "
                     "detection: { s: { api.operation: A }, condition: s } }\n",
                     "t", "test"),
              "p.yaml:1:1: there is no status here and no line to put it on: write `status: test` "
              "by hand");
    EXPECT_EQ(edited("title: T\nname: t\nstatus: >-\n  stable\n" + rule, "t", "test"),
              "p.yaml:3:9: this status cannot be replaced in its place: write `status: test` by "
              "hand");
}

// Each shipped policy there and back: the file is as it was, and meanwhile one word differs.
TEST(StatusEdit, GoesThereAndBackOnEveryShippedPolicy) {
    namespace fs = std::filesystem;
    policy::Lists lists;  // of no account here: each name stands for one value
    for (const auto& list : fs::directory_iterator(CALLERPRINT_ROOT "/config/lists"))
        lists[list.path().stem().string()] = {"x"};
    std::vector<policy::File> files;
    for (const auto& entry :
         fs::recursive_directory_iterator(CALLERPRINT_ROOT "/config/policies")) {
        if (entry.path().extension() != ".yaml") continue;
        std::ifstream in(entry.path(), std::ios::binary);
        files.push_back({entry.path().string(), {std::istreambuf_iterator<char>(in), {}}});
    }
    const auto set = policy::Set::load(files, lists);
    ASSERT_TRUE(set) << to_text(set.error().front());
    for (const auto& policy : (*set)->policies()) {
        const auto file = *std::ranges::find(files, policy.file, &policy::File::name);
        const auto there = policy::with_status(file, policy, "unsupported");
        ASSERT_TRUE(there) << to_text(there.error());
        ASSERT_FALSE(policy.status.empty()) << policy.title;
        EXPECT_EQ(there->size(),
                  file.text.size() - policy.status.size() + std::string("unsupported").size());
        const auto back = policy::with_status({file.name, *there}, policy, policy.status);
        ASSERT_TRUE(back) << to_text(back.error());
        EXPECT_EQ(*back, file.text);
    }
    EXPECT_GT((*set)->policies().size(), 20U);
}

}  // namespace
