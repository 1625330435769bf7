#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace http {

/// PEM files of a listener's identity.
struct TlsFiles {
    std::string certificate;  ///< The server's first, then those that lead to an authority.
    std::string key;          ///< Its private key, without a password.
};

/// The limits of a Server; defaults are those of docs/reference/http-limits.md. Checked in
/// Server::make, which fails with Fault::invalid and names the option and its range.
struct Options {
    std::string address = "127.0.0.1";  ///< Literal IPv4 or IPv6 address to listen on.
    std::uint16_t port = 0;             ///< 0: any free one, see Server::port.
    std::optional<TlsFiles> tls;        ///< TLS and nothing else; none: plain HTTP.

    std::size_t max_connections = 20'000;              ///< 1 to 1'000'000.
    std::size_t max_connections_per_address = 1'000;   ///< IPv6 counts by /64. 1 to 1'000'000.
    std::size_t max_requests_per_connection = 10'000;  ///< Then `Connection: close`. At least 1.

    std::size_t max_header_bytes = 16 * 1024;          ///< Request line and fields; 1 to 64 KB.
    std::size_t max_field_bytes = 8 * 1024;            ///< One field line; at most the above.
    std::size_t max_header_fields = 64;                ///< 1 to 1'000.
    std::size_t max_target_bytes = 2 * 1024;           ///< At most max_header_bytes.
    std::size_t max_body_bytes = 16 * 1024 * 1024;     ///< As sent, before any content decoding.
    std::size_t body_memory_bytes = 64 * 1024 * 1024;  ///< All bodies in flight together.

    std::chrono::milliseconds handshake_deadline{10'000};  ///< Of TLS, from the connection on.
    std::chrono::milliseconds header_deadline{10'000};     ///< From its first byte to its last.
    /// A body may take this long, and a second more for each `min_bytes_per_second` received, but
    /// never pause for longer than this; the same holds for writing an answer, with
    /// `write_deadline`.
    std::chrono::milliseconds body_deadline{30'000};
    std::chrono::milliseconds write_deadline{30'000};
    std::size_t min_bytes_per_second = 16 * 1024;
    std::chrono::milliseconds idle_deadline{75'000};   ///< Between two requests.
    std::chrono::milliseconds linger_deadline{2'000};  ///< To let a refused sender read the answer.
    std::size_t linger_bytes = 64 * 1024;              ///< Read and dropped meanwhile.
};

}  // namespace http
