#pragma once

#include "base/digest.hpp"
#include "call/address.hpp"
#include "origin/client.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace origin {

/// What an origin is made of. There is no place for a country, a language or a time zone:
/// geography takes no part in a fingerprint.
struct Parts {
    std::optional<call::Address> address;  ///< Unmapped.
    std::string_view place;                ///< Service or host name when there is no address.
    std::optional<std::int64_t> asn;
    std::string_view ja4;
    std::string_view tls_version;
    std::string_view tls_cipher;
    const Client* client = nullptr;
};

enum class Level : std::uint8_t {
    exact = 0,     ///< L0: address (/32, /64), JA4 or else TLS, client and minor version, app.
    place = 1,     ///< L1: network (/24, /48), AS, client family, JA4 c.
    kind = 2,      ///< L2: AS, client family, platform.
    software = 3,  ///< L3: client family, JA4 without b, app.
};

/// `of1:<level>:<26 characters>`.
using Token = std::array<char, 32>;

/// Whether what the level is about is known: L0 and L1 need an address or a place name, L2 an AS,
/// L3 a client or a JA4.
[[nodiscard]] bool has_token(Level level, const Parts& parts) noexcept;

/// The token of one level, of parts that have it.
[[nodiscard]] Token token(const base::Mac& mac, Level level, const Parts& parts);

/// The bits of an address that take part at a level, from the first on.
[[nodiscard]] constexpr unsigned prefix_of(Level level, bool v6) noexcept {
    if (level == Level::exact) return v6 ? 64 : 32;
    return v6 ? 48 : 24;
}

}  // namespace origin
