// The special-purpose address registries of IANA (RFC 6890 and its updates), as of 2024.
#include "base/assert.hpp"
#include "deliver/gate.hpp"

#include <algorithm>
#include <span>

namespace deliver {
namespace {

using Networks = std::vector<call::Network>;

Networks networks(std::initializer_list<std::string_view> texts) {
    Networks out;
    for (const auto text : texts) {
        const auto network = call::parse_network(text);
        BASE_ASSERT(network);
        out.push_back(*network);
    }
    return out;
}

bool in(const Networks& list, const call::Address& address) {
    return std::ranges::any_of(list, [&](const auto& n) { return n.contains(address); });
}

// Metadata services of clouds stand in networks that are otherwise somebody's own.
const Networks& metadata() {
    static const auto list = networks({"100.100.100.200", "fd00:ec2::254", "fd20:ce::254"});
    return list;
}

const Networks& inside_networks() {
    static const auto list = networks({"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12",
                                       "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7"});
    return list;
}

const Networks& special_ipv4() {
    static const auto list = networks(
        {"0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
         "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"});
    return list;
}

// Within 2000::/3, the only block of global unicast addresses that is given out.
const Networks& special_ipv6() {
    static const auto list = networks({"2001::/23", "2001:db8::/32", "3fff::/20"});
    return list;
}

call::Address ipv4_at(const call::Address& address, std::size_t at, std::uint8_t mask = 0) {
    call::Address out;
    for (std::size_t i = 0; i < 4; ++i) {
        out.bytes[i] = static_cast<std::uint8_t>(address.bytes[at + i] ^ mask);
    }
    return out;
}

bool starts(const call::Address& address, std::initializer_list<std::uint8_t> bytes) {
    return std::equal(bytes.begin(), bytes.end(), address.bytes.begin());
}

Reach worse(Reach a, Reach b) {
    return std::max(a, b);
}

}  // namespace

Reach reach_of(const call::Address& wrapped) {
    const auto address = call::unmapped(wrapped);
    if (in(metadata(), address)) return Reach::forbidden;
    if (in(inside_networks(), address)) return Reach::inside;
    if (!address.v6) return in(special_ipv4(), address) ? Reach::forbidden : Reach::global;
    // NAT64 (RFC 6052), as a resolver with DNS64 gives it for a public IPv4 address.
    if (starts(address, {0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) {
        return reach_of(ipv4_at(address, 12));
    }
    if (starts(address, {0x20, 0x02})) return reach_of(ipv4_at(address, 2));  // 6to4, RFC 3056
    if (starts(address, {0x20, 0x01, 0, 0})) {                                // Teredo, RFC 4380
        return worse(reach_of(ipv4_at(address, 4)), reach_of(ipv4_at(address, 12, 0xff)));
    }
    const bool unicast = (address.bytes[0] & 0xe0) == 0x20;
    return unicast && !in(special_ipv6(), address) ? Reach::global : Reach::forbidden;
}

}  // namespace deliver
