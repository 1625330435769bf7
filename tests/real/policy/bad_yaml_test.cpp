#include "policy/set.hpp"
#include "yaml/parse.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace {

const std::string root = std::string(CALLERPRINT_ROOT) + "/../shared/badinput/";

struct Input {
    std::string name;
    std::string expected;
    std::string text;
};

std::vector<Input> inputs(const std::string& index) {
    std::ifstream lines(root + index);
    EXPECT_TRUE(lines) << index;
    std::vector<Input> out;
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
        const auto tab = line.find('\t');
        std::ifstream file(root + line.substr(0, tab), std::ios::binary);
        EXPECT_TRUE(file) << line;
        out.push_back({line.substr(0, tab),
                       line.substr(tab + 1),
                       {std::istreambuf_iterator<char>(file), {}}});
    }
    return out;
}

TEST(BadYaml, NoHostileFileLoadsAsAPolicyAndAllAreRefusedQuickly) {
    for (const Input& input : inputs("yaml/handmade.index.tsv")) {
        const policy::File file{input.name, input.text};
        const auto start = std::chrono::steady_clock::now();
        const auto set = policy::Set::load({&file, 1}, {});
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        EXPECT_FALSE(set) << input.name;
        EXPECT_LT(took.count(), 0.5) << input.name;  // 50 ms are meant for a release build
    }
}

/// Without aliases, as configuration is read.
TEST(BadYaml, HostileFilesAreRefusedByTheParserWhereYamlCanTell) {
    for (const Input& input : inputs("yaml/handmade.index.tsv")) {
        const bool by_schema = input.name.find("norway") != std::string::npos ||
                               input.name.find("inf-nan") != std::string::npos ||
                               input.name.find("overflow") != std::string::npos ||
                               input.name.find("negative") != std::string::npos ||
                               input.name.find("bidi") != std::string::npos ||
                               input.name.find("comment-only") != std::string::npos ||
                               input.name.find("regex-bomb") != std::string::npos;
        if (!by_schema) {
            EXPECT_FALSE(yaml::parse(input.text, {})) << input.name;
        }
    }
}

TEST(BadYaml, NoFileOfTheSuiteLoadsAsAPolicy) {
    std::string taken;
    for (const Input& input : inputs("yaml/suite.index.tsv")) {
        const policy::File file{input.name, input.text};
        EXPECT_FALSE(policy::Set::load({&file, 1}, {})) << input.name;
        if (input.expected == "error" && yaml::parse(input.text, {.many_documents = true}))
            taken += " " + input.name;
    }
    // What yaml-cpp is too lenient about; none of it can pass for a policy.
    std::printf("erroneous YAML that the parser takes:%s\n", taken.c_str());
}

}  // namespace
