#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace origin {

/// A JA4 TLS client fingerprint, `t13d1516h2_8daaf6152771_02713d6af862`, in its three parts.
struct Ja4 {
    std::string_view a;  ///< Transport, TLS version, SNI flag, counts, ALPN: 10 characters.
    std::string_view b;  ///< Hash of the ciphers: 12 hexadecimal digits.
    std::string_view c;  ///< Hash of extensions and signature algorithms: 12 digits.
};

/// The parts, or nothing when the text has another shape. Borrows the text.
[[nodiscard]] std::optional<Ja4> parse_ja4(std::string_view text) noexcept;

/// What of `a` stays the same for one program: without the SNI flag and the ALPN, which change with
/// the host asked for and the proxy between. "t131516" for t13d1516h2.
[[nodiscard]] std::string stable_part(const Ja4& ja4);

}  // namespace origin
