// Hostile HTTP requests that are not part of this repository, against a live server: whatever must
// be refused is, nothing after it is served, and nothing ends the process.
#include "base/digest.hpp"
#include "http/loopback.hpp"
#include "http/server.hpp"
#include "http/url.hpp"
#include "metrics/registry.hpp"

#include <gtest/gtest.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using loopback::Peer;
using namespace std::chrono_literals;

std::filesystem::path folder() {
    const char* shared = std::getenv("CALLERPRINT_SHARED");
    return std::filesystem::path(shared != nullptr ? shared : CALLERPRINT_ROOT "/../shared") /
           "badinput";
}

std::string file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/// Name and expectation of each row but the first.
std::vector<std::pair<std::string, std::string>> index(const std::string& name) {
    std::istringstream in(file(folder() / name));
    std::vector<std::pair<std::string, std::string>> out;
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
        const auto tab = line.find('\t');
        out.emplace_back(line.substr(0, tab), line.substr(tab + 1));
    }
    return out;
}

constexpr std::string_view canary = "GET /canary HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";

/// Serves every path; ingest wants a token, as the real one does.
class BadInput : public testing::Test {
protected:
    using Answer = boost::asio::awaitable<http::Response>;

    void SetUp() override {
        http::Router router;
        for (const auto* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
            for (const auto* pattern : {"/", "/{a}", "/{a}/{b}", "/{a}/{b}/{c}"}) {
                router.add(method, pattern, http::Access::open(),
                           [this](http::Request& request) -> Answer { return serve(request); });
            }
        }
        auto made = http::Server::make(
            loop.context(),
            {.header_deadline = 500ms, .body_deadline = 500ms, .idle_deadline = 500ms}, router,
            registry);
        ASSERT_TRUE(made) << made.error().reason;
        server = std::move(*made);
        server->start();
    }
    void TearDown() override { EXPECT_TRUE(server->stop(2s)); }

    Answer serve(http::Request& request) {
        const auto body = co_await request.read_body(1 << 20);
        if (!body) co_return http::Response::empty();
        if (request.path() == "/canary") ++canaries;
        if (request.path() == "/v1/ingest" && !request.header("authorization")) {
            co_return http::Response::problem(401, "no_token", "No token");
        }
        co_return http::Response::text(200, "served");
    }

    /// The statuses of all answers until the server closes.
    std::vector<int> send(std::string_view bytes) {
        const Peer peer(server->port());
        peer.send(bytes);
        peer.finish();
        const auto answer = peer.read_all(5s);
        EXPECT_TRUE(answer) << "the connection stays open";
        std::vector<int> out;
        static const std::regex status("HTTP/1\\.1 (\\d{3}) ");
        const std::string text = answer.value_or("");
        for (std::sregex_iterator at(text.begin(), text.end(), status), end; at != end; ++at) {
            out.push_back(std::stoi((*at)[1]));
        }
        return out;
    }

    void expect_alive() {
        const int before = canaries;
        EXPECT_EQ(send(canary), std::vector<int>{200});
        EXPECT_EQ(canaries, before + 1);
    }

    metrics::Registry registry;
    loopback::Loop loop;
    std::unique_ptr<http::Server> server;
    std::atomic<int> canaries{0};
};

TEST_F(BadInput, HandmadeRequestsGetTheirVerdicts) {
    const auto rows = index("http/handmade.index.tsv");
    ASSERT_EQ(rows.size(), 44U);
    for (const auto& [name, expected] : rows) {
        std::set<int> allowed;
        static const std::regex number("[45]\\d\\d");
        for (std::sregex_iterator at(expected.begin(), expected.end(), number), end; at != end;
             ++at) {
            allowed.insert(std::stoi(at->str()));
        }
        const bool closes = expected.contains("close") || expected.contains("never");
        const int before = canaries;
        const auto statuses = send(file(folder() / name) + std::string(canary));
        ASSERT_FALSE(statuses.empty()) << name;
        EXPECT_TRUE(allowed.contains(statuses[0])) << name << " got " << statuses[0];
        if (!closes || expected.contains("trailer never")) continue;
        EXPECT_EQ(statuses.size(), 1U) << name;
        EXPECT_EQ(canaries, before) << name;
    }
    expect_alive();
}

TEST_F(BadInput, RequestsThatLlhttpRejectsAreRefused) {
    for (const auto& [name, verdict] : index("http/llhttp.index.tsv")) {
        if (verdict != "reject") continue;
        const int before = canaries;
        const auto statuses = send(file(folder() / name) + std::string(canary));
        EXPECT_EQ(canaries, before) << name;
        // A whole request of HTTP/1.0 stands before the bytes that must not be served.
        const bool first_is_good = name.ends_with("connection-02.http");
        ASSERT_EQ(statuses.size(), 1U) << name;
        EXPECT_EQ(statuses[0] < 400, first_is_good) << name << " got " << statuses[0];
    }
    expect_alive();
}

/// The extracted requests end where their documents did; this gives them the Host and the end that
/// a sender would.
std::string completed(std::string bytes) {
    const auto start = bytes.starts_with("\r\n") ? 2U : 0U;
    const auto line = bytes.find("\r\n", start);
    if (bytes.find("\r\nHost:") == std::string::npos) bytes.insert(line, "\r\nHost: t");
    const bool chunked = bytes.find("chunked\r\n") != std::string::npos;
    if (chunked || bytes.find("\r\n\r\n") == std::string::npos) {
        if (!bytes.ends_with("\r\n")) bytes += "\r\n";
        if (!bytes.ends_with("\r\n\r\n")) bytes += "\r\n";
    }
    return bytes;
}

TEST_F(BadInput, RequestsThatLlhttpAcceptsAreServedOrRefusedOnPurpose) {
    // Stricter than llhttp: methods we do not know, other protocols, proxies' targets, codings.
    const std::map<std::string, int> stricter{
        {"method-00", 501}, {"method-06", 501}, {"method-08", 501}, {"method-12", 400},
        {"method-13", 400}, {"method-15", 501}, {"uri-05", 400},    {"transfer-encoding-19", 400}};
    for (const auto& [name, verdict] : index("http/llhttp.index.tsv")) {
        if (verdict != "accept") continue;
        const auto statuses = send(completed(file(folder() / name)));
        ASSERT_FALSE(statuses.empty()) << name;
        const auto known = stricter.find(std::filesystem::path(name).stem().string());
        EXPECT_EQ(statuses[0], known == stricter.end() ? 200 : known->second) << name;
    }
    expect_alive();
}

TEST_F(BadInput, PermutationsOfLengthAndCodingNeverSmuggle) {
    const auto document =
        boost::json::parse(file(folder() / "http/te-cl-permutations.json")).as_object();
    std::size_t sent = 0;
    for (const auto& row : document.at("permute").as_array()) {
        const auto& coding = row.at("transfer_encoding").as_object();
        const std::string fields = std::string(row.at("content_length_key").as_string()) +
                                   " 5\r\n" + std::string(coding.at("te_key").as_string()) + " " +
                                   std::string(coding.at("te_value").as_string()) + "\r\n";
        // Read by its length this ends before the canary; read by its chunks, after it.
        const auto statuses = send("POST /x HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n0\r\n\r\n" +
                                   std::string(canary));
        ++sent;
        if (statuses.size() > 1) {
            EXPECT_EQ(std::string(coding.at("te_key").as_string()).find("Transfer-Encoding:"),
                      std::string::npos)
                << fields;
        }
    }
    EXPECT_GT(sent, 10U);
    expect_alive();
}

TEST_F(BadInput, FuzzedRequestsEndNothing) {
    std::istringstream in(file(folder() / "http/fuzz-h2o.b64.ndjson"));
    std::string line;
    std::size_t sent = 0;
    while (std::getline(in, line)) {
        std::string bytes;
        const auto row = boost::json::parse(line).as_object();
        ASSERT_TRUE(base::from_base64(row.at("b64").as_string(), bytes));
        static_cast<void>(send(bytes));
        ++sent;
    }
    EXPECT_GT(sent, 500U);
    expect_alive();
}

TEST(BadUrl, FuzzedUrlsEndNothing) {
    std::istringstream in(file(folder() / "url/fuzz.b64.ndjson"));
    std::string line;
    while (std::getline(in, line)) {
        std::string bytes;
        const auto row = boost::json::parse(line).as_object();
        ASSERT_TRUE(base::from_base64(row.at("b64").as_string(), bytes));
        static_cast<void>(http::parse_url(bytes));
        static_cast<void>(http::parse_url("https://" + bytes));
    }
}

}  // namespace
