#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace origin {

/// What a user agent says about the software that made a call, in the words we compare by.
struct Client {
    /// Lower-case name of the library, tool or browser, at most 64 bytes; `other` when the text
    /// follows no grammar we know; empty when there is no agent.
    std::string family;
    std::string version;   ///< "major.minor", or "major", or empty.
    std::string platform;  ///< embedded, android, ios, browser, windows, macos, linux, or empty.
    /// Names of further products, blank between them, in their order, at most four: what a
    /// company's own program calls itself is the best evidence of it. Versions are dropped.
    std::string app;
    std::string skeleton;  ///< For `other`: hash of the shape of the text, 16 hexadecimal digits.

    bool operator==(const Client&) const = default;
};

inline constexpr std::size_t max_agent_bytes = 512;

/// Reads an agent; only its first `max_agent_bytes` count. Device models, kernels and comments are
/// dropped.
///
///     agent   = ["["] product *( 1*SP ( product / comment ) ) ["]"]
///     product = name ["/" version]
///     name    = 1*( ALPHA / DIGIT / "-" / "." / "_" / "+" / ":" / "@" / "~" / "#" / "!" / "," /
///     "*" ) comment = "(" *( any but parentheses / comment ) ")"
[[nodiscard]] Client parse_client(std::string_view agent);

/// True for a family that strangers have in common: a library, a tool or a browser.
[[nodiscard]] bool is_stock(std::string_view family) noexcept;

}  // namespace origin
