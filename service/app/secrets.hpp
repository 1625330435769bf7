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
    /// Reads the file, or makes it when there is none.
    static base::Result<Secrets> open(const std::filesystem::path& data_dir);

    /// 32 bytes for one purpose ("tokens", "seal", "scrub", "origin", "key-index"); purposes tell
    /// nothing of each other.
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
