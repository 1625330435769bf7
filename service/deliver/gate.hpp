#pragma once

#include "base/result.hpp"
#include "call/address.hpp"
#include "http/url.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace deliver {

/// Decides where webhooks may go, so that nobody who may name an endpoint makes us knock on doors
/// inside (reliability.md 3.4, cases 21 and 22). Asked twice an attempt: about the URL, then about
/// each address its host has at that moment; the connection goes to the address that was asked
/// about. Pure; immutable.
class Gate {
public:
    struct Options {
        std::vector<std::uint16_t> ports{443};  ///< For https to the public.
        /// Networks that an operator vouches for, such as "10.20.0.0/16": their addresses are
        /// allowed, and under their literal addresses http and any port.
        std::vector<std::string> trusted;
    };

    /// Fails with `invalid` when a network cannot be read.
    static base::Result<Gate> make(const Options& options);

    /// The URL in its parts. `insecure` is what an operator allowed this endpoint: http, any port,
    /// inside names and inside addresses. Fails with `invalid`; the reason says what to change.
    [[nodiscard]] base::Result<http::Url> check(std::string_view url, bool insecure) const;

    /// True when a connection may be made to this address (text; with a zone id it is refused).
    /// Link-local, metadata, multicast, unspecified and reserved ones are refused to insecure
    /// endpoints too.
    [[nodiscard]] bool allows(std::string_view address, bool insecure) const;

private:
    [[nodiscard]] bool trusts(const call::Address& address) const;

    std::vector<std::uint16_t> ports_;
    std::vector<call::Network> trusted_;
};

/// What kind of address this is, after unwrapping IPv4 in mapped, NAT64, 6to4 and Teredo ones (in
/// the last, both addresses; the worse one counts).
enum class Reach : std::uint8_t {
    global,     ///< Public unicast.
    inside,     ///< Loopback, private, unique local, shared.
    forbidden,  ///< Link-local, metadata services, multicast, documentation, reserved ...
};
[[nodiscard]] Reach reach_of(const call::Address& address);

}  // namespace deliver
