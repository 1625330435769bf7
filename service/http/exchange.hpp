#pragma once

#include "http/client.hpp"
#include "http/url.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <cstddef>

namespace http {

using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>;

/// What is read of an answer.
struct ReplyLimits {
    std::size_t header_bytes = 16 * 1024;  ///< Beyond it the answer is broken.
    std::size_t body_bytes = 64 * 1024;    ///< Beyond it the answer is truncated.
};

/// Writes one request whose fields are checked and reads its answer, both with Beast, but for
/// chunked bodies. Nothing follows on the connection, as each serves one request. The stream is
/// connected, borrowed until the coroutine ends, and closed by the owner when time is up: then what
/// came is returned.
///
/// Fails with `unavailable` (no answer, or none of HTTP/1).
boost::asio::awaitable<base::Result<ClientResponse>> exchange(boost::asio::ip::tcp::socket& stream,
                                                              ClientRequest request, Url url,
                                                              ReplyLimits limits);
boost::asio::awaitable<base::Result<ClientResponse>> exchange(TlsStream& stream,
                                                              ClientRequest request, Url url,
                                                              ReplyLimits limits);

}  // namespace http
