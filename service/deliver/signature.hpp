#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <span>
#include <string>
#include <string_view>

/// Telling people: webhooks from the outbox, signed, retried, at least once; to public addresses
/// only, unless an operator vouches for others.
namespace deliver {

/// "whsec_" and the base64 of 32 random bytes (Standard Webhooks 1.0, section "Signature scheme").
[[nodiscard]] std::string new_secret();

/// The key in a "whsec_" secret; fails with `invalid` unless it is 24 to 64 bytes of base64.
base::Result<std::string> key_of(std::string_view secret);

/// The value of `webhook-signature`: one "v1,<base64 of HMAC-SHA256>" a secret, separated by
/// blanks, over "<id>.<seconds>.<body>". Two secrets, newest first, while one replaces the other.
/// Fails with `invalid` when there is no secret or one is malformed; never repeats it.
base::Result<std::string> signature(std::string_view id, base::WallTime at, std::string_view body,
                                    std::span<const std::string> secrets);

/// The value of `webhook-timestamp`: whole seconds since 1970.
[[nodiscard]] std::string timestamp(base::WallTime at);

}  // namespace deliver
