#pragma once

#include "base/result.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http {

/// Says whether a connection may be made to this address (RFC 5952 text, a zone id included).
using AddressCheck = std::function<bool(std::string_view address)>;

struct Deadlines {
    std::chrono::milliseconds connect{10'000};  ///< Resolving, connecting and the TLS handshake.
    std::chrono::milliseconds total{15'000};    ///< From the start to the last byte of the answer.
};

struct ClientRequest {
    std::string method = "POST";
    std::string url;                                           ///< As parse_url takes it.
    std::vector<std::pair<std::string, std::string>> headers;  ///< No CR, LF or NUL in either.
    std::string body;
    Deadlines deadlines;
    AddressCheck check;  ///< Asked about every address of the name; one refusal refuses the name.
};

struct ClientResponse {
    unsigned status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  ///< At most 100.
    std::string body;  ///< The first bytes, at most Options::max_body_bytes, not decompressed.
    bool truncated = false;  ///< There was more, or the rest did not come.
    std::string address;     ///< Whom we talked to.

    /// The first header of that name, whatever its case; empty if there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
};

/// Sends requests to strangers' servers: one connection a request, to a checked address only, no
/// redirects, no proxy from the environment, no decompression, bounded in bytes and time. TLS 1.2
/// or later, with the name checked.
///
/// Belongs to no thread: send() runs on the executor of the coroutine that awaits it, and any
/// number may run at once. Outlives them, and is destroyed before their io_context.
class Client {
public:
    struct Options {
        std::size_t max_header_bytes = 16 * 1024;
        std::size_t max_body_bytes = 64 * 1024;
        unsigned resolver_threads = 4;  ///< A name server that hangs holds one; 1 to 64.
        std::string ca_file;            ///< PEM of more authorities to trust; empty: the system's.
        bool verify = true;  ///< False: any certificate will do. For asking whether we live only.
    };

    /// Fails with `invalid` when ca_file cannot be read.
    static base::Result<std::unique_ptr<Client>> make(Options options);
    ~Client();

    /// Fails with `invalid` (URL, refused address: do not retry without a change) or `unavailable`
    /// (no name, no connection, bad certificate, no or broken answer, too late).
    boost::asio::awaitable<base::Result<ClientResponse>> send(ClientRequest request);

private:
    struct State;
    explicit Client(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace http
