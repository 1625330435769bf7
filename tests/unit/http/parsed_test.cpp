#include "http/parsed.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using http::Framing;
using http::Head;
using http::Parsed;
using http::Refusal;

std::string with(std::string_view fields) {
    return "POST /a?b=c HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}

/// How the gate reads these bytes, which it must let pass.
Head gated(std::string_view bytes) {
    http::HeadReader reader({});
    EXPECT_EQ(reader.read(bytes), http::HeadReader::Step::done);
    EXPECT_EQ(reader.size(), bytes.size());
    return reader.head(bytes);
}

/// What becomes of `bytes` when the gate is said to have read `head`.
Refusal verdict(const std::string& bytes, const Head& head) {
    const auto parsed = Parsed::parse(bytes, head);
    return parsed ? Refusal::none : parsed.error();
}

TEST(Parsed, OwnsWhatItsHeadShows) {
    std::string bytes = with("X-Empty:\r\nCONTENT-length:  12 \r\nExpect: 100-continue\r\n");
    auto parsed = Parsed::parse(bytes, gated(bytes));
    bytes.assign(bytes.size(), 'x');
    ASSERT_TRUE(parsed);
    const Parsed moved = std::move(*parsed);
    const auto& head = moved.head();
    EXPECT_EQ(head.method, "POST");
    EXPECT_EQ(head.target, "/a?b=c");
    ASSERT_EQ(head.fields.size(), 4U);
    EXPECT_EQ(head.fields[1].name, "X-Empty");
    EXPECT_EQ(head.fields[1].value, "");
    EXPECT_EQ(head.fields[2].name, "CONTENT-length");
    EXPECT_EQ(head.fields[2].value, "12");
    EXPECT_EQ(head.framing, Framing::length);
    EXPECT_EQ(head.content_length, 12U);
    EXPECT_TRUE(head.keep_alive);
    EXPECT_TRUE(head.expects_continue);
    EXPECT_FALSE(head.http_1_0);
}

TEST(Parsed, RefusesWhatTheGateReadDifferently) {
    const auto sized = with("Content-Length: 5\r\n");
    auto other = gated(sized);
    other.content_length = 6;
    EXPECT_EQ(verdict(sized, other), Refusal::bad_length);
    other = gated(sized);
    other.framing = Framing::chunked;
    EXPECT_EQ(verdict(sized, other), Refusal::bad_transfer_coding);
    other = gated(sized);
    other.fields.pop_back();
    EXPECT_EQ(verdict(sized, other), Refusal::bad_field);
    other = gated(sized);
    other.target = "/b";
    EXPECT_EQ(verdict(sized, other), Refusal::bad_request_line);
    const auto chunked = with("Transfer-Encoding: chunked\r\n");
    EXPECT_EQ(verdict(chunked, gated(chunked)), Refusal::none);
    other = gated(chunked);
    other.framing = Framing::none;
    EXPECT_EQ(verdict(chunked, other), Refusal::bad_transfer_coding);
}

TEST(Parsed, RefusesWhatOnlyBeastWould) {
    const auto plain = with("");
    const auto folded = with("A: b\r\n c\r\n");
    EXPECT_EQ(verdict(folded, gated(plain)), Refusal::bad_field);
    EXPECT_EQ(verdict(plain + "more", gated(plain)), Refusal::bad_field);
    EXPECT_EQ(verdict(plain.substr(0, plain.size() - 1), gated(plain)), Refusal::bad_field);
    const auto no_list = with("Connection: a b\r\n");
    EXPECT_EQ(verdict(no_list, gated(no_list)), Refusal::bad_field);
    EXPECT_EQ(verdict(with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), gated(plain)),
              Refusal::bad_transfer_coding);
    EXPECT_EQ(verdict(with("Content-Length: 5\r\nContent-Length: 6\r\n"), gated(plain)),
              Refusal::bad_length);
}

TEST(Parsed, TakesWhatSendersSend) {
    const std::vector<std::string> lines{"Accept: */*\r\n",
                                         "accept: a\r\n",
                                         "Accept-Encoding: gzip, deflate;q=0.5\r\n",
                                         "Connection: keep-alive\r\n",
                                         "Cookie: a=b; c=\"d\"\r\n",
                                         "User-Agent: A/1 (x; y) \xc3\xa9\r\n",
                                         "X-Empty:\r\n",
                                         "!#$%&'*+-.^_`|~0: odd\tname \r\n",
                                         "Upgrade: h2c/1\r\n",
                                         "TE: trailers\r\n",
                                         "If-None-Match: W/\"x\"\r\n"};
    std::mt19937 random(11);
    for (int round = 0; round < 2'000; ++round) {
        std::string fields = round % 2 == 0 ? "Content-Length: 7\r\n" : "";
        for (unsigned n = random() % 12; n > 0; --n) fields += lines[random() % lines.size()];
        const auto bytes = with(fields);
        EXPECT_EQ(verdict(bytes, gated(bytes)), Refusal::none) << bytes;
    }
}

}  // namespace
