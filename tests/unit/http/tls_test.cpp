// The listener behind TLS: the same gate and limits, and what TLS adds.
#include "http/tls.hpp"

#include "http/certificate.hpp"
#include "http/loopback.hpp"
#include "http/server.hpp"
#include "metrics/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <fstream>

namespace {

using loopback::Peer;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// A blocking TLS client that trusts everybody and sends exactly what it is told.
class TlsPeer {
public:
    explicit TlsPeer(std::uint16_t port, int newest = 0) : peer_(port) {
        context_ = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_max_proto_version(context_, newest);
        tls_ = SSL_new(context_);
        SSL_set_security_level(tls_, 0);  // or it would not even offer old versions
        SSL_set_fd(tls_, peer_.descriptor());
        connected_ = SSL_connect(tls_) == 1;
    }
    ~TlsPeer() {
        SSL_free(tls_);
        SSL_CTX_free(context_);
    }
    TlsPeer(const TlsPeer&) = delete;
    TlsPeer& operator=(const TlsPeer&) = delete;

    [[nodiscard]] bool connected() const { return connected_; }
    [[nodiscard]] std::string name() const {
        const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(tls_),
                                                                X509_free);
        char text[64] = {};
        X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, text, 64);
        return text;
    }
    bool send(std::string_view bytes) {
        return SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size())) > 0;
    }
    std::string read_until(std::string_view end) {
        std::string out;
        while (!out.contains(end) && read(out)) {
        }
        return out;
    }
    /// Until the server ends its side; `whole` tells whether it did so in the words of TLS.
    std::string read_all(bool& whole) {
        std::string out;
        int got = 0;
        while ((got = read(out)) > 0) {
        }
        whole = SSL_get_error(tls_, got) == SSL_ERROR_ZERO_RETURN;
        return out;
    }

private:
    int read(std::string& out) {
        char bytes[16 * 1024];
        const int got = SSL_read(tls_, bytes, sizeof bytes);
        if (got > 0) out.append(bytes, static_cast<std::size_t>(got));
        return std::max(got, 0);
    }

    Peer peer_;
    SSL_CTX* context_;
    SSL* tls_;
    bool connected_ = false;
};

class Tls : public testing::Test {
protected:
    Tls() {
        std::string pattern = (std::filesystem::temp_directory_path() / "tls-XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        files_ = {folder_ / "certificate.pem", folder_ / "key.pem"};
        identity("first.example");
    }
    ~Tls() override {
        if (server_) EXPECT_TRUE(server_->stop(2s));
        std::filesystem::remove_all(folder_);
    }

    void identity(const std::string& name) const {
        const auto key = certificate::make_key();
        certificate::write_key(files_.key, key.get(), nullptr);
        certificate::write(files_.certificate, certificate::make(key.get(), name).get());
    }

    void begin(http::Options options = {}) {
        http::Router router;
        router.add("POST", "/echo", http::Access::open(),
                   [](http::Request& request) -> boost::asio::awaitable<http::Response> {
                       auto body = co_await request.read_body(8 << 20);
                       if (!body) co_return http::Response::problem(body.error());
                       co_return http::Response::text(200, std::move(*body));
                   });
        router.add("POST", "/unread", http::Access::open(),
                   [](http::Request&) -> boost::asio::awaitable<http::Response> {
                       co_return http::Response::problem(401, "no_token", "Who are you?");
                   });
        options.tls = files_;
        auto made = http::Server::make(loop_.context(), options, std::move(router), registry_);
        ASSERT_TRUE(made) << made.error().reason;
        server_ = std::move(*made);
        server_->start();
    }

    [[nodiscard]] static std::string post(std::string_view body, std::string_view more = {},
                                          std::string_view path = "/echo") {
        return "POST " + std::string(path) +
               " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
               std::string(more) + "\r\n" + std::string(body);
    }

    std::filesystem::path folder_;
    http::TlsFiles files_;
    metrics::Registry registry_;
    loopback::Loop loop_;
    std::unique_ptr<http::Server> server_;
};

TEST_F(Tls, ServesRequestAfterRequestAndEndsInTheWordsOfTls) {
    begin();
    TlsPeer peer(server_->port());
    ASSERT_TRUE(peer.connected());
    ASSERT_TRUE(peer.send(post("one") + post("two")));
    EXPECT_THAT(peer.read_until("two"), HasSubstr("one"));
    const std::string large(3 << 20, 'x');
    ASSERT_TRUE(peer.send(post(large, "Connection: close\r\n")));
    bool whole = false;
    EXPECT_TRUE(peer.read_all(whole).ends_with(large));
    EXPECT_TRUE(whole);
    EXPECT_THAT(registry_.page(),
                HasSubstr("callerprint_http_tls_handshakes_total{result=\"done\"} 1"));
}

TEST_F(Tls, TheGateStandsBehindItToo) {
    begin();
    TlsPeer peer(server_->port());
    ASSERT_TRUE(peer.send(
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"
        "\r\n0\r\n\r\nGET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
    bool whole = false;
    const auto answer = peer.read_all(whole);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(answer, HasSubstr("length_and_coding"));
    EXPECT_THAT(answer.substr(1), Not(HasSubstr("HTTP/1.1 "))) << "nothing behind it is served";
    EXPECT_TRUE(whole);
}

TEST_F(Tls, ReadsChunkedBodies) {
    begin();
    TlsPeer peer(server_->port());
    ASSERT_TRUE(
        peer.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r"));
    ASSERT_TRUE(peer.send("\nabcd\r\n3\r\nefg\r\n0\r\n\r\n"));
    EXPECT_THAT(peer.read_until("abcdefg"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(Tls, ARefusedSenderReadsTheAnswerAlthoughItStillSends) {
    begin();
    TlsPeer peer(server_->port());
    ASSERT_TRUE(peer.send(post(std::string(40'000, 'x'), {}, "/unread")));
    bool whole = false;
    EXPECT_THAT(peer.read_all(whole), StartsWith("HTTP/1.1 401 "));
    EXPECT_TRUE(whole);
}

TEST_F(Tls, PlainHttpIsClosedAndNotAnswered) {
    begin();
    const Peer peer(server_->port());
    ASSERT_TRUE(peer.send("GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"));
    const auto answer = peer.read_all();
    ASSERT_TRUE(answer);
    EXPECT_THAT(*answer, Not(HasSubstr("HTTP")));
    EXPECT_THAT(registry_.page(),
                HasSubstr("callerprint_http_tls_handshakes_total{result=\"failed\"} 1"));
}

TEST_F(Tls, OldVersionsAreRefused) {
    begin();
    EXPECT_FALSE(TlsPeer(server_->port(), TLS1_1_VERSION).connected());
    EXPECT_TRUE(TlsPeer(server_->port(), TLS1_2_VERSION).connected());
    EXPECT_TRUE(TlsPeer(server_->port(), TLS1_3_VERSION).connected());
}

TEST_F(Tls, AHandshakeHasItsDeadline) {
    begin({.handshake_deadline = 40ms});
    const Peer silent(server_->port());
    const auto answer = silent.read_all();
    ASSERT_TRUE(answer) << "closed, and not after the 10 s of a header";
    EXPECT_EQ(*answer, "");
    EXPECT_THAT(registry_.page(),
                HasSubstr("callerprint_http_deadlines_total{phase=\"handshake\"} 1"));
}

TEST_F(Tls, ANewCertificateIsForNewConnections) {
    begin();
    TlsPeer before(server_->port());
    identity("second.example");
    ASSERT_TRUE(server_->reload_tls());
    TlsPeer after(server_->port());
    EXPECT_EQ(before.name(), "first.example");
    EXPECT_EQ(after.name(), "second.example");
    ASSERT_TRUE(before.send(post("still here")));
    EXPECT_THAT(before.read_until("still here"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(Tls, ABadCertificateChangesNothing) {
    begin();
    std::ofstream(files_.certificate) << "nonsense\n";
    const auto reloaded = server_->reload_tls();
    ASSERT_FALSE(reloaded);
    EXPECT_THAT(reloaded.error().reason, HasSubstr("certificate.pem: holds no PEM certificate"));
    EXPECT_EQ(TlsPeer(server_->port()).name(), "first.example");
}

TEST_F(Tls, FilesAreCheckedAndNamed) {
    EXPECT_TRUE(http::check_tls(files_));
    const auto reason = [this] {
        const auto checked = http::check_tls(files_);
        return checked ? std::string("no problem") : checked.error().reason;
    };
    const auto other = certificate::make_key();
    certificate::write_key(files_.key, other.get(), "password");
    EXPECT_THAT(reason(), HasSubstr("key.pem: holds no PEM private key without a password"));
    certificate::write_key(files_.key, other.get(), nullptr);
    EXPECT_THAT(reason(), HasSubstr("key.pem: does not belong to "));
    std::filesystem::remove(files_.key);
    EXPECT_THAT(reason(), HasSubstr("key.pem: cannot be read"));
    const auto made = http::Server::make(loop_.context(), {.tls = files_}, {}, registry_);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault, base::Fault::invalid);
}

}  // namespace
