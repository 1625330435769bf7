#include "http/client.hpp"

#include "http/exchange.hpp"
#include "http/head.hpp"
#include "http/resolver.hpp"
#include "http/syntax.hpp"
#include "http/url.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <optional>

namespace http {
namespace asio = boost::asio;
namespace {

using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
constexpr auto token = asio::as_tuple(asio::use_awaitable);

/// Closes a socket at a time. Its callback holds the state it touches, as a cancelled one may still
/// be on its way when the coroutine is gone.
class Deadline {
public:
    Deadline(tcp::socket& socket, const asio::any_io_executor& executor)
        : timer_(executor), state_(std::make_shared<State>(&socket)) {}
    ~Deadline() { state_->socket = nullptr; }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    void set(Clock::time_point at) {
        timer_.expires_at(at);
        timer_.async_wait(
            [state = state_, number = ++state_->number](const boost::system::error_code& error) {
                if (error || state->socket == nullptr || number != state->number) return;
                state->expired = true;
                boost::system::error_code ignored;
                state->socket->close(ignored);
            });
    }
    [[nodiscard]] bool expired() const noexcept { return state_->expired; }

private:
    struct State {
        tcp::socket* socket;
        bool expired = false;
        unsigned number = 0;
    };
    asio::steady_timer timer_;
    std::shared_ptr<State> state_;
};

std::unexpected<base::Error> away(std::string_view why) {
    return base::fail(base::Fault::unavailable, std::string(why));
}

/// Nothing when the request can be written as it is.
std::string_view wrong_part(const ClientRequest& request) {
    constexpr std::size_t max_bytes = 60'000;  // Beast keeps sizes in 16 bits
    if (!syntax::is_token(request.method)) return "the method is no token";
    for (const auto& [name, value] : request.headers) {
        if (!syntax::is_token(name) || !syntax::is_value(value)) {
            return "a header holds what no header may";
        }
        if (name.size() + value.size() > max_bytes) return "a header is too long";
    }
    return {};
}

/// SNI, and the name that the certificate must bear.
bool name_peer(SSL* tls, const Url& url) {
    if (url.kind != Url::Host::name) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), url.host.c_str()) == 1;
    }
    SSL_set_hostflags(tls, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set_tlsext_host_name(tls, url.host.c_str()) == 1 &&
           SSL_set1_host(tls, url.host.c_str()) == 1;
}

}  // namespace

struct Client::State {
    Options options;
    Resolver resolver;
    asio::ssl::context tls{asio::ssl::context::tls_client};

    explicit State(Options opts) : options(std::move(opts)), resolver(options.resolver_threads) {}

    asio::awaitable<base::Result<std::vector<asio::ip::address>>> addresses(
        const Url& url, const AddressCheck& check, Clock::time_point until);
    asio::awaitable<base::Result<ClientResponse>> talk(tcp::socket& socket, Url url,
                                                       ClientRequest request);
};

base::Result<std::unique_ptr<Client>> Client::make(Options options) {
    if (options.resolver_threads < 1 || options.resolver_threads > 64) {
        return base::fail(base::Fault::invalid, "resolver_threads must be 1 to 64");
    }
    auto state = std::make_unique<State>(std::move(options));
    boost::system::error_code error;
    state->tls.set_default_verify_paths(error);
    state->tls.set_verify_mode(
        state->options.verify ? asio::ssl::verify_peer : asio::ssl::verify_none, error);
    SSL_CTX_set_min_proto_version(state->tls.native_handle(), TLS1_2_VERSION);
    if (!state->options.ca_file.empty()) {
        state->tls.load_verify_file(state->options.ca_file, error);
        if (error) return base::fail(base::Fault::invalid, "ca_file holds no certificates");
    }
    return std::unique_ptr<Client>(new Client(std::move(state)));
}

std::string_view ClientResponse::header(std::string_view name) const noexcept {
    for (const auto& [key, value] : headers) {
        if (equal_ignoring_case(key, name)) return value;
    }
    return {};
}

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() = default;

asio::awaitable<base::Result<std::vector<asio::ip::address>>> Client::State::addresses(
    const Url& url, const AddressCheck& check, Clock::time_point until) {
    auto found = co_await resolver.resolve(url.host, until);
    if (!found) co_return std::unexpected(found.error());
    // All or nothing: a name with one address inside and one outside is an attack, not a choice.
    for (const auto& address : *found) {
        if (check && !check(address.to_string())) {
            co_return base::fail(base::Fault::invalid, "the address of the host is not allowed");
        }
    }
    co_return found;
}

asio::awaitable<base::Result<ClientResponse>> Client::State::talk(tcp::socket& socket, Url url,
                                                                  ClientRequest request) {
    const ReplyLimits limits{options.max_header_bytes, options.max_body_bytes};
    if (!url.https) co_return co_await exchange(socket, std::move(request), std::move(url), limits);
    TlsStream stream(socket, tls);
    if (!name_peer(stream.native_handle(), url)) co_return away("TLS could not be set up");
    const auto [failed] = co_await stream.async_handshake(asio::ssl::stream_base::client, token);
    if (failed) {
        const auto verdict = SSL_get_verify_result(stream.native_handle());
        co_return away(verdict == X509_V_OK ? "the TLS handshake failed"
                                            : X509_verify_cert_error_string(verdict));
    }
    co_return co_await exchange(stream, std::move(request), std::move(url), limits);
}

asio::awaitable<base::Result<ClientResponse>> Client::send(ClientRequest request) {
    const auto executor = co_await asio::this_coro::executor;
    const auto url = parse_url(request.url);
    if (!url) co_return std::unexpected(url.error());
    if (const auto wrong = wrong_part(request); !wrong.empty()) {
        co_return base::fail(base::Fault::invalid, std::string(wrong));
    }

    const auto start = Clock::now();
    const auto connect_until = start + std::min(request.deadlines.connect, request.deadlines.total);
    const auto found = co_await state_->addresses(*url, request.check, connect_until);
    if (!found) co_return std::unexpected(found.error());

    tcp::socket socket(executor);
    Deadline deadline(socket, executor);
    deadline.set(connect_until);
    boost::system::error_code failed = asio::error::host_not_found;
    std::string address;
    for (const auto& candidate : *found) {
        boost::system::error_code ignored;
        socket.close(ignored);
        const auto [error] = co_await socket.async_connect({candidate, url->port}, token);
        failed = error;
        if (deadline.expired()) co_return away("connecting took too long");
        if (failed) continue;
        address = candidate.to_string();
        break;
    }
    if (failed) co_return away("no connection to the host");
    deadline.set(start + request.deadlines.total);
    auto response = co_await state_->talk(socket, *url, std::move(request));
    if (!response && deadline.expired()) co_return away("the answer took too long");
    if (response) response->address = address;
    co_return response;
}

}  // namespace http
