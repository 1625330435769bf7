#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace http {

/// An absolute http or https URL in its one safe reading.
struct Url {
    enum class Host : std::uint8_t { name, ipv4, ipv6 };

    bool https = true;
    Host kind = Host::name;
    std::string
        host;  ///< Lower case; a name without trailing dot, an IPv6 address without brackets.
    std::uint16_t port = 443;
    std::string target;  ///< Path and query, at least "/".

    /// "example.com" or "[2001:db8::1]:8443": without the port when it is the scheme's own.
    [[nodiscard]] std::string authority() const;
};

/// Reads RFC 3986 strictly and refuses all that other readers take differently: user info,
/// fragment, zone id, backslash, escaped host, addresses in short, octal, hexadecimal or decimal
/// form, names that are no letter-digit-hyphen names, escaped control bytes, port 0, more than 2
/// KB. The reason never repeats the URL.
base::Result<Url> parse_url(std::string_view text);

}  // namespace http
