#pragma once

#include "base/result.hpp"

#include <memory>
#include <string_view>

struct evp_pkey_st;

namespace base {

/// Somebody's public key on NIST P-256, for signatures by ECDSA over SHA-256 (FIPS 186-5). A value
/// that may be copied and used from any thread.
class P256Key {
public:
    /// Of a PEM block "PUBLIC KEY" (RFC 7468). Fault::invalid for what is none, and for a key of
    /// another kind or curve.
    static Result<P256Key> from_pem(std::string_view pem);

    /// True when the holder of the key signed the message. The signature is DER (RFC 3279), in its
    /// one right encoding.
    [[nodiscard]] bool verify(std::string_view message, std::string_view signature) const;

private:
    explicit P256Key(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
    std::shared_ptr<evp_pkey_st> key_;  // never changed once it is read
};

}  // namespace base
