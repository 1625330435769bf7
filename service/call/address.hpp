#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace call {

/// An IPv4 or IPv6 address, or the start of a network. Bytes in network order; an IPv4 address uses
/// the first four, the rest are zero.
struct Address {
    std::array<std::uint8_t, 16> bytes{};
    bool v6 = false;

    [[nodiscard]] unsigned bits() const noexcept { return v6 ? 128 : 32; }
    auto operator<=>(const Address&) const = default;
};

/// Reads exact textual addresses only: dotted quads without leading zeros, IPv6 as RFC 4291
/// section 2.2; no port, zone, bracket, mask or short form. IPv4-mapped IPv6 stays IPv6: see
/// `unmapped`.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text) noexcept;

/// ::ffff:a.b.c.d as the IPv4 address inside it; any other address as it is.
[[nodiscard]] Address unmapped(Address address) noexcept;

/// RFC 5952 text.
[[nodiscard]] std::string to_text(const Address& address);

/// A CIDR block.
struct Network {
    Address start;
    unsigned prefix = 0;

    [[nodiscard]] bool contains(const Address& address) const noexcept;
    auto operator<=>(const Network&) const = default;
};

/// "10.0.0.0/8", "2001:db8::/32"; without a prefix length the single address. Nothing when host
/// bits are set or the text is anything else.
[[nodiscard]] std::optional<Network> parse_network(std::string_view text) noexcept;

/// The network of the first `prefix` bits around an address.
[[nodiscard]] Network network_of(const Address& address, unsigned prefix) noexcept;

[[nodiscard]] std::string to_text(const Network& network);

}  // namespace call
