#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace store {

/// Seals webhook secrets with AES-256-GCM (NIST SP 800-38D) under a key kept outside the database,
/// so that a copy of the database alone is worth nothing. Thread-safe.
class Sealer {
public:
    /// `key` is 32 bytes, from the key file; else Fault::invalid.
    static base::Result<Sealer> make(std::string_view key);

    /// 1 byte of format, 12 of nonce, the ciphertext, 16 of tag. `context` (the row's id) is bound
    /// in, so a sealed value moved to another row does not open.
    [[nodiscard]] std::string seal(std::string_view secret, std::string_view context) const;
    /// Fault::invalid when it was sealed under another key or context, or changed.
    base::Result<std::string> open(std::string_view sealed, std::string_view context) const;

private:
    explicit Sealer(std::string key) : key_(std::move(key)) {}
    std::string key_;
};

}  // namespace store
