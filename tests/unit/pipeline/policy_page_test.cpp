#include "pipeline/policy_test.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

/// The examples of docs/reference/policy-language.md do what the page says that they do.
namespace {

struct Block {
    std::string kind;  // what stands behind the fence, such as "yaml refused"
    std::string text;
    unsigned line = 0;
};

std::vector<Block> blocks() {
    std::ifstream page(CALLERPRINT_ROOT "/docs/reference/policy-language.md");
    EXPECT_TRUE(page);
    std::vector<Block> out;
    bool inside = false;
    unsigned number = 0;
    for (std::string line; std::getline(page, line);) {
        ++number;
        if (line.starts_with("```")) {
            inside = !inside;
            if (inside) out.push_back({line.substr(3), "", number});
        } else if (inside) {
            out.back().text += line + "\n";
        }
    }
    EXPECT_FALSE(inside);
    return out;
}

/// The lists that are shipped, by name.
policy::Lists lists() {
    policy::Lists out;
    for (const auto& entry :
         std::filesystem::directory_iterator(CALLERPRINT_ROOT "/config/lists")) {
        std::ifstream file(entry.path());
        auto& values = out[entry.path().stem().string()];
        for (std::string line; std::getline(file, line);)
            if (!line.empty() && line.front() != '#') values.push_back(line);
    }
    return out;
}

std::string told(std::span<const policy::Problem> problems) {
    std::string out;
    for (const auto& problem : problems) out += policy::to_text(problem) + "\n";
    return out;
}

void expect_works(const Block& block) {
    const policy::File file{"policy.yaml", block.text};
    const auto set = policy::Set::load({&file, 1}, lists());
    ASSERT_TRUE(set) << "example at line " << block.line << ":\n" << told(set.error());
    EXPECT_EQ(told((*set)->warnings()), "") << "example at line " << block.line;
    const auto report = pipeline::run_policy_tests(*set, "");
    ASSERT_TRUE(report);
    EXPECT_FALSE(report->outcomes.empty())
        << "the example at line " << block.line << " has no test";
    for (const auto& outcome : report->outcomes)
        EXPECT_TRUE(outcome.passed) << "line " << block.line + outcome.line << ": " << outcome.name
                                    << ": " << outcome.detail;
}

TEST(PolicyPage, ItsExamplesPassTheirTests) {
    std::size_t examples = 0;
    for (const Block& block : blocks()) {
        if (block.kind != "yaml") continue;
        expect_works(block);
        ++examples;
    }
    EXPECT_GE(examples, 20u) << "is the page still read?";
}

TEST(PolicyPage, WhatItCallsRefusedIsRefusedInItsWords) {
    const auto all = blocks();
    std::size_t examples = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].kind != "yaml refused") continue;
        const policy::File file{"policy.yaml", all[i].text};
        const auto set = policy::Set::load({&file, 1}, lists());
        ASSERT_FALSE(set) << "the example at line " << all[i].line << " is taken";
        ASSERT_LT(i + 1, all.size());
        EXPECT_EQ(all[i + 1].kind, "text");
        EXPECT_EQ(told(set.error()), all[i + 1].text) << "example at line " << all[i].line;
        ++examples;
    }
    EXPECT_GE(examples, 2u);
}

/// Every modifier and every type of correlation is shown by an example.
TEST(PolicyPage, ShowsAllThatTheLanguageHas) {
    std::string examples;
    for (const Block& block : blocks())
        if (block.kind == "yaml") examples += block.text;
    for (const auto* word : {"|contains",
                             "|startswith",
                             "|endswith",
                             "|all",
                             "|cased",
                             "|neq",
                             "|exists",
                             "|re:",
                             "|re|i|s",
                             "|cidr",
                             "|lt:",
                             "|gte:",
                             "|gt:",
                             "|base64:",
                             "|base64offset",
                             "|wide",
                             "|windash",
                             "|fieldref",
                             "|expand",
                             "|hour",
                             "|month",
                             "filter:",
                             "aliases:",
                             "generate: true",
                             "type: event_count",
                             "type: value_count",
                             "type: temporal\n",
                             "type: temporal_ordered",
                             "type: value_sum",
                             "type: value_avg",
                             "type: value_percentile",
                             "type: value_median",
                             "type: new_value",
                             "type: ratio",
                             "over: all",
                             "type: cadence",
                             "type: absence",
                             "registry:"})
        EXPECT_NE(examples.find(word), std::string::npos) << word;
}

}  // namespace
