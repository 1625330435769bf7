#include "http/head.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace {

using http::Refusal;
using Step = http::HeadReader::Step;

http::HeadReader::Limits small() {
    return {.header_bytes = 512,
            .field_bytes = 256,
            .fields = 6,
            .target_bytes = 64,
            .body_bytes = 1000};
}

/// What the gate says of these bytes: `none` when it lets them pass.
Refusal verdict(std::string_view bytes, const http::HeadReader::Limits& limits = small()) {
    http::HeadReader reader(limits);
    return reader.read(bytes) == Step::refused ? reader.refusal() : Refusal::none;
}

std::string with(std::string_view fields, std::string_view line = "POST /a HTTP/1.1") {
    return std::string(line) + "\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}

TEST(HeadReader, ReadsAPlainRequest) {
    const std::string bytes =
        "POST /v1/x?a=b HTTP/1.1\r\nHost: h:1\r\nX-Empty:\r\ncontent-LENGTH:  12 \r\n\r\nrest";
    http::HeadReader reader(small());
    ASSERT_EQ(reader.read(bytes), Step::done);
    EXPECT_EQ(bytes.substr(reader.size()), "rest");
    const auto head = reader.head(bytes);
    EXPECT_EQ(head.method, "POST");
    EXPECT_EQ(head.target, "/v1/x?a=b");
    ASSERT_EQ(head.fields.size(), 3U);
    EXPECT_EQ(head.fields[1].value, "");
    EXPECT_EQ(head.fields[2].value, "12");
    EXPECT_EQ(head.framing, http::Framing::length);
    EXPECT_EQ(head.content_length, 12U);
    EXPECT_TRUE(head.keep_alive);
}

TEST(HeadReader, GivesTheSameVerdictHoweverTheBytesArrive) {
    for (const auto& bytes :
         {with("A: b\r\n"), with("Transfer-Encoding: chunked\r\n"), with("A b\r\n"),
          with("Content-Length: 5\r\nContent-Length: 5\r\n"), std::string("GET /\n\n")}) {
        http::HeadReader reader(small());
        auto step = Step::more;
        for (std::size_t n = 1; n <= bytes.size() && step == Step::more; ++n) {
            const std::string part = bytes.substr(0, n);  // another address each time
            step = reader.read(part);
        }
        EXPECT_EQ(step == Step::refused ? reader.refusal() : Refusal::none, verdict(bytes));
    }
}

TEST(HeadReader, RefusesFramingThatTwoReadersCouldReadDifferently) {
    EXPECT_EQ(verdict(with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")),
              Refusal::length_and_coding);
    EXPECT_EQ(verdict(with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n")),
              Refusal::length_and_coding);
    EXPECT_EQ(verdict(with("Content-Length: 5\r\nContent-Length: 5\r\n")), Refusal::bad_length);
    EXPECT_EQ(verdict(with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
              Refusal::bad_transfer_coding);
    for (const auto* value :
         {"+5", "-5", "0x5", "5,5", "5 5", "", "18446744073709551616", "000000000000000000005"}) {
        EXPECT_EQ(verdict(with("Content-Length: " + std::string(value) + "\r\n")),
                  Refusal::bad_length)
            << value;
    }
    for (const auto* value :
         {"identity", "xchunked", "chunked, gzip", "gzip", "", "chunked, chunked", "chunked,",
          "\"chunked\"", "chunked;q=1", "chunked\v"}) {
        EXPECT_NE(verdict(with("Transfer-Encoding: " + std::string(value) + "\r\n")), Refusal::none)
            << value;
    }
    EXPECT_EQ(verdict(with("Transfer-Encoding: gzip, chunked\r\n")),
              Refusal::unknown_transfer_coding);
    EXPECT_EQ(verdict(with("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0")),
              Refusal::bad_transfer_coding);
    EXPECT_EQ(verdict(with("transfer-encoding: CHUNKED\r\n")), Refusal::none);
    EXPECT_EQ(verdict(with("Content-Length: 5\r\n", "GET / HTTP/1.1")), Refusal::unexpected_body);
    EXPECT_EQ(verdict(with("Content-Length: 0\r\n", "GET / HTTP/1.1")), Refusal::none);
}

TEST(HeadReader, RefusesLinesThatAreNoLines) {
    EXPECT_EQ(verdict("POST / HTTP/1.1\nHost: h\n\n"), Refusal::bad_line_end);
    EXPECT_EQ(verdict(with("A: b\nC: d\r\n")), Refusal::bad_line_end);
    EXPECT_EQ(verdict(with("A: b\rC: d\r\n")), Refusal::bad_field);
    EXPECT_EQ(verdict(with("A: b\r\n c\r\n")), Refusal::folded_field);
    EXPECT_EQ(verdict(with("A: b\r\n\tc\r\n")), Refusal::folded_field);
    EXPECT_EQ(verdict(with("A : b\r\n")), Refusal::bad_field);
    EXPECT_EQ(verdict(with("A\r\n")), Refusal::bad_field);
    EXPECT_EQ(verdict(with(": b\r\n")), Refusal::bad_field);
    EXPECT_EQ(verdict(with("A\x01: b\r\n")), Refusal::bad_field);
    EXPECT_EQ(verdict(with("A: b\x7f\r\n")), Refusal::bad_field);
    EXPECT_EQ(verdict(with(std::string("A: b") + '\0' + "\r\n")), Refusal::bad_field);
    EXPECT_EQ(verdict(with("A: \xc3\xa9\tb\r\n")), Refusal::none);
}

TEST(HeadReader, WantsExactlyOneHost) {
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\n\r\n"), Refusal::bad_host);
    EXPECT_EQ(verdict(with("HOST: b\r\n")), Refusal::bad_host);
    EXPECT_EQ(verdict("GET / HTTP/1.0\r\n\r\n"), Refusal::none);
}

TEST(HeadReader, RefusesWhatSaysTwiceWhoAsks) {
    EXPECT_EQ(verdict(with("Authorization: a\r\nauthorization: b\r\n")), Refusal::repeated_field);
    EXPECT_EQ(verdict(with("Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n")),
              Refusal::repeated_field);
    EXPECT_EQ(verdict(with("Accept: a\r\nAccept: b\r\n")), Refusal::none);
}

TEST(HeadReader, RefusesRequestLinesOutOfShape) {
    const auto line = [](std::string_view text) { return verdict(with("", text)); };
    EXPECT_EQ(line("GET  / HTTP/1.1"), Refusal::bad_request_line);
    EXPECT_EQ(line("GET /a b HTTP/1.1"), Refusal::bad_request_line);
    EXPECT_EQ(line("GET / HTTP/1.1 "), Refusal::bad_request_line);
    EXPECT_EQ(line("GET /"), Refusal::bad_request_line);
    EXPECT_EQ(line("G(T / HTTP/1.1"), Refusal::bad_request_line);
    EXPECT_EQ(line("GET / RTSP/1.0"), Refusal::bad_request_line);
    EXPECT_EQ(line("GET / http/1.1"), Refusal::bad_request_line);
    EXPECT_EQ(line("GET / HTTP/1.2"), Refusal::bad_version);
    EXPECT_EQ(line("PRI * HTTP/2.0"), Refusal::bad_version);
    EXPECT_EQ(line("get / HTTP/1.1"), Refusal::unknown_method);
    EXPECT_EQ(line("CONNECT h:1 HTTP/1.1"), Refusal::unknown_method);
    for (const auto* target : {"*", "http://h/", "x", "/\xff", "/a#b", "/%", "/%4", "/%zz",
                               "/?a=%00", "/?a=%0d", "/?a=%ff"}) {
        EXPECT_EQ(line("GET " + std::string(target) + " HTTP/1.1"), Refusal::bad_target) << target;
    }
}

TEST(HeadReader, IgnoresOneEmptyLineBeforeARequest) {
    EXPECT_EQ(verdict("\r\n" + with("")), Refusal::none);
    EXPECT_NE(verdict("\r\n\r\n" + with("")), Refusal::none);
}

TEST(HeadReader, KeepsItsLimits) {
    EXPECT_EQ(verdict("GET /" + std::string(64, 'a') + " HTTP/1.1\r\n"), Refusal::target_too_long);
    EXPECT_EQ(verdict("GET /" + std::string(400, 'a')), Refusal::target_too_long);
    EXPECT_EQ(verdict(with("A: " + std::string(300, 'b'))), Refusal::header_too_large);
    std::string fields;
    for (int i = 0; i < 5; ++i) fields += "A: b\r\n";
    EXPECT_EQ(verdict(with(fields)), Refusal::none);
    EXPECT_EQ(verdict(with(fields + "A: b\r\n")), Refusal::header_too_large);
    EXPECT_EQ(verdict(with("A: " + std::string(200, 'b') + "\r\nB: " + std::string(200, 'b') +
                           "\r\nC: " + std::string(200, 'b') + "\r\n")),
              Refusal::header_too_large);
    EXPECT_EQ(verdict(with("Content-Length: 1001\r\n")), Refusal::body_too_large);
    EXPECT_EQ(verdict(with("Content-Length: 18446744073709551615\r\n")), Refusal::body_too_large);
}

TEST(HeadReader, KnowsExpectationsAndEndsOfConnections) {
    const auto read = [](const std::string& bytes) {
        http::HeadReader reader(small());
        EXPECT_EQ(reader.read(bytes), Step::done);
        return reader.head(bytes);
    };
    EXPECT_TRUE(read(with("Content-Length: 5\r\nExpect: 100-Continue\r\n")).expects_continue);
    EXPECT_FALSE(read(with("Expect: 100-continue\r\n")).expects_continue);
    EXPECT_EQ(verdict(with("Expect: 200-ok\r\n")), Refusal::unknown_expectation);
    EXPECT_FALSE(read(with("Connection: x, Close\r\n")).keep_alive);
    EXPECT_FALSE(read(with("", "GET / HTTP/1.0")).keep_alive);
}

TEST(HeadReader, SurvivesNoise) {
    std::mt19937 random(7);
    constexpr char bytes_of_note[] = "GETPOS /:\r\n\r\n\t \"%;,=aA0\0\x7f\xff";
    const std::string alphabet(bytes_of_note, sizeof bytes_of_note);
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = round % 2 == 0 ? "POST / HTTP/1.1\r\nHost: h\r\n" : "";
        for (unsigned n = random() % 80; n > 0; --n) bytes += alphabet[random() % alphabet.size()];
        http::HeadReader reader(small());
        if (reader.read(bytes) == Step::done) {
            EXPECT_LE(reader.size(), bytes.size());
            EXPECT_EQ(reader.head(bytes).target.front(), '/');
        }
    }
}

TEST(Refusal, HasACodeAStatusAndASentenceEach) {
    std::vector<std::string_view> codes;
    for (auto r = Refusal::bad_request_line; r <= Refusal::no_memory;
         r = static_cast<Refusal>(static_cast<int>(r) + 1)) {
        EXPECT_GE(http::status(r), 400U);
        EXPECT_FALSE(http::detail(r).empty());
        for (const auto other : codes) EXPECT_NE(other, http::code(r));
        codes.push_back(http::code(r));
    }
}

}  // namespace
