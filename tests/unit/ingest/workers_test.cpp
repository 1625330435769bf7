#include "ingest/workers.hpp"

#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <fstream>
#include <future>
#include <iterator>
#include <latch>
#include <optional>

namespace ingest {
namespace {

namespace asio = boost::asio;
using Outcome = std::expected<Prepared, PrepareFault>;

class WorkersTest : public testing::Test {
protected:
    WorkersTest() {
        std::ifstream native(CALLERPRINT_ROOT "/config/formats/native.yaml");
        const decode::FormatFile file{"native.yaml",
                                      std::string(std::istreambuf_iterator<char>(native), {})};
        options.formats = decode::Formats::load({&file, 1}).value();
        options.scrub_key = "0123456789abcdef";
        options.threads = 1;
    }

    static Batch batch_of(std::size_t bytes) {
        Batch batch;
        const std::string line = R"({"time":"2024-06-01T00:00:00Z","a":")";
        batch.body = line + std::string(bytes - line.size() - 3, 'x') + "\"}\n";
        batch.head.source = "gateway";
        batch.head.client = "shipper";
        return batch;
    }
    static Batch large() { return batch_of(Workers::small_bytes + 1); }

    // On this thread: what came of it. Whether it came back to it is checked on the way.
    void prepare(Batch batch, std::function<bool()> wanted, std::optional<Outcome>& out) {
        asio::co_spawn(
            context,
            [this, batch = std::move(batch), wanted = std::move(wanted),
             &out]() mutable -> asio::awaitable<void> {
                const auto home = std::this_thread::get_id();
                out = co_await workers->prepare(std::move(batch), *options.formats->find("json"),
                                                std::move(wanted));
                EXPECT_EQ(std::this_thread::get_id(), home);
            },
            [](const std::exception_ptr& thrown) {
                if (thrown) std::rethrow_exception(thrown);
            });
    }
    void start() { workers.emplace(options); }

    Workers::Options options;
    asio::io_context context;
    std::optional<Workers> workers;
};

TEST_F(WorkersTest, LargeBatchesAreWorkedOnElsewhereAndComeBack) {
    start();
    std::thread::id where;
    std::optional<Outcome> outcome;
    prepare(
        large(),
        [&] {
            where = std::this_thread::get_id();
            return true;
        },
        outcome);
    context.run();
    ASSERT_TRUE(outcome && *outcome);
    EXPECT_EQ((*outcome)->records, 1u);
    EXPECT_NE(where, std::thread::id());
    EXPECT_NE(where, std::this_thread::get_id());
}

TEST_F(WorkersTest, OneThatIsNotWantedWhenItsTurnComesIsNotBegun) {
    start();
    for (const std::size_t bytes : {Workers::small_bytes, Workers::small_bytes + 1}) {
        std::optional<Outcome> outcome;
        prepare(batch_of(bytes), [] { return false; }, outcome);
        context.restart();
        context.run();
        ASSERT_TRUE(outcome);
        ASSERT_FALSE(*outcome);
        EXPECT_EQ(outcome->error(), PrepareFault::unwanted);
    }
}

TEST_F(WorkersTest, SmallBatchesDoNotWaitBehindLargeOnes) {
    start();
    std::latch small_done(1);
    std::optional<Outcome> first;
    std::optional<Outcome> second;
    std::optional<Outcome> small;
    prepare(
        large(),
        [&] {
            small_done.wait();  // its turn lasts until the small one is through
            return true;
        },
        first);
    prepare(large(), [] { return true; }, second);
    prepare(batch_of(Workers::small_bytes), [] { return true; }, small);
    while (!small) context.run_one();
    EXPECT_TRUE(*small);
    EXPECT_FALSE(first || second);
    small_done.count_down();
    context.run();
    EXPECT_TRUE(*first);
    EXPECT_TRUE(*second);
}

TEST_F(WorkersTest, WhatIsThrownElsewhereArrivesOnTheThreadThatWaits) {
    start();
    std::optional<Outcome> outcome;
    prepare(large(), []() -> bool { throw std::bad_alloc(); }, outcome);
    EXPECT_THROW(context.run(), std::bad_alloc);
    EXPECT_FALSE(outcome);
}

TEST_F(WorkersTest, AStopLetsWhatWaitsEnd) {
    options.threads = 2;
    start();
    std::array<std::optional<Outcome>, 20> outcomes;
    for (auto& one : outcomes) prepare(large(), [] { return true; }, one);
    context.poll();
    workers->stop();
    context.restart();
    context.run();
    for (const auto& one : outcomes) EXPECT_TRUE(one && *one);
}

}  // namespace
}  // namespace ingest
