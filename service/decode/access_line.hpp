#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace decode {

/// The columns of a text access line; a format file names them as its paths.
enum class Column : std::uint8_t {
    vhost,
    remote,     ///< First address or name of the client column.
    forwarded,  ///< The whole client column where it is a list, else the X-Forwarded-For column.
    ident,
    user,
    time,
    request,
    method,
    target,
    protocol,
    status,
    bytes,
    referrer,
    user_agent,
    request_bytes,
    request_seconds,
    upstream,
    request_id,
    tls_version,
    tls_cipher,
    milliseconds,  ///< Duration of the request.
    flags,         ///< Of Envoy: why it answered itself.
};

inline constexpr std::size_t column_count = 22;
/// "user_agent" for Column::user_agent.
[[nodiscard]] std::string_view name(Column column) noexcept;

/// Columns borrow from the line; empty where the line has none, "-" as it stands.
using Columns = std::array<std::string_view, column_count>;

/// One line of an NCSA common or combined log and what servers made of it: a virtual host in front,
/// a list of addresses (bare or quoted) as client, further quoted columns, the columns of
/// ingress-nginx, Apache's ssl_request layout, Envoy's default text layout, a syslog prefix.
/// Nothing when it is no such line.
///
///     line     = [syslog] [vhost] client ident user "[" time "]" request status bytes [size]
///                [tail]
///     ssl      = "[" time "]" client version cipher request bytes
///     envoy    = "[" time "]" request status flags received sent milliseconds
///     upstream-milliseconds
///                forwarded agent request-id authority upstream
///     client   = address *( "," address ) / DQUOTE list DQUOTE
///     tail     = referrer agent *( quoted / word )
[[nodiscard]] std::optional<Columns> read_access_line(std::string_view line) noexcept;

}  // namespace decode
