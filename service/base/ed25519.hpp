#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace base {

/// Signs with Ed25519 (RFC 8032). The private key is 32 bytes; made from a secret of the
/// deployment, so that there is no second file to keep.
class SigningKey {
public:
    /// Aborts unless `seed` is 32 bytes: it never comes from a stranger.
    explicit SigningKey(std::string_view seed);

    [[nodiscard]] const std::string& public_key() const noexcept { return public_key_; }
    /// 64 bytes.
    [[nodiscard]] std::string sign(std::string_view message) const;

private:
    std::string seed_;
    std::string public_key_;  // 32 bytes
};

/// True when the signature of the message is by the holder of the key. False for keys and
/// signatures of other sizes.
[[nodiscard]] bool verify_ed25519(std::string_view public_key, std::string_view message,
                                  std::string_view signature);

}  // namespace base
