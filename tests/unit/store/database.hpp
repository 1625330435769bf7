#pragma once

#include "store/cluster.hpp"
#include "store/session.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace store_test {

/// A folder of this process below /tmp that goes with it.
std::filesystem::path scratch_folder();

/// The program's one PostgreSQL: a copy of a cluster that was made and migrated once per schema, so
/// that a test that runs alone starts in a third of a second. Without fsync. Stopped at exit.
store::Cluster& cluster();

/// A database of the test's own, copied from the migrated one.
class Database : public testing::Test {
protected:
    Database();
    ~Database() override;

    /// Another connection to it.
    std::unique_ptr<store::Session> connect();
    std::unique_ptr<store::Session> connect(store::Session::Options options);
    /// Rows of a statement of the test's, run as the owner; NULL is "NULL".
    std::vector<std::vector<std::string>> rows(const std::string& sql);
    /// The first value of the first row.
    std::string value(const std::string& sql);

    std::string name_;
    std::string url_;
    std::string read_url_;
    std::unique_ptr<store::Session> session_;
};

/// Effects of an empty batch [from, to) under the position's epoch.
store::Effects batch(const store::Position& position, std::uint64_t to);
/// Calls of a key of tenant "acme" in `minute`; the texts must outlive what they are put in.
rollup::Activity activity(std::string_view key, std::uint64_t calls);
/// An alert about a key; everything else filled in.
alert::Change opened(const std::string& id, const std::string& key = "AKIAEXAMPLE00000001");

inline const std::string audit_key(32, 'k');
inline constexpr base::WallTime now =
    base::wall_time(1'717'200'300'000'000);  // 2024-06-01T00:05:00Z
inline constexpr base::EventTime minute = base::event_time(1'717'200'300'000'000);
inline constexpr base::EventTime hour = base::event_time(1'717'200'000'000'000);

}  // namespace store_test
