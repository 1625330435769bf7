#include "decode/access_line.hpp"

#include <gtest/gtest.h>

namespace decode {
namespace {

std::string at(std::string_view line, Column column) {
    const auto columns = read_access_line(line);
    return columns ? std::string((*columns)[static_cast<std::size_t>(column)]) : "no line";
}

constexpr std::string_view combined =
    R"(203.0.113.9 - frank [10/Oct/2024:13:55:36 -0700] "GET /a?b=c HTTP/1.1" 200 2326 "http://e.example/" "curl/8.1 \"x\"")";

TEST(AccessLine, ReadsTheCombinedColumns) {
    EXPECT_EQ(at(combined, Column::remote), "203.0.113.9");
    EXPECT_EQ(at(combined, Column::user), "frank");
    EXPECT_EQ(at(combined, Column::time), "10/Oct/2024:13:55:36 -0700");
    EXPECT_EQ(at(combined, Column::method), "GET");
    EXPECT_EQ(at(combined, Column::target), "/a?b=c");
    EXPECT_EQ(at(combined, Column::protocol), "1.1");
    EXPECT_EQ(at(combined, Column::status), "200");
    EXPECT_EQ(at(combined, Column::bytes), "2326");
    EXPECT_EQ(at(combined, Column::referrer), "http://e.example/");
    EXPECT_EQ(at(combined, Column::user_agent), R"(curl/8.1 \"x\")");
}

TEST(AccessLine, ReadsACommonLineWithoutAgent) {
    constexpr std::string_view line =
        R"(::1 - - [26/Dec/2016:16:16:29 +0200] "GET /x HTTP/1.1" 404 -)";
    EXPECT_EQ(at(line, Column::remote), "::1");
    EXPECT_EQ(at(line, Column::bytes), "-");
    EXPECT_EQ(at(line, Column::user_agent), "");
}

TEST(AccessLine, ReadsEnvoysDefaultText) {
    constexpr std::string_view line =
        R"([2016-04-15T20:17:00.310Z] "POST /api/v1/locations HTTP/2" 503 UF 154 91 226 - )"
        R"("192.0.2.100, 10.42.0.1" "nsq2http" "cc21d9b0-cf5c" "locations" "tcp://10.0.2.1:80")";
    EXPECT_EQ(at(line, Column::time), "2016-04-15T20:17:00.310Z");
    EXPECT_EQ(at(line, Column::method), "POST");
    EXPECT_EQ(at(line, Column::target), "/api/v1/locations");
    EXPECT_EQ(at(line, Column::status), "503");
    EXPECT_EQ(at(line, Column::flags), "UF");
    EXPECT_EQ(at(line, Column::request_bytes), "154");
    EXPECT_EQ(at(line, Column::bytes), "91");
    EXPECT_EQ(at(line, Column::milliseconds), "226");
    EXPECT_EQ(at(line, Column::remote), "192.0.2.100");
    EXPECT_EQ(at(line, Column::forwarded), "192.0.2.100, 10.42.0.1");
    EXPECT_EQ(at(line, Column::user_agent), "nsq2http");
    EXPECT_EQ(at(line, Column::request_id), "cc21d9b0-cf5c");
    EXPECT_EQ(at(line, Column::vhost), "locations");
    EXPECT_EQ(at(line, Column::upstream), "tcp://10.0.2.1:80");
    for (std::size_t size = line.size() - 1; size > 0; --size)
        EXPECT_FALSE(read_access_line(line.substr(0, size))) << "cut at " << size;
}

TEST(AccessLine, TellsVirtualHostsFromAddressLists) {
    constexpr std::string_view rest =
        R"( - - [07/Dec/2016:11:05:07 +0100] "GET / HTTP/1.1" 200 5 "-" "-")";
    const auto line = [&](std::string_view front) {
        return std::string(front) + std::string(rest);
    };
    EXPECT_EQ(at(line("shop.example 10.0.0.2, 10.0.0.1"), Column::vhost), "shop.example");
    EXPECT_EQ(at(line("shop.example 10.0.0.2, 10.0.0.1"), Column::remote), "10.0.0.2");
    EXPECT_EQ(at(line("shop.example:443 10.0.0.2"), Column::vhost), "shop.example:443");
    EXPECT_EQ(at(line("10.0.0.2, 10.0.0.1"), Column::vhost), "");
    EXPECT_EQ(at(line("10.0.0.2,10.0.0.1"), Column::forwarded), "10.0.0.2,10.0.0.1");
    EXPECT_EQ(at(line(R"("10.5.102.222, 199.96.1.1")"), Column::remote), "10.5.102.222");
    EXPECT_EQ(at(line(R"(a.example:80 "10.5.102.222, 199.96.1.1" 10.2.1.185)"), Column::remote),
              "10.5.102.222");
    EXPECT_EQ(at(line(R"(a.example:80 "10.5.102.222, 199.96.1.1" 10.2.1.185)"), Column::vhost),
              "a.example:80");
    EXPECT_EQ(at(line("unix:"), Column::remote), "unix:");
}

TEST(AccessLine, KeepsRequestsThatAreNoHttp) {
    constexpr std::string_view line =
        R"(203.0.113.9 - - [10/Oct/2024:13:55:36 +0000] "\x16\x03\x01\x02" 400 226 "-" "-")";
    EXPECT_EQ(at(line, Column::request), R"(\x16\x03\x01\x02)");
    EXPECT_EQ(at(line, Column::method), "");
    constexpr std::string_view empty =
        R"(203.0.113.9 - - [10/Oct/2024:13:55:36 +0000] "" 400 0 "-" "-")";
    EXPECT_EQ(at(empty, Column::status), "400");
}

TEST(AccessLine, ReadsTheTailOfIngressNginx) {
    constexpr std::string_view line =
        R"(10.1.1.1 - - [07/Feb/2020:11:48:51 +0000] "POST /p HTTP/1.1" 200 59 "-" "curl/7" 89 0.001 [default-web-80] [] 10.2.2.2:80 59 0.000 200 529a007902362a5f51385a5fa7049884)";
    EXPECT_EQ(at(line, Column::request_bytes), "89");
    EXPECT_EQ(at(line, Column::request_seconds), "0.001");
    EXPECT_EQ(at(line, Column::upstream), "10.2.2.2:80");
    EXPECT_EQ(at(line, Column::request_id), "529a007902362a5f51385a5fa7049884");
}

TEST(AccessLine, ReadsApachesSslRequestLayoutAndSyslogPrefixes) {
    constexpr std::string_view ssl =
        R"([10/Aug/2018:09:45:56 +0200] 172.30.0.119 TLSv1.2 ECDHE-RSA-AES128 "GET /n HTTP/1.1" 1375)";
    EXPECT_EQ(at(ssl, Column::tls_version), "TLSv1.2");
    EXPECT_EQ(at(ssl, Column::remote), "172.30.0.119");
    EXPECT_EQ(at("<134>Oct 10 13:55:36 web1 nginx: " + std::string(combined), Column::remote),
              "203.0.113.9");
}

TEST(AccessLine, ReadsASecondSizeAndANamedAddressChain) {
    constexpr std::string_view line =
        R"(::1 - - [29/May/2017:19:02:48 +0000] "GET / HTTP/1.1" 200 612 3413 "-" "ua" X-Forwarded-For="10.1.1.1, 10.2.2.2")";
    EXPECT_EQ(at(line, Column::user_agent), "ua");
    EXPECT_EQ(at(line, Column::forwarded), "10.1.1.1, 10.2.2.2");
}

TEST(AccessLine, RefusesEverythingElse) {
    for (const char* line :
         {"", "hello", "{\"a\":1}", "1.2.3.4 - - [10/Oct/2024:13:55:36 +0000]",
          "1.2.3.4 - - [10/Oct/2024:13:55:36 +0000] \"GET / HTTP/1.1", "[", "[]", "\"", "a [b] c",
          "1.2.3.4 - - [10/Oct/2024:13:55:36 +0000] \"GET /\" abc 5"}) {
        EXPECT_FALSE(read_access_line(line)) << line;
    }
}

}  // namespace
}  // namespace decode
