#include "app/reference_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

namespace {

class ReferenceSource : public testing::Test {
protected:
    ReferenceSource() {
        std::string pattern = (std::filesystem::temp_directory_path() / "files-XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        std::filesystem::create_directory(folder_ / "policies");
        std::filesystem::create_directory(folder_ / "lists");
        app::Config config;
        config.policies = {folder_ / "policies"};
        config.lists = folder_ / "lists";
        const auto secrets = app::Secrets::open_or_make(folder_);
        source_.emplace(config, *secrets, nullptr);
        EXPECT_TRUE(source_->load_files());
    }
    ~ReferenceSource() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path folder_;
    std::optional<app::ReferenceSource> source_;
};

// A reload once took the reference of before and handed it on after that of a new registry.
TEST_F(ReferenceSource, AReloadNeverPutsAnOlderRegistryBack) {
    std::vector<std::shared_ptr<const registry::Registry>> registries(1'000);
    for (auto& one : registries) one = registry::Registry::build({}).value();
    std::vector<std::ptrdiff_t> handed;
    source_->use(registries.front());
    source_->hand_to([&](const std::shared_ptr<const pipeline::Reference>& reference) {
        const auto at = std::ranges::find(registries, reference->facts.registry);
        handed.push_back(at - registries.begin());
    });
    {
        const std::jthread reloads([this](const std::stop_token& stop) {
            while (!stop.stop_requested()) {
                EXPECT_TRUE(source_->load_files());
                source_->hand_on();
            }
        });
        for (const auto& one : registries) source_->use(one);
    }
    EXPECT_TRUE(std::ranges::is_sorted(handed));
    EXPECT_EQ(handed.back(), std::ssize(registries) - 1);
}

TEST_F(ReferenceSource, WhatCannotBeReadChangesNothing) {
    const auto before = source_->policies();
    std::filesystem::remove_all(folder_ / "policies");
    EXPECT_FALSE(source_->load_files());
    EXPECT_EQ(source_->policies(), before);
}

}  // namespace
