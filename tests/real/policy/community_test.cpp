#include "policy/set.hpp"

#include <gtest/gtest.h>
#include <zstd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string decompress(const std::string& bytes) {
    std::string out(std::size_t{256} << 20, '\0');
    const std::size_t size = ZSTD_decompress(out.data(), out.size(), bytes.data(), bytes.size());
    EXPECT_EQ(ZSTD_isError(size), 0u);
    out.resize(size);
    return out;
}

/// The .yml files of a ustar archive, long names as GNU tar writes them.
std::vector<policy::File> yaml_files(std::string_view tar) {
    std::vector<policy::File> out;
    std::string long_name;
    for (std::size_t at = 0; at + 512 <= tar.size() && tar[at] != '\0';) {
        const auto field = [&](std::size_t offset, std::size_t size) {
            return std::string(std::string(tar.substr(at + offset, size)).c_str());
        };
        const std::size_t size = std::strtoull(field(124, 12).c_str(), nullptr, 8);
        const std::string name_here = field(0, 100);
        const char type = tar[at + 156];
        const std::string text(tar.substr(at + 512, size));
        at += 512 + (size + 511) / 512 * 512;
        if (type == 'L') {
            long_name = text.c_str();
            continue;
        }
        const std::string name = long_name.empty() ? name_here : long_name;
        long_name.clear();
        if (name.ends_with(".yml")) out.push_back({name, text});
    }
    return out;
}

std::vector<policy::File> community() {
    return yaml_files(decompress(
        read_file(std::string(CALLERPRINT_ROOT) + "/../shared/data/sigmahq/rules.tar.zst")));
}

/// A value for every placeholder that a rule may use.
policy::Lists lists_for(const std::vector<policy::File>& files) {
    policy::Lists lists;
    for (const auto& file : files)
        for (auto at = file.text.find('%'); at != std::string::npos;
             at = file.text.find('%', at + 1)) {
            const auto end = file.text.find('%', at + 1);
            if (end != std::string::npos && end - at < 60)
                lists[file.text.substr(at + 1, end - at - 1)] = {"placeholder"};
        }
    return lists;
}

TEST(Community, EveryRuleLoadsUnchangedInOneSet) {
    const auto files = community();
    ASSERT_GT(files.size(), 3'000u);
    const auto start = std::chrono::steady_clock::now();
    const auto set = policy::Set::load(files, lists_for(files));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::string problems;
    if (!set)
        for (const auto& problem : set.error())
            if (!problem.warning) problems += policy::to_text(problem) + "\n";
    ASSERT_TRUE(set) << problems;
    EXPECT_EQ((*set)->policies().size(), files.size());
    std::string warnings;
    for (const auto& warning : (*set)->warnings()) warnings += policy::to_text(warning) + "\n";
    std::printf("%zu rules in %.2f s, %zu warnings\n%s", files.size(), took.count(),
                (*set)->warnings().size(), warnings.substr(0, 2'000).c_str());
}

}  // namespace
