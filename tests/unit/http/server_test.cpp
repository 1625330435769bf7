#include "http/server.hpp"

#include "http/loopback.hpp"
#include "metrics/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using loopback::Peer;
using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using Answer = boost::asio::awaitable<http::Response>;

/// A server on two threads with routes that show what it does.
class Server : public testing::Test {
protected:
    void begin(http::Options options = {}) {
        http::Router router;
        router.add("POST", "/echo", http::Access::open(), [](http::Request& request) -> Answer {
            auto body = co_await request.read_body(1 << 20);
            if (!body) co_return http::Response::text(200, "must never be sent");
            co_return http::Response::text(200, std::move(*body));
        });
        router.add("POST", "/size", http::Access::open(), [this](http::Request& request) -> Answer {
            auto body = co_await request.read_body(64 << 20);
            if (body) received += body->size();
            co_return http::Response::empty();
        });
        router.add(
            "POST", "/of/{sender}", http::Access::open(), [](http::Request& request) -> Answer {
                const auto body = co_await request.read_body(64 << 20, request.parameter("sender"));
                static_cast<void>(body);
                co_return http::Response::empty();
            });
        router.add("POST", "/unread", http::Access::open(), [](http::Request&) -> Answer {
            co_return http::Response::problem(401, "no_token", "Who are you?");
        });
        router.add(
            "GET", "/hello/{name}", http::Access::open(), [this](http::Request& request) -> Answer {
                ++greeted;
                co_return http::Response::text(
                    200,
                    "hello " + std::string(request.parameter("name")) + " at " + request.peer());
            });
        router.add("GET", "/throw", http::Access::open(), [](http::Request&) -> Answer {
            throw std::runtime_error("a bug");
            co_return http::Response::empty();
        });
        router.add("GET", "/slow", http::Access::open(), [](http::Request&) -> Answer {
            boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 200ms);
            co_await timer.async_wait(boost::asio::use_awaitable);
            co_return http::Response::text(200, "slept");
        });
        router.add("GET", "/large", http::Access::open(), [](http::Request&) -> Answer {
            co_return http::Response::text(200, std::string(20 << 20, 'x'));
        });
        auto made = http::Server::make({&one.context(), &two.context()}, options, std::move(router),
                                       registry);
        ASSERT_TRUE(made) << made.error().reason;
        server = std::move(*made);
        server->start();
    }
    void TearDown() override {
        if (server) {
            EXPECT_TRUE(server->stop(2s));
        }
    }

    [[nodiscard]] Peer connect() const { return Peer(server->port()); }

    /// What the server sends until it closes.
    [[nodiscard]] std::string talk(std::string_view bytes) const {
        const auto peer = connect();
        peer.send(bytes);
        return peer.read_all().value_or("(not closed)");
    }

    metrics::Registry registry;
    loopback::Loop one, two;
    std::unique_ptr<http::Server> server;
    std::atomic<std::size_t> received{0};
    std::atomic<int> greeted{0};
};

std::string post(std::string_view path, std::string_view body, std::string_view more = "") {
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" + std::string(more) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

constexpr std::string_view close_line = "Connection: close\r\n";

TEST_F(Server, AnswersAGet) {
    begin();
    const auto answer = talk("GET /hello/w%20x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("X-Request-Id: "));
    EXPECT_THAT(answer, HasSubstr("Date: "));
    EXPECT_THAT(answer, EndsWith("\r\n\r\nhello w x at 127.0.0.1"));
}

TEST_F(Server, AnswersHeadWithoutABody) {
    begin();
    const auto answer = talk("HEAD /hello/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, HasSubstr("Content-Length: 20\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(Server, ReadsBodiesOfEitherFraming) {
    begin();
    EXPECT_THAT(talk(post("/echo", "sized", close_line)), EndsWith("\r\n\r\nsized"));
    EXPECT_THAT(talk("POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n3\r\nchu\r\n3\r\nnks\r\n0\r\n\r\n"),
                EndsWith("\r\n\r\nchunks"));
    EXPECT_THAT(talk("POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
                HasSubstr("Content-Length: 0\r\n"));
}

TEST_F(Server, ReadsLargeBodiesThatArriveInPieces) {
    begin();
    std::string body(900'000, '\0');
    for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 7 + i / 1000);
    EXPECT_TRUE(talk(post("/echo", body, close_line)).ends_with("\r\n\r\n" + body));
    std::string chunked =
        "POST /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0; at < body.size(); at += 50'000) {
        chunked += "c350\r\n" + body.substr(at, 50'000) + "\r\n";
    }
    EXPECT_TRUE(talk(chunked + "0\r\n\r\n").ends_with("\r\n\r\n" + body));
}

TEST_F(Server, ServesPipelinedRequestsInOrder) {
    begin();
    const auto answer =
        talk(post("/echo", "first") +
             "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nsecond\r\n"
             "0\r\nT: u\r\n\r\n" +
             "GET /hello/third HTTP/1.1\r\nHost: h\r\n\r\n" + post("/echo", "fourth", close_line));
    const auto first = answer.find("first");
    const auto second = answer.find("second");
    const auto third = answer.find("hello third");
    EXPECT_LT(first, second);
    EXPECT_LT(second, third);
    EXPECT_THAT(answer, EndsWith("fourth"));
}

TEST_F(Server, ServesNothingAfterARefusal) {
    begin();
    const std::string next = "GET /hello/x HTTP/1.1\r\nHost: h\r\n\r\n";
    for (const std::string bad :
         {"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n",
          "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
          "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
          "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: "
          "x\r\n\r\n",
          "GET /hello/a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
          "GET /hello/a HTTP/1.1\r\nHost: h\nX: y\r\n\r\n"}) {
        const auto answer = talk(bad + next);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 ")) << bad;
        EXPECT_THAT(answer, HasSubstr("Connection: close\r\n")) << bad;
        EXPECT_THAT(answer, HasSubstr("application/problem+json")) << bad;
        EXPECT_THAT(answer, HasSubstr("\"request_id\":\"")) << bad;
        EXPECT_THAT(answer, Not(HasSubstr("hello"))) << bad;
        EXPECT_THAT(answer, Not(HasSubstr("never be sent"))) << bad;
    }
    EXPECT_EQ(greeted, 0);
}

TEST_F(Server, RefusesATooLongBodyBeforeReadingIt) {
    begin({.max_body_bytes = 2 << 20});
    EXPECT_THAT(talk("POST /size HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n"),
                StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(talk("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1100000\r\n\r\n"),
                StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(talk("POST /size HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "ffffff\r\nabc"),
                StartsWith("HTTP/1.1 413 "));
}

TEST_F(Server, LetsARefusedSenderReadTheAnswer) {
    begin();
    const auto peer = connect();
    peer.send("POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\n\r\n");
    peer.send(std::string(50'000, 'x'));
    const auto answer = peer.read_all().value_or("");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 401 "));
    EXPECT_THAT(answer, HasSubstr("Connection: close"));
}

TEST_F(Server, AsksForTheBodyThatWaits) {
    begin();
    const auto peer = connect();
    peer.send(
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
        "Expect: 100-continue\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(peer.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    peer.send("ok");
    EXPECT_THAT(peer.read_all().value_or(""), EndsWith("\r\n\r\nok"));
    EXPECT_THAT(talk("POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
                     "Expect: 100-continue\r\n\r\n"),
                StartsWith("HTTP/1.1 401 "));
    EXPECT_THAT(talk("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: cake\r\n\r\n"),
                StartsWith("HTTP/1.1 417 "));
}

TEST_F(Server, SaysWhatItDoesNotKnow) {
    begin();
    EXPECT_THAT(talk("GET /none HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
                StartsWith("HTTP/1.1 404 "));
    EXPECT_THAT(talk("DELETE /echo HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"),
                testing::AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: POST\r\n")));
    const auto failed = talk("GET /throw HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_THAT(failed, StartsWith("HTTP/1.1 500 "));
    EXPECT_THAT(failed, Not(HasSubstr("a bug")));
}

TEST_F(Server, EchoesNothingOfARefusedRequest) {
    begin();
    for (const auto* bytes :
         {"GET /needle<script> HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
          "GET /x HTTP/1.1\r\nHost: h\r\nneedle : x\r\n\r\n",
          "needle / HTTP/1.1\r\nHost: h\r\n\r\n"}) {
        EXPECT_THAT(talk(bytes), Not(HasSubstr("needle")));
    }
}

TEST_F(Server, ClosesSlowSendersWithoutAnAnswer) {
    begin({.header_deadline = 100ms, .body_deadline = 100ms, .idle_deadline = 100ms});
    const auto silent = connect();
    const auto header = connect();
    header.send("POST /echo HT");
    const auto body = connect();
    body.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nab");
    const auto idle = connect();
    idle.send(post("/echo", "done"));
    EXPECT_EQ(silent.read_all(3s), "");
    EXPECT_EQ(header.read_all(3s), "");
    EXPECT_EQ(body.read_all(3s), "");
    EXPECT_THAT(idle.read_all(3s).value_or(""), EndsWith("done"));
    EXPECT_THAT(registry.page(), HasSubstr("deadlines_total{phase=\"body\"} 1\n"));
}

TEST_F(Server, KeepsASlowSenderThatKeepsUpTheRate) {
    begin({.body_deadline = 150ms, .min_bytes_per_second = 100});
    const auto peer = connect();
    peer.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 200\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < 10; ++i) {
        peer.send(std::string(20, 'x'));
        std::this_thread::sleep_for(30ms);
    }
    EXPECT_THAT(peer.read_all(3s).value_or(""), StartsWith("HTTP/1.1 200 "));
}

TEST_F(Server, ASenderThatWasFastMayNotPauseForLongerThanOneThatWasSlow) {
    begin({.body_deadline = 100ms, .min_bytes_per_second = 100});
    const auto peer = connect();
    // 9,900 bytes at once: 99 s at the least rate.
    peer.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10000\r\n\r\n" +
              std::string(9'900, 'x'));
    EXPECT_EQ(peer.read_all(3s), "");
    EXPECT_THAT(registry.page(), HasSubstr("deadlines_total{phase=\"body\"} 1\n"));
}

TEST_F(Server, ClosesReadersThatDoNotRead) {
    begin({.write_deadline = 100ms, .min_bytes_per_second = 1 << 30});
    const auto peer = connect();
    peer.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    const std::string expired = "deadlines_total{phase=\"write\"} 1\n";
    for (int i = 0; i < 300 && !registry.page().contains(expired); ++i) {
        std::this_thread::sleep_for(10ms);
    }
    EXPECT_THAT(registry.page(), HasSubstr(expired));
}

TEST_F(Server, BoundsTheMemoryOfAllBodiesTogether) {
    begin({.max_body_bytes = 60'000, .body_memory_bytes = 100'000});
    const auto first = connect();
    first.send(
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 60000\r\nConnection: close\r\n"
        "Expect: 100-continue\r\n\r\n");
    // Memory is set aside before the body is asked for.
    EXPECT_THAT(first.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
    const auto large = post("/echo", std::string(50'000, 'y'), close_line);
    const auto refused = talk(large);
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(refused, HasSubstr("Retry-After: "));
    first.send(std::string(60'000, 'x'));
    EXPECT_TRUE(first.read_all().value_or("").starts_with("HTTP/1.1 200 "));
    EXPECT_TRUE(talk(large).starts_with("HTTP/1.1 200 "));
}

TEST_F(Server, ASenderIsGivenHalfOfTheMemoryAndTheOthersAreServed) {
    begin({.max_body_bytes = 40'000, .body_memory_bytes = 100'000});
    const auto from = [](std::string_view name, std::string_view more) {
        return "POST /of/" + std::string(name) +
               " HTTP/1.1\r\nHost: h\r\nContent-Length: 30000\r\n" + std::string(more) + "\r\n";
    };
    const auto greedy = connect();
    greedy.send(from("greedy", "Expect: 100-continue\r\n"));
    EXPECT_THAT(greedy.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
    const auto body = std::string(30'000, 'x');
    EXPECT_THAT(talk(from("greedy", close_line) + body), StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(talk(from("honest", close_line) + body), StartsWith("HTTP/1.1 204 "));
    greedy.send(body);
    EXPECT_THAT(greedy.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 204 "));
    EXPECT_THAT(talk(from("greedy", close_line) + body), StartsWith("HTTP/1.1 204 "));
    EXPECT_THAT(registry.page(), HasSubstr("callerprint_http_body_memory_bytes 0\n"));
}

TEST_F(Server, BoundsConnectionsInAllAndByAddress) {
    begin({.max_connections = 4, .max_connections_per_address = 3});
    std::vector<Peer> peers;
    for (int i = 0; i < 3; ++i) {
        peers.push_back(connect());
        peers.back().send(post("/echo", "x"));
        EXPECT_THAT(peers.back().read_until("\r\n\r\nx"), StartsWith("HTTP/1.1 200"));
    }
    EXPECT_EQ(connect().read_all(3s), "");
    peers.pop_back();
    std::string answer;
    for (int i = 0; i < 100 && answer.empty(); ++i) {
        std::this_thread::sleep_for(5ms);
        answer = talk(post("/echo", "x", close_line));
    }
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
}

TEST_F(Server, ClosesAfterTheMostRequestsOfAConnection) {
    begin({.max_requests_per_connection = 2});
    const auto answer = talk(post("/echo", "one") + post("/echo", "two") + post("/echo", "three"));
    EXPECT_THAT(answer, HasSubstr("Connection: close"));
    EXPECT_THAT(answer, EndsWith("two"));
}

TEST_F(Server, ClosesAnHttp10ConnectionAfterItsAnswer) {
    begin();
    EXPECT_THAT(talk("GET /hello/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
                testing::AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Connection: close")));
}

TEST_F(Server, StopsGracefully) {
    begin();
    const auto idle = connect();
    idle.send(post("/echo", "x"));
    EXPECT_THAT(idle.read_until("\r\n\r\nx"), StartsWith("HTTP/1.1 200"));
    const auto busy = connect();
    busy.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
    std::this_thread::sleep_for(50ms);
    const auto port = server->port();
    EXPECT_TRUE(server->stop(5s));
    EXPECT_EQ(idle.read_all(1s), "");
    EXPECT_THAT(busy.read_all(1s).value_or(""),
                testing::AllOf(HasSubstr("Connection: close"), EndsWith("slept")));
    EXPECT_FALSE(Peer(port).connected());
    server.reset();
}

TEST_F(Server, StopsInTimeWhenASenderDoesNot) {
    begin();
    const auto peer = connect();
    peer.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nab");
    std::this_thread::sleep_for(50ms);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(server->stop(100ms));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 1500ms);
    EXPECT_EQ(peer.read_all(1s), "");
}

TEST_F(Server, CountsByRouteAndClassOnly) {
    begin();
    static_cast<void>(talk("GET /hello/needle HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    static_cast<void>(talk("GET /needle HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    static_cast<void>(talk("needle / HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_TRUE(server->stop(1s));
    const auto page = registry.page();
    EXPECT_THAT(page, HasSubstr("callerprint_http_requests_total{method=\"GET\",route=\"/hello/"
                                "{name}\",status=\"2xx\"} 1\n"));
    EXPECT_THAT(page, HasSubstr("{method=\"any\",route=\"none\",status=\"4xx\"} 1\n"));
    EXPECT_THAT(page, HasSubstr("refusals_total{rule=\"unknown_method\"} 1\n"));
    EXPECT_THAT(page, Not(HasSubstr("needle")));
}

TEST_F(Server, OutlivesTheEndOfDescriptors) {
    begin();
    const auto served = connect();
    served.send(post("/echo", "x"));
    EXPECT_THAT(served.read_until("\r\n\r\nx"), StartsWith("HTTP/1.1 200"));
    // Descriptors that are counted against the limit and left open until there are none.
    std::vector<int> taken;
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    rlimit low = before;
    low.rlim_cur = 256;
    setrlimit(RLIMIT_NOFILE, &low);
    while (true) {
        const int fd = dup(0);
        if (fd < 0) break;
        taken.push_back(fd);
    }
    close(taken.back());
    taken.pop_back();
    const auto refused = connect();  // takes the last one; the server has none to accept with
    EXPECT_EQ(refused.read_all(5s), "");
    served.send(post("/echo", "y"));
    EXPECT_THAT(served.read_until("\r\n\r\ny"), StartsWith("HTTP/1.1 200"));
    for (const int fd : taken) close(fd);
    setrlimit(RLIMIT_NOFILE, &before);
    EXPECT_THAT(talk(post("/echo", "z", close_line)), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(registry.page(), Not(HasSubstr("refused_total{reason=\"descriptors\"} 0\n")));
}

TEST_F(Server, ServesManyAtOnce) {
    begin();
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            const auto peer = connect();
            for (int i = 0; i < 50; ++i) {
                const auto body = std::to_string(t * 1000 + i) + "!";
                peer.send(post("/echo", body));
                if (peer.read_until("\r\n\r\n" + body).ends_with(body)) ++good;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(good, 400);
}

TEST(ServerMake, NamesAWrongOption) {
    loopback::Loop loop;
    metrics::Registry registry;
    const auto zero = http::Server::make(loop.context(), {.max_connections = 0}, {}, registry);
    ASSERT_FALSE(zero);
    EXPECT_THAT(zero.error().reason, HasSubstr("max_connections"));
    const auto name = http::Server::make(loop.context(), {.address = "localhost"}, {}, registry);
    ASSERT_FALSE(name);
    EXPECT_EQ(name.error().fault, base::Fault::invalid);
}

TEST(ServerMake, SaysWhenThePortIsTaken) {
    loopback::Loop loop;
    metrics::Registry registry;
    const loopback::Listener other;
    const auto made = http::Server::make(loop.context(), {.port = other.port()}, {}, registry);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault, base::Fault::unavailable);
}

}  // namespace
