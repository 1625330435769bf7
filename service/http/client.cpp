#include "http/client.hpp"

#include "http/reply.hpp"
#include "http/resolver.hpp"
#include "http/syntax.hpp"
#include "http/url.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace http {
namespace asio = boost::asio;
namespace {

using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using TlsStream = asio::ssl::stream<tcp::socket&>;
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

base::Result<std::string> request_text(const ClientRequest& request, const Url& url) {
    std::string out =
        request.method + ' ' + url.target + " HTTP/1.1\r\nHost: " + url.authority() +
        "\r\nConnection: close\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n";
    if (!syntax::is_token(request.method)) {
        return base::fail(base::Fault::invalid, "the method is no token");
    }
    for (const auto& [name, value] : request.headers) {
        if (!syntax::is_token(name) || !syntax::is_value(value)) {
            return base::fail(base::Fault::invalid, "a header holds what no header may");
        }
        out.append(name).append(": ").append(value).append("\r\n");
    }
    out += "\r\n";
    return out;
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

template <class Stream>
asio::awaitable<base::Result<ClientResponse>> exchange(Stream& stream, std::string_view head,
                                                       std::string_view body,
                                                       ReplyReader::Limits limits) {
    const std::array<asio::const_buffer, 2> parts{asio::buffer(head.data(), head.size()),
                                                  asio::buffer(body.data(), body.size())};
    // A server may answer and close before it has read all: so read on after a failed write.
    const auto [unsent, sent] = co_await asio::async_write(stream, parts, token);
    ReplyReader reader(limits);
    std::array<char, 4096> buffer;
    while (true) {
        const auto [error, got] =
            co_await stream.async_read_some(asio::buffer(buffer.data(), buffer.size()), token);
        if (error) break;
        const auto step = reader.read({buffer.data(), got});
        if (step == ReplyReader::Step::broken) co_return away("the answer is not HTTP/1.1");
        if (step == ReplyReader::Step::done) break;
    }
    if (reader.finish()) co_return std::move(reader.response());
    co_return away(unsent ? "the connection broke before the request was sent"
                          : "the connection ended before an answer");
}

}  // namespace

struct Client::State {
    Options options;
    Resolver resolver;
    asio::ssl::context tls{asio::ssl::context::tls_client};

    explicit State(Options opts) : options(std::move(opts)), resolver(options.resolver_threads) {}

    asio::awaitable<base::Result<std::vector<asio::ip::address>>> addresses(
        const Url& url, const AddressCheck& check, Clock::time_point until);
    asio::awaitable<base::Result<ClientResponse>> talk(tcp::socket& socket, const Url& url,
                                                       std::string head, std::string body);
};

base::Result<std::unique_ptr<Client>> Client::make(Options options) {
    if (options.resolver_threads < 1 || options.resolver_threads > 64) {
        return base::fail(base::Fault::invalid, "resolver_threads must be 1 to 64");
    }
    auto state = std::make_unique<State>(std::move(options));
    boost::system::error_code error;
    state->tls.set_default_verify_paths(error);
    state->tls.set_verify_mode(asio::ssl::verify_peer, error);
    SSL_CTX_set_min_proto_version(state->tls.native_handle(), TLS1_2_VERSION);
    if (!state->options.ca_file.empty()) {
        state->tls.load_verify_file(state->options.ca_file, error);
        if (error) return base::fail(base::Fault::invalid, "ca_file holds no certificates");
    }
    return std::unique_ptr<Client>(new Client(std::move(state)));
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

asio::awaitable<base::Result<ClientResponse>> Client::State::talk(tcp::socket& socket,
                                                                  const Url& url, std::string head,
                                                                  std::string body) {
    const ReplyReader::Limits limits{options.max_header_bytes, options.max_body_bytes};
    if (!url.https) co_return co_await exchange(socket, head, body, limits);
    TlsStream stream(socket, tls);
    if (!name_peer(stream.native_handle(), url)) co_return away("TLS could not be set up");
    const auto [failed] = co_await stream.async_handshake(asio::ssl::stream_base::client, token);
    if (failed) {
        const auto verdict = SSL_get_verify_result(stream.native_handle());
        co_return away(verdict == X509_V_OK ? "the TLS handshake failed"
                                            : X509_verify_cert_error_string(verdict));
    }
    co_return co_await exchange(stream, head, body, limits);
}

asio::awaitable<base::Result<ClientResponse>> Client::send(ClientRequest request) {
    const auto executor = co_await asio::this_coro::executor;
    const auto url = parse_url(request.url);
    if (!url) co_return std::unexpected(url.error());
    auto head = request_text(request, *url);
    if (!head) co_return std::unexpected(head.error());

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
    auto response = co_await state_->talk(socket, *url, std::move(*head), std::move(request.body));
    if (!response && deadline.expired()) co_return away("the answer took too long");
    if (response) response->address = address;
    co_return response;
}

}  // namespace http
