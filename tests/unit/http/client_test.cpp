#include "http/client.hpp"

#include "http/loopback.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <unistd.h>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

namespace {

using loopback::Listener;
using loopback::Peer;
using namespace std::chrono_literals;
using testing::HasSubstr;

/// A client, and a server of one connection whose bytes the test writes.
class Client : public testing::Test {
protected:
    void make(http::Client::Options options = {}) {
        auto made = http::Client::make(std::move(options));
        ASSERT_TRUE(made) << made.error().reason;
        client = std::move(*made);
    }

    [[nodiscard]] http::ClientRequest request(std::string_view path = "/hook") const {
        http::ClientRequest out;
        out.url = "http://127.0.0.1:" + std::to_string(listener.port()) + std::string(path);
        out.headers = {{"content-type", "application/json"}};
        out.body = "{}";
        out.deadlines = {2s, 3s};
        out.check = [](std::string_view) { return true; };
        return out;
    }

    base::Result<http::ClientResponse> send(http::ClientRequest what) {
        return loop.run(client->send(std::move(what)));
    }

    /// Sends, and answers with these bytes.
    base::Result<http::ClientResponse> exchange(const std::string& answer) {
        std::thread server([&] {
            const auto peer = listener.accept();
            seen = peer.read_until("{}");
            peer.send(answer);
            peer.finish();
            peer.read_all(100ms);
        });
        auto result = send(request());
        server.join();
        return result;
    }

    Listener listener;
    loopback::Loop loop;
    std::unique_ptr<http::Client> client;
    std::string seen;
};

TEST_F(Client, SendsARequestAndReadsTheAnswer) {
    make();
    const auto answer = exchange(
        "HTTP/1.1 202 Accepted\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nok and not this");
    ASSERT_TRUE(answer) << answer.error().reason;
    EXPECT_EQ(answer->status, 202U);
    EXPECT_EQ(answer->header("retry-after"), "7");
    EXPECT_EQ(answer->body, "ok");
    EXPECT_EQ(answer->address, "127.0.0.1");
    EXPECT_THAT(seen, testing::StartsWith("POST /hook HTTP/1.1\r\nHost: 127.0.0.1:"));
    EXPECT_THAT(seen, HasSubstr("\r\ncontent-type: application/json\r\n"));
    EXPECT_THAT(seen, HasSubstr("\r\nContent-Length: 2\r\n"));
}

TEST_F(Client, ReadsEachFramingAndSkipsInterimAnswers) {
    make();
    EXPECT_EQ(exchange("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n"
                       "0\r\n\r\n")
                  ->body,
              "abc");
    EXPECT_EQ(exchange("HTTP/1.0 200 OK\r\n\r\nuntil the end")->body, "until the end");
    EXPECT_EQ(exchange("HTTP/1.1 103 Hints\r\nA: b\r\n\r\nHTTP/1.1 204 No\r\n\r\n")->status, 204U);
    EXPECT_EQ(exchange("HTTP/1.1 200\r\n\r\n")->status, 200U);
}

TEST_F(Client, DoesNotFollowRedirects) {
    make();
    const auto answer = exchange(
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 302U);
}

TEST_F(Client, RefusesWhatIsNoAnswer) {
    make();
    std::string many = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 200; ++i) many += "A: b\r\n";
    for (const auto& bytes :
         {std::string(), std::string("hello\r\n\r\n"), std::string("HTTP/2 200\r\n\r\n"),
          std::string("HTTP/1.1 99 No\r\n\r\n"), std::string("HTTP/1.1 101 Up\r\n\r\n"),
          std::string("HTTP/1.1 200 OK\r\nno field\r\n\r\n"), many + "\r\n",
          "HTTP/1.1 200 OK\r\nA: " + std::string(20'000, 'x') + "\r\n\r\n",
          std::string("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")}) {
        const auto answer = exchange(bytes);
        ASSERT_FALSE(answer) << bytes.substr(0, 60);
        EXPECT_EQ(answer.error().fault, base::Fault::unavailable);
    }
}

TEST_F(Client, ReadsABoundedPartOfTheBody) {
    make({.max_body_bytes = 1000});
    const auto sized =
        exchange("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + std::string(50'000, 'x'));
    ASSERT_TRUE(sized);
    EXPECT_EQ(sized->body.size(), 1000U);
    EXPECT_TRUE(sized->truncated);
    const auto cut = exchange("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nabc");
    ASSERT_TRUE(cut);
    EXPECT_TRUE(cut->truncated);
    EXPECT_EQ(cut->body, "abc");
}

TEST_F(Client, KeepsABodyOfExactlyItsLimitWhole) {
    make({.max_body_bytes = 4});
    for (const auto* bytes : {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "1\r\nb\r\n3\r\nody\r\n0\r\n\r\n",
                              "HTTP/1.1 200 OK\r\n\r\nbody"}) {
        const auto answer = exchange(bytes);
        ASSERT_TRUE(answer) << bytes;
        EXPECT_EQ(answer->body, "body") << bytes;
        EXPECT_FALSE(answer->truncated) << bytes;
    }
}

TEST_F(Client, ShowsNoTrailersAndBoundsWhatComesBesidesTheData) {
    make();
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const auto whole = exchange(chunked + "2;x=y\r\nok\r\n0\r\nRetry-After: 9\r\n\r\n");
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->body, "ok");
    EXPECT_FALSE(whole->truncated);
    EXPECT_EQ(whole->header("retry-after"), "");
    std::string extended;
    for (int i = 0; i < 100; ++i) extended += "1;" + std::string(60, 'a') + "\r\nx\r\n";
    for (const auto& rest : {"2\r\nok\r\n0\r\nA: " + std::string(50'000, 'b'),
                             "2\r\nok\r\n1;" + std::string(50'000, 'a'), extended,
                             std::string("2\r\nok\r\nno size")}) {
        const auto cut = exchange(chunked + rest);
        ASSERT_TRUE(cut);
        EXPECT_EQ(cut->status, 200U);
        EXPECT_TRUE(cut->truncated);
        EXPECT_LT(cut->body.size(), 100U);
    }
}

TEST_F(Client, ReadsAnEmptyChunkedBodyThatComesAByteAtATime) {
    make();
    std::thread server([&] {
        const auto peer = listener.accept();
        seen = peer.read_until("{}");
        peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (const char c : std::string_view("0\r\n\r\n")) {
            std::this_thread::sleep_for(5ms);
            peer.send({&c, 1});
        }
        peer.read_all(2s);
    });
    const auto answer = send(request());
    server.join();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "");
    EXPECT_FALSE(answer->truncated);
}

TEST_F(Client, ReadsTheStatusAloneOfACodingItDoesNotKnow) {
    make();
    const auto answer = exchange("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nbytes");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200U);
    EXPECT_TRUE(answer->truncated);
}

TEST_F(Client, ExpectsNoBodyAfterHead) {
    make();
    std::thread server([&] {
        const auto peer = listener.accept();
        seen = peer.read_until("\r\n\r\n");
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
        peer.read_all(2s);
    });
    auto what = request();
    what.method = "HEAD";
    what.body.clear();
    const auto answer = send(std::move(what));
    server.join();
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->truncated);
    EXPECT_THAT(seen, testing::StartsWith("HEAD /hook HTTP/1.1\r\n"));
}

TEST_F(Client, BoundsAHeaderSectionThatArrivesInPieces) {
    make();
    std::thread server([&] {
        const auto peer = listener.accept();
        seen = peer.read_until("{}");
        peer.send("HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 30; ++i) {
            peer.send("A: " + std::string(1000, 'x') + "\r\n");
            std::this_thread::sleep_for(1ms);
        }
        peer.send("\r\n");
        peer.finish();
        peer.read_all(100ms);
    });
    const auto answer = send(request());
    server.join();
    EXPECT_FALSE(answer);
}

TEST_F(Client, AsksAboutEveryAddressBeforeItConnects) {
    make();
    auto what = request();
    std::string asked;
    what.check = [&](std::string_view address) {
        asked = address;
        return false;
    };
    const auto answer = send(std::move(what));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, base::Fault::invalid);
    EXPECT_EQ(asked, "127.0.0.1");

    auto named = request();
    named.url = "http://localhost:" + std::to_string(listener.port()) + "/";
    std::atomic<int> questions{0};
    named.check = [&](std::string_view address) { return ++questions > 0 && address == "none"; };
    EXPECT_FALSE(send(std::move(named)));
    EXPECT_GE(questions, 1);
}

TEST_F(Client, GivesUpInTime) {
    make();
    std::atomic<bool> done{false};
    std::thread drip([&] {
        const auto peer = listener.accept();
        while (!done) {
            peer.send("H");
            std::this_thread::sleep_for(20ms);
        }
    });
    auto what = request();
    what.deadlines.total = 200ms;
    const auto start = std::chrono::steady_clock::now();
    const auto answer = send(std::move(what));
    done = true;
    drip.join();
    ASSERT_FALSE(answer);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
}

TEST_F(Client, KeepsAStatusWhoseBodyComesTooSlowly) {
    make();
    std::thread server([&] {
        const auto peer = listener.accept();
        seen = peer.read_until("{}");
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
        peer.read_all(2s);
    });
    auto what = request();
    what.deadlines.total = 200ms;
    const auto answer = send(std::move(what));
    server.join();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200U);
    EXPECT_TRUE(answer->truncated);
}

TEST_F(Client, SaysWhyNothingWasSent) {
    make();
    auto bad = request();
    bad.url = "http://user@127.0.0.1/";
    EXPECT_EQ(send(bad).error().fault, base::Fault::invalid);
    auto header = request();
    header.headers = {{"x", "a\r\nb: c"}};
    EXPECT_EQ(send(header).error().fault, base::Fault::invalid);
    auto nobody = request();
    nobody.url = "http://127.0.0.1:1/";
    EXPECT_EQ(send(nobody).error().fault, base::Fault::unavailable);
    auto unknown = request();
    unknown.url = "http://no-such-name.invalid/";
    EXPECT_EQ(send(unknown).error().fault, base::Fault::unavailable);
}

/// A key and a certificate that its own key signed, for `name`.
struct Identity {
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{EVP_EC_gen("P-256"), EVP_PKEY_free};
    std::unique_ptr<X509, decltype(&X509_free)> certificate{X509_new(), X509_free};

    explicit Identity(const std::string& name) {
        auto* x509 = certificate.get();
        X509_set_version(x509, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
        X509_gmtime_adj(X509_getm_notBefore(x509), -60);
        X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
        X509_set_pubkey(x509, key.get());
        auto* subject = X509_get_subject_name(x509);
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
        X509_set_issuer_name(x509, subject);
        auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str());
        X509_add_ext(x509, extension, -1);
        X509_EXTENSION_free(extension);
        X509_sign(x509, key.get(), EVP_sha256());
    }

    void save(const std::string& path) const {
        std::FILE* file = std::fopen(path.c_str(), "w");
        PEM_write_X509(file, certificate.get());
        std::fclose(file);
    }
};

/// Serves one TLS connection with a 200; what it saw of the handshake.
void serve_tls(const Listener& listener, const Identity& identity, std::string& server_name) {
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()),
                                                              SSL_CTX_free);
    SSL_CTX_use_certificate(context.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), identity.key.get());
    const auto peer = listener.accept();
    std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), SSL_free);
    SSL_set_fd(tls.get(), peer.descriptor());
    if (SSL_accept(tls.get()) != 1) return;
    if (const char* name = SSL_get_servername(tls.get(), TLSEXT_NAMETYPE_host_name)) {
        server_name = name;
    }
    char buffer[4096];
    SSL_read(tls.get(), buffer, sizeof buffer);
    constexpr std::string_view answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    SSL_write(tls.get(), answer.data(), static_cast<int>(answer.size()));
    SSL_shutdown(tls.get());
}

class TlsClient : public Client {
protected:
    void SetUp() override {
        path = (std::filesystem::temp_directory_path() /
                ("callerprint-ca-" + std::to_string(getpid()) + ".pem"))
                   .string();
    }
    void TearDown() override { std::filesystem::remove(path); }

    base::Result<http::ClientResponse> talk(const Identity& identity, std::string_view host) {
        std::thread server([&] { serve_tls(listener, identity, server_name); });
        auto what = request();
        what.url = "https://" + std::string(host) + ":" + std::to_string(listener.port()) + "/";
        auto answer = send(std::move(what));
        server.join();
        return answer;
    }

    std::string path;
    std::string server_name;
};

TEST_F(TlsClient, TalksToATrustedServerUnderItsName) {
    const Identity identity("DNS:localhost,IP:127.0.0.1");
    identity.save(path);
    make({.ca_file = path});
    const auto named = talk(identity, "localhost");
    ASSERT_TRUE(named) << named.error().reason;
    EXPECT_EQ(named->body, "ok");
    EXPECT_EQ(server_name, "localhost");
    const auto address = talk(identity, "127.0.0.1");
    ASSERT_TRUE(address) << address.error().reason;
    EXPECT_EQ(address->status, 200U);
}

TEST_F(TlsClient, RefusesAnotherName) {
    const Identity identity("DNS:example.com");
    identity.save(path);
    make({.ca_file = path});
    EXPECT_FALSE(talk(identity, "localhost"));
    EXPECT_FALSE(talk(identity, "127.0.0.1"));
}

TEST_F(TlsClient, RefusesAnUnknownAuthority) {
    const Identity identity("DNS:localhost");
    make();
    const auto answer = talk(identity, "localhost");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, base::Fault::unavailable);
}

TEST(ClientMake, RefusesAFileWithoutCertificates) {
    EXPECT_FALSE(http::Client::make({.ca_file = "/nonexistent.pem"}));
    EXPECT_FALSE(http::Client::make({.resolver_threads = 0}));
}

}  // namespace
