#include "call/address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace call {
namespace {

/// One pass without calls: every record has an address.
std::optional<Address> parse_v4(std::string_view text) noexcept {
    if (text.size() < 7 || text.size() > 15) return {};
    Address out;
    std::size_t at = 0;
    for (std::size_t part = 0; part < 4; ++part) {
        if (part > 0 && (at == text.size() || text[at++] != '.')) return {};
        const std::size_t start = at;
        unsigned number = 0;
        for (; at < text.size() && at - start < 3; ++at) {
            const auto digit = static_cast<unsigned>(text[at] - '0');
            if (digit > 9) break;
            number = number * 10 + digit;
        }
        const bool padded = at - start > 1 && text[start] == '0';
        if (at == start || padded || number > 255) return {};
        out.bytes[part] = static_cast<std::uint8_t>(number);
    }
    if (at != text.size()) return {};
    return out;
}

/// Clears all bits behind the first `prefix`.
Address masked(Address address, unsigned prefix) noexcept {
    for (unsigned i = 0; i < 16; ++i) {
        const unsigned kept = prefix > i * 8 ? std::min(prefix - i * 8, 8u) : 0;
        address.bytes[i] &= static_cast<std::uint8_t>(0xff00u >> kept);
    }
    return address;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) noexcept {
    if (text.find(':') == std::string_view::npos) return parse_v4(text);
    if (text.size() >= INET6_ADDRSTRLEN) return {};
    char terminated[INET6_ADDRSTRLEN] = {};
    std::memcpy(terminated, text.data(), text.size());
    if (std::strlen(terminated) != text.size()) return {};
    Address out{.bytes = {}, .v6 = true};
    if (inet_pton(AF_INET6, terminated, out.bytes.data()) != 1) return {};
    return out;
}

Address unmapped(Address address) noexcept {
    static constexpr std::uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (!address.v6 || std::memcmp(address.bytes.data(), mapped, sizeof mapped) != 0)
        return address;
    Address out;
    std::copy(address.bytes.begin() + 12, address.bytes.end(), out.bytes.begin());
    return out;
}

std::string to_text(const Address& address) {
    char text[INET6_ADDRSTRLEN] = {};
    inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text, sizeof text);
    return text;
}

bool Network::contains(const Address& address) const noexcept {
    return address.v6 == start.v6 && masked(address, prefix) == start;
}

std::optional<Network> parse_network(std::string_view text) noexcept {
    const std::size_t slash = text.find('/');
    const auto start = parse_address(text.substr(0, slash));
    if (!start) return {};
    Network out{*start, start->bits()};
    if (slash != std::string_view::npos) {
        const std::string_view digits = text.substr(slash + 1);
        const auto [stop, fault] =
            std::from_chars(digits.data(), digits.data() + digits.size(), out.prefix);
        if (digits.empty() || digits.size() > 3 || fault != std::errc{} ||
            stop != digits.data() + digits.size() || out.prefix > start->bits()) {
            return {};
        }
    }
    if (masked(out.start, out.prefix) != out.start) return {};
    return out;
}

Network network_of(const Address& address, unsigned prefix) noexcept {
    return {masked(address, prefix), prefix};
}

std::string to_text(const Network& network) {
    return to_text(network.start) + "/" + std::to_string(network.prefix);
}

}  // namespace call
