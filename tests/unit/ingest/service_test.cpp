// The routes over a loopback connection, with a real journal behind them.
#include "ingest/service.hpp"

#include "decode/formats.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "ingest/durable.hpp"
#include "journal/journal.hpp"
#include "metrics/registry.hpp"

#include <gtest/gtest.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <libdeflate.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace ingest {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

struct Answer {
    unsigned status = 0;
    std::string head;
    std::string body;

    [[nodiscard]] bool has(std::string_view header) const {
        return head.find(header) != std::string::npos;
    }
    [[nodiscard]] std::int64_t number(std::string_view name) const {
        return boost::json::parse(body).at(name).to_number<std::int64_t>();
    }
};

constexpr std::string_view good = R"({"time":"2024-06-01T00:00:00Z","a":1})"
                                  "\n";

class ServiceTest : public ::testing::Test {
protected:
    ServiceTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "ingest-XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
        std::ifstream native(CALLERPRINT_ROOT "/config/formats/native.yaml");
        const decode::FormatFile file{"native.yaml",
                                      std::string(std::istreambuf_iterator<char>(native), {})};
        formats_ = decode::Formats::load({&file, 1}).value();
        options_.sources = {{"gateway", "json", 120s}, {"otlp", "json", 120s}};
        options_.scrub_key = "0123456789abcdef";
        journal_options_.folder = folder_ / "journal";
        journal_options_.ballast_bytes = 0;
        journal_options_.segment_bytes = 1 << 20;
        journal_options_.quota_bytes = 64 << 20;
        token_ = new_token(pepper_);
        reader_ = new_token(pepper_);
        tokens_ = std::make_shared<const Tokens>(
            pepper_,
            std::vector<Tokens::Row>{{{token_.id, "shipper", scope_ingest, {}}, token_.digest},
                                     {{reader_.id, "reader", scope_read, {}}, reader_.digest}});
    }
    ~ServiceTest() override {
        if (server_) server_->stop(2s);
        work_.reset();
        if (thread_.joinable()) thread_.join();
        server_.reset();
        service_.reset();
        journal_.reset();
        std::filesystem::remove_all(folder_);
    }

    void start() {
        journal_ = journal::Journal::open(journal_options_).value();
        service_ = Service::make(
                       options_, formats_, [this] { return tokens_; }, *journal_, &registry_)
                       .value();
        service_->set_state(Service::State::running);
        http::Router router;
        service_->add_routes(router);
        server_ =
            http::Server::make(context_, http::Options(), std::move(router), registry_).value();
        server_->start();
        thread_ = std::thread([this] { context_.run(); });
    }

    Answer send(std::string_view method, std::string_view target, std::string_view body,
                const std::vector<std::string>& headers) {
        std::string request = std::string(method) + " " + std::string(target) +
                              " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
        for (const std::string& header : headers) request += header + "\r\n";
        if (method == "POST") request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        request += "\r\n";
        request += body;
        asio::io_context context;
        asio::ip::tcp::socket socket(context);
        socket.connect({asio::ip::address_v4::loopback(), server_->port()});
        boost::system::error_code error;
        asio::write(socket, asio::buffer(request), error);
        std::string all;
        asio::read(socket, asio::dynamic_buffer(all), error);
        Answer answer;
        const std::size_t end = all.find("\r\n\r\n");
        if (all.size() < 12 || end == std::string::npos) return answer;
        answer.status = static_cast<unsigned>(std::stoul(all.substr(9, 3)));
        answer.head = all.substr(0, end + 2);
        answer.body = all.substr(end + 4);
        return answer;
    }
    Answer post(std::string_view body, std::vector<std::string> more = {},
                std::string_view target = "/v1/ingest?source=gateway") {
        more.push_back("Authorization: Bearer " + token_.text);
        return send("POST", target, body, more);
    }

    std::vector<journal::Block> stored() {
        std::vector<journal::Block> out;
        journal::Reader reader = journal_->read_from(0);
        while (auto entry = reader.next().value()) out.push_back(std::move(entry->block));
        return out;
    }

    const std::string pepper_ = "0123456789abcdef0123456789abcdef";
    std::filesystem::path folder_;
    std::shared_ptr<const decode::Formats> formats_;
    NewToken token_, reader_;
    std::shared_ptr<const Tokens> tokens_;
    Service::Options options_;
    journal::Journal::Options journal_options_;
    metrics::Registry registry_;
    asio::io_context context_;
    asio::executor_work_guard<asio::io_context::executor_type> work_ =
        asio::make_work_guard(context_);
    std::unique_ptr<journal::Journal> journal_;
    std::unique_ptr<Service> service_;
    std::unique_ptr<http::Server> server_;
    std::thread thread_;
};

std::string gzip(std::string_view text) {
    libdeflate_compressor* one = libdeflate_alloc_compressor(6);
    std::string out(libdeflate_gzip_compress_bound(one, text.size()), '\0');
    out.resize(libdeflate_gzip_compress(one, text.data(), text.size(), out.data(), out.size()));
    libdeflate_free_compressor(one);
    return out;
}

TEST_F(ServiceTest, AcknowledgedIsInTheJournal) {
    start();
    const Answer answer =
        post(std::string(good) + std::string(good), {"Content-Type: application/x-ndjson"});
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(answer.number("accepted"), 2);
    EXPECT_EQ(answer.number("rejected"), 0);
    EXPECT_EQ(answer.number("duplicates"), 0);
    const std::vector<journal::Block> blocks = stored();
    ASSERT_EQ(blocks.size(), 1u);
    EXPECT_EQ(blocks[0].source, "gateway");
    EXPECT_EQ(blocks[0].client, token_.id);
    EXPECT_EQ(blocks[0].records, 2u);
    EXPECT_EQ(blocks[0].format, "json");
    EXPECT_EQ(blocks[0].batch_id, boost::json::parse(answer.body).at("batch").as_string());
}

TEST_F(ServiceTest, CountsEachRecordAsAcceptedRejectedOrDuplicate) {
    options_.sources = {{"gateway", "native", 120s}, {"other", "native", 120s}};
    options_.otlp_source = "other";
    start();
    const auto record = [](std::string_view id) {
        return R"({"time":"2024-06-01T00:00:00Z","event_id":")" + std::string(id) + "\"}\n";
    };
    const Answer first = post(record("a") + record("b") + record("a") + "{bad\n");
    EXPECT_EQ(first.number("accepted"), 2);
    EXPECT_EQ(first.number("rejected"), 1);
    EXPECT_EQ(first.number("duplicates"), 1) << "within the batch";
    const Answer again = post(record("b") + record("c"));
    EXPECT_EQ(again.number("accepted"), 1);
    EXPECT_EQ(again.number("duplicates"), 1) << "of an earlier batch";
    const Answer all = post(record("a"));
    EXPECT_EQ(all.status, 200u) << "nothing is wrong with a repeat";
    EXPECT_EQ(all.number("duplicates"), 1);
    EXPECT_EQ(post(record("a"), {}, "/v1/ingest?source=other").number("accepted"), 1);
    const std::vector<journal::Block> blocks = stored();
    ASSERT_EQ(blocks.size(), 5u) << "one of them is of dead letters";
    EXPECT_EQ(blocks[0].records, 3u) << "duplicates are stored all the same";
    EXPECT_EQ(blocks[3].records, 1u);
}

TEST_F(ServiceTest, ABatchThatWasNotStoredIsNewWhenItComesAgain) {
    journal_options_.segment_bytes = 64 << 10;
    journal_options_.quota_bytes = 128 << 10;
    options_.sources = {{"gateway", "native", 120s}, {"otlp", "json", 120s}};
    start();
    std::string noise;
    for (std::uint64_t seed = 1; noise.size() < 40'000;
         seed = seed * 6364136223846793005u + 1442695)
        noise += std::to_string(seed);
    Answer answer;
    std::string record;
    for (int i = 0; i < 20 && answer.status != 503; ++i) {
        record = R"({"time":"2024-06-01T00:00:00Z","event_id":")" + std::to_string(i) +
                 R"(","a":")" + noise + "\"}\n";
        answer = post(record);
    }
    ASSERT_EQ(answer.status, 503u);
    journal_->trim(journal_->end());  // on its own thread, some time soon
    for (int i = 0; i < 10'000 && answer.status == 503; ++i) answer = post(record);
    ASSERT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(answer.number("accepted"), 1);
    EXPECT_EQ(answer.number("duplicates"), 0);
}

TEST_F(ServiceTest, OneBadLineCostsOnlyItself) {
    start();
    const Answer answer = post(std::string(good) + "{nonsense\n" + std::string(good),
                               {"Content-Type: application/x-ndjson"});
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.number("accepted"), 2);
    EXPECT_EQ(answer.number("rejected"), 1);
    EXPECT_TRUE(answer.has("X-Rejected: 1\r\n"));
    const auto errors = boost::json::parse(answer.body).at("errors").as_array();
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_EQ(errors[0].at("line").as_int64(), 2);
    EXPECT_EQ(errors[0].at("code").as_string(), "bad_json");
    const std::vector<journal::Block> blocks = stored();
    ASSERT_EQ(blocks.size(), 2u);
    EXPECT_TRUE(blocks[1].rejects);
    EXPECT_EQ(blocks[1].records, 1u);
}

TEST_F(ServiceTest, NotOneUsableLineIsABadRequest) {
    start();
    const Answer answer = post("{nonsense\n", {"Content-Type: application/x-ndjson"});
    EXPECT_EQ(answer.status, 400u);
    EXPECT_EQ(answer.number("rejected"), 1);
}

TEST_F(ServiceTest, AnEmptyBodyIsFine) {
    start();
    const Answer answer = post("");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.number("accepted"), 0);
}

TEST_F(ServiceTest, AnEmptyBatchIsAHeartbeat) {
    start();
    EXPECT_EQ(post("").status, 200u);
    EXPECT_EQ(post("\n\n").status, 200u);
    EXPECT_EQ(post("{\"resourceLogs\":[]}", {"Content-Type: application/json"}, "/v1/logs").status,
              200u);
    const std::vector<journal::Block> blocks = stored();
    ASSERT_EQ(blocks.size(), 3u);
    for (const journal::Block& block : blocks) {
        EXPECT_EQ(block.format, "control");
        EXPECT_EQ(block.lines, "heartbeat\n");
        EXPECT_EQ(block.client, token_.id);
    }
    EXPECT_EQ(blocks[0].source, "gateway");
    EXPECT_EQ(blocks[2].source, "otlp");
}

TEST_F(ServiceTest, TheNumbersOfABatchStandBehindIt) {
    start();
    const std::vector<std::string> headers{"Callerprint-Producer: gw-1",
                                           "Callerprint-Sequence: 17-18"};
    EXPECT_EQ(post(std::string(good) + std::string(good), headers).status, 200u);
    EXPECT_EQ(post("", headers).status, 200u);
    EXPECT_EQ(post("{bad\n", headers).status, 400u) << "refused, and kept as a dead letter";
    const std::vector<journal::Block> blocks = stored();
    ASSERT_EQ(blocks.size(), 5u);
    EXPECT_EQ(blocks[1].lines, "sequence 17-18 gw-1\n");
    EXPECT_EQ(blocks[1].batch_id, blocks[0].batch_id);
    EXPECT_EQ(blocks[1].format, "control");
    EXPECT_EQ(blocks[2].lines, "heartbeat\nsequence 17-18 gw-1\n");
    EXPECT_TRUE(blocks[3].rejects);
    EXPECT_FALSE(blocks[4].rejects);
    EXPECT_EQ(blocks[4].lines, "sequence 17-18 gw-1\n");
}

TEST_F(ServiceTest, NumbersThatAreNoneAreRefused) {
    start();
    for (const std::vector<std::string>& headers :
         {std::vector<std::string>{"Callerprint-Producer: gw"},
          {"Callerprint-Sequence: 1"},
          {"Callerprint-Producer: a b", "Callerprint-Sequence: 1"},
          {"Callerprint-Producer: gw", "Callerprint-Sequence: 2-1"},
          {"Callerprint-Producer: gw", "Callerprint-Sequence: 1-"},
          {"Callerprint-Producer: gw", "Callerprint-Sequence: 1234567890123456789"}}) {
        const Answer answer = post(good, headers);
        EXPECT_EQ(answer.status, 400u) << headers.back();
        EXPECT_NE(answer.body.find("bad_sequence"), std::string::npos);
    }
    EXPECT_TRUE(stored().empty());
}

TEST_F(ServiceTest, ContentCodingsAreUndone) {
    start();
    EXPECT_EQ(post(gzip(good), {"Content-Encoding: gzip"}).number("accepted"), 1);
    EXPECT_EQ(post("not gzip", {"Content-Encoding: gzip"}).status, 400u);
    EXPECT_EQ(post(gzip(std::string(20 << 20, 'x')), {"Content-Encoding: gzip"}).status, 413u);
    const Answer unknown = post("x", {"Content-Encoding: br"});
    EXPECT_EQ(unknown.status, 415u);
    EXPECT_TRUE(unknown.has("Accept-Encoding: identity, gzip, zstd"));
    EXPECT_EQ(post("x", {"Content-Encoding: gzip, gzip"}).status, 415u);
    EXPECT_EQ(post("x", {"Content-Type: image/png"}).status, 415u);
    EXPECT_EQ(stored().size(), 1u);
}

TEST_F(ServiceTest, TokensAreCheckedAndGuessingIsSlowedDown) {
    start();
    EXPECT_EQ(
        send("POST", "/v1/ingest?source=gateway", good, {"Authorization: Bearer " + reader_.text})
            .status,
        403u);
    EXPECT_EQ(post(good, {}, "/v1/ingest?source=nobody").status, 400u);
    unsigned last = 0;
    for (int i = 0; i < 4; ++i) {
        const Answer answer = send("POST", "/v1/ingest?source=gateway", good, {});
        last = answer.status;
        if (i == 0) EXPECT_EQ(last, 401u);
        if (i == 0) EXPECT_TRUE(answer.has("WWW-Authenticate: Bearer"));
    }
    EXPECT_EQ(last, 429u);
    EXPECT_TRUE(stored().empty());
}

TEST_F(ServiceTest, AnIdempotencyKeyIsAnsweredOnce) {
    start();
    const std::vector<std::string> key{"Idempotency-Key: batch-1"};
    const Answer first = post(good, key);
    const Answer again = post(good, key);
    EXPECT_EQ(first.status, 200u);
    EXPECT_EQ(again.status, 200u);
    EXPECT_EQ(again.body, first.body);
    EXPECT_FALSE(first.has("Idempotent-Replay"));
    EXPECT_TRUE(again.has("Idempotent-Replay: true"));
    EXPECT_EQ(post(std::string(good) + std::string(good), key).status, 422u);
    EXPECT_EQ(post(good, {"Idempotency-Key: has space"}).status, 400u);
    ASSERT_EQ(stored().size(), 1u);
    EXPECT_NE(stored()[0].idempotency, 0u);
    EXPECT_EQ(post("{bad", {"Idempotency-Key: k2"}).status, 400u);
    EXPECT_EQ(post(good, {"Idempotency-Key: k2"}).status, 200u) << "a refused batch frees its key";
}

TEST_F(ServiceTest, AClientOverItsQuotaWaits) {
    options_.client_records_per_second = 1;
    options_.client_burst = 1s;
    start();
    const Answer taken = post(std::string(good) + std::string(good) + std::string(good));
    EXPECT_EQ(taken.status, 200u);
    EXPECT_TRUE(taken.has("RateLimit-Policy: \"records\";q=1;qu=\"records\";w=1, \"bytes\";q="));
    EXPECT_TRUE(taken.has("RateLimit: \"records\";r=0;t=3, \"bytes\";r=")) << taken.head;
    const Answer answer = post(good);
    EXPECT_EQ(answer.status, 429u);
    EXPECT_TRUE(answer.has("RateLimit: \"records\";r=0;t="));
    const std::size_t at = answer.head.find("Retry-After: ");
    ASSERT_NE(at, std::string::npos);
    EXPECT_GE(std::stoi(answer.head.substr(at + 13)), 2) << "no earlier than the debt is paid";
}

TEST_F(ServiceTest, AClientWithoutAQuotaIsToldNothingOfIt) {
    options_.client_records_per_second = 0;
    options_.client_bytes_per_second = 0;
    start();
    const Answer answer = post(good);
    EXPECT_EQ(answer.status, 200u);
    EXPECT_FALSE(answer.has("RateLimit"));
}

TEST_F(ServiceTest, AFullJournalAnswers503AndStoresNothing) {
    journal_options_.segment_bytes = 64 << 10;
    journal_options_.quota_bytes = 128 << 10;
    start();
    std::string noise = R"({"time":"2024-06-01T00:00:00Z","a":")";
    for (std::uint64_t seed = 1; noise.size() < 40'000;
         seed = seed * 6364136223846793005u + 1442695)
        noise += std::to_string(seed);
    noise += "\"}\n";
    unsigned status = 200;
    std::size_t good_answers = 0;
    Answer answer;
    for (int i = 0; i < 20 && status == 200; ++i) {
        answer = post(noise, {"Content-Type: application/x-ndjson"});
        status = answer.status;
        good_answers += status == 200;
    }
    EXPECT_EQ(status, 503u);
    EXPECT_TRUE(answer.has("Retry-After: "));
    EXPECT_EQ(stored().size(), good_answers);
}

TEST_F(ServiceTest, StartingAndStoppingAnswer503) {
    start();
    for (const Service::State state : {Service::State::starting, Service::State::stopping}) {
        service_->set_state(state);
        const Answer answer = post(good);
        EXPECT_EQ(answer.status, 503u);
        EXPECT_TRUE(answer.has("Retry-After: "));
    }
}

TEST_F(ServiceTest, OtlpIsAnsweredInItsOwnEncoding) {
    start();
    const Answer json =
        post(R"({"resourceLogs":[]})", {"Content-Type: application/json"}, "/v1/logs");
    EXPECT_EQ(json.status, 200u) << json.body;
    EXPECT_EQ(json.body, "{}");
    const Answer protobuf = post("", {"Content-Type: application/x-protobuf"}, "/v1/logs");
    EXPECT_EQ(protobuf.status, 200u);
    EXPECT_TRUE(protobuf.has("Content-Type: application/x-protobuf"));
    EXPECT_EQ(protobuf.body, "");
    const Answer broken = post("{", {"Content-Type: application/json"}, "/v1/logs");
    EXPECT_EQ(broken.status, 400u);
    EXPECT_EQ(broken.number("code"), 3);
    EXPECT_EQ(post("x", {"Content-Type: text/plain"}, "/v1/logs").status, 415u);
}

TEST_F(ServiceTest, LimitsAreShown) {
    start();
    const Answer open = send("GET", "/v1/limits", "", {});
    EXPECT_EQ(open.status, 200u);
    EXPECT_EQ(open.number("max_body"), 16 << 20);
    EXPECT_EQ(open.number("max_decoded"), 64 << 20);
    EXPECT_EQ(open.number("max_line"), 256 << 10);
    EXPECT_EQ(open.body.find("gateway"), std::string::npos);
    const Answer known = send("GET", "/v1/limits", "", {"Authorization: Bearer " + token_.text});
    EXPECT_NE(known.body.find("gateway"), std::string::npos);
}

TEST_F(ServiceTest, OptionsAreChecked) {
    journal_ = journal::Journal::open(journal_options_).value();
    const auto make = [&] { return Service::make(options_, formats_, nullptr, *journal_); };
    options_.sources[0].format = "no-such-format";
    EXPECT_FALSE(make());
    options_.sources[0].format = "json";
    options_.sources[1].name = "gateway";
    EXPECT_FALSE(make());
    options_.sources.clear();
    EXPECT_FALSE(make());
}

}  // namespace
}  // namespace ingest
