#pragma once

#include "base/result.hpp"
#include "registry/key_hasher.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace app {

/// The deployment's one secret, data_dir/secret.key: 32 random bytes made at the first start, mode
/// 0400, never in the database. Whoever loses it loses tokens, webhook secrets and the link between
/// old and new fingerprints; whoever steals the database without it can use none of them.
class Secrets {
public:
    /// Reads the file. Fault::not_found when there is none: with a database that was made under
    /// another key, a new one would quietly void every token and every name of a key.
    static base::Result<Secrets> open(const std::filesystem::path& data_dir);
    /// The same, or makes it when there is none: for a database that is as new.
    static base::Result<Secrets> open_or_make(const std::filesystem::path& data_dir);

    /// 32 bytes for one purpose ("tokens", "seal", "scrub", "origin", "key-index", "audit");
    /// purposes tell nothing of each other.
    [[nodiscard]] std::string key(std::string_view purpose) const;
    /// The same as a number, for hash seeds.
    [[nodiscard]] std::uint64_t seed(std::string_view purpose) const;

private:
    explicit Secrets(std::string master) : master_(std::move(master)) {}
    std::string master_;
};

/// For the key index, and for the names the scrubber gives keys in records.
[[nodiscard]] registry::KeyHasher key_hasher(const Secrets& secrets);

}  // namespace app
