#include "http/chunked.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>

namespace {

using http::ChunkedReader;
using http::Refusal;

struct Outcome {
    std::optional<std::string> body;  ///< Nothing unless the body is complete.
    std::string rest;
    Refusal refusal = Refusal::none;
};

/// Reads in pieces of at most `piece` bytes.
Outcome read(std::string_view bytes, std::size_t piece = 1'000'000) {
    ChunkedReader reader;
    std::string body;
    while (!bytes.empty()) {
        auto input = bytes.substr(0, piece);
        bytes.remove_prefix(input.size());
        while (true) {
            const auto step = reader.read(input);
            if (step == ChunkedReader::Step::done) {
                return {body, std::string(input) + std::string(bytes), Refusal::none};
            }
            if (step == ChunkedReader::Step::refused) return {{}, {}, reader.refusal()};
            if (step == ChunkedReader::Step::more) break;
            const auto taken = std::min<std::size_t>(reader.remaining(), input.size());
            if (taken == 0) break;
            body += input.substr(0, taken);
            input.remove_prefix(taken);
            reader.took(taken);
        }
    }
    return {};
}

TEST(ChunkedReader, JoinsChunksInAnyPieces) {
    const std::string bytes =
        "5\r\nhello\r\n001;x;y=z;w=\"a \\\" b\"\r\n \r\n5\r\nworld\r\n000\r\n"
        "T: u\r\n\r\nGET";
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
        const auto outcome = read(bytes, piece);
        EXPECT_EQ(outcome.body, "hello world");
        EXPECT_EQ(outcome.rest, "GET");
    }
}

TEST(ChunkedReader, RefusesWhatIsNoChunk) {
    for (const auto* bytes : {"\r\n",
                              "x\r\n",
                              "0x5\r\nhello\r\n",
                              "-1\r\n",
                              " 5\r\nhello\r\n",
                              "5 \r\nhello\r\n",
                              "5\nhello\r\n",
                              "5\r\nhello\n0\r\n\r\n",
                              "5\r\nhello!\r\n",
                              "5\r\nhell\r\n0\r\n\r\n",
                              "5;\r\nhello\r\n",
                              "5;a=\r\n",
                              "5;a=\"\r\n",
                              "5;a=\"\x01\"\r\n",
                              "5;a\nb\r\n",
                              "5; a\r\n",
                              "5;a \r\n",
                              "10000000000000005\r\nhello",
                              "5\rhello\r\n",
                              "0\r\n\n",
                              "3\r\nfoo\r\n\r\n",
                              "5;a=\"b\"c\r\n"}) {
        EXPECT_EQ(read(bytes).refusal, Refusal::bad_chunk) << bytes;
    }
}

TEST(ChunkedReader, RefusesTrailersThatSpeakOfFraming) {
    for (const auto* trailer : {"Content-Length: 5", "transfer-encoding: chunked", "Host: x",
                                "no colon", "A : b", " A: b"}) {
        EXPECT_EQ(read("0\r\n" + std::string(trailer) + "\r\n\r\n").refusal, Refusal::bad_trailer)
            << trailer;
    }
    EXPECT_EQ(read("0\r\nA: b\nC: d\r\n\r\n").refusal, Refusal::bad_chunk);
    EXPECT_EQ(read("0\r\nAuthorization: x\r\n\r\n").body, "");
}

TEST(ChunkedReader, BoundsWhatComesBesidesTheData) {
    EXPECT_EQ(read("5;" + std::string(5000, 'a')).refusal, Refusal::bad_chunk);
    std::string many;
    for (int i = 0; i < 100; ++i) many += "1;" + std::string(60, 'a') + "\r\nx\r\n";
    EXPECT_EQ(read(many).refusal, Refusal::bad_chunk);
    EXPECT_EQ(read("0\r\nA: " + std::string(9000, 'b')).refusal, Refusal::trailer_too_large);
    std::string trailers = "0\r\n";
    for (int i = 0; i < 65; ++i) trailers += "A: b\r\n";
    EXPECT_EQ(read(trailers + "\r\n").refusal, Refusal::trailer_too_large);
}

TEST(ChunkedReader, ReadsBackWhatAnyWriterCut) {
    std::mt19937 random(3);
    for (int round = 0; round < 500; ++round) {
        std::string body(random() % 300, ' ');
        for (auto& c : body) c = static_cast<char>(random());
        std::string bytes;
        for (std::size_t at = 0; at < body.size();) {
            const auto size = std::min<std::size_t>(1 + random() % 40, body.size() - at);
            char hex[8];
            std::snprintf(hex, sizeof hex, random() % 2 != 0 ? "%zx" : "%04zX", size);
            bytes += hex + std::string("\r\n") + body.substr(at, size) + "\r\n";
            at += size;
        }
        EXPECT_EQ(read(bytes + "0\r\n\r\n", 1 + random() % 50).body, body);
    }
}

}  // namespace
