#include "deliver/dispatcher.hpp"

#include "deliver/signature.hpp"
#include "http/server.hpp"
#include "metrics/registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using Kind = deliver::Outcome::Kind;

/// An outbox in memory that keeps the store's promises: due ones only, each leased once.
class FakeOutbox : public deliver::Outbox {
public:
    base::Result<std::vector<deliver::Delivery>> claim(const Wish& wish) override {
        const std::lock_guard lock(mutex);
        if (away) return base::fail(base::Fault::unavailable, "no database");
        std::vector<deliver::Delivery> out;
        std::map<std::string, unsigned> per_endpoint;
        std::erase_if(waiting, [&](auto& row) {
            if (out.size() == wish.limit || row.due > wish.now) return false;
            if (std::ranges::find(wish.busy, row.delivery.endpoint) != wish.busy.end())
                return false;
            if (++per_endpoint[row.delivery.endpoint] > wish.per_endpoint) return false;
            ++row.delivery.attempt;
            out.push_back(row.delivery);
            return true;
        });
        return out;
    }

    base::Result<void> clock_set_back(base::WallTime now) override {
        const std::lock_guard lock(mutex);
        if (away) return base::fail(base::Fault::unavailable, "no database");
        ++set_back;
        for (auto& row : waiting) row.due = std::min(row.due, now);
        return {};
    }

    base::Result<void> mark(const deliver::Delivery& delivery,
                            const deliver::Outcome& outcome) override {
        const std::lock_guard lock(mutex);
        if (away) return base::fail(base::Fault::unavailable, "no database");
        if (outcome.kind == Kind::released || outcome.kind == Kind::retry) {
            auto again = delivery;
            if (outcome.kind == Kind::released) --again.attempt;
            waiting.push_back({again, outcome.next});
        }
        if (outcome.kind == Kind::released) return {};
        outcomes[delivery.id].push_back(outcome);
        changed.notify_all();
        return {};
    }

    void add(deliver::Delivery delivery, base::WallTime due = {}) {
        const std::lock_guard lock(mutex);
        delivery.attempt = 0;
        waiting.push_back({std::move(delivery), due});
    }

    /// The outcomes of a delivery once it has so many.
    std::vector<deliver::Outcome> wait_for(const std::string& id, std::size_t count) {
        std::unique_lock lock(mutex);
        changed.wait_for(lock, 10s, [&] { return outcomes[id].size() >= count; });
        return outcomes[id];
    }

    struct Row {
        deliver::Delivery delivery;
        base::WallTime due;
    };
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Row> waiting;
    std::map<std::string, std::vector<deliver::Outcome>> outcomes;
    bool away = false;
    int set_back = 0;
};

/// A receiver on loopback, and a dispatcher that may reach it.
class Dispatcher : public testing::Test {
protected:
    void SetUp() override {
        http::Router router;
        router.add("POST", "/{kind}", http::Access::open(),
                   [this](http::Request& request) -> boost::asio::awaitable<http::Response> {
                       return receive(request);
                   });
        auto made = http::Server::make(context, {}, std::move(router), registry);
        ASSERT_TRUE(made);
        server = std::move(*made);
        server->start();
        thread = std::thread([this] { context.run(); });
    }
    void TearDown() override {
        dispatcher.reset();
        server->stop(1s);
        guard.reset();
        context.stop();
        thread.join();
    }

    boost::asio::awaitable<http::Response> receive(http::Request& request) {
        const auto now_at_once = ++at_once;
        most_at_once = std::max(most_at_once.load(), now_at_once);
        ++received[std::string(request.header("webhook-id").value_or(""))];
        const std::string kind(request.parameter("kind"));
        const auto body = co_await request.read_body(100'000);
        const std::string sent(request.header("webhook-signature").value_or(""));
        const auto seconds =
            std::stoll(std::string(request.header("webhook-timestamp").value_or("0")));
        const auto expected =
            deliver::signature(request.header("webhook-id").value_or(""),
                               base::wall_time(seconds * 1'000'000), *body, secrets);
        if (sent != *expected) ++forged;
        if (kind == "slow") {
            boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, 100ms);
            co_await timer.async_wait(boost::asio::use_awaitable);
        }
        --at_once;
        if (kind == "gone") co_return http::Response::text(410, "gone");
        if (kind == "broken" || (kind == "flaky" && ++flaky_calls < 3)) {
            co_return http::Response::text(500, "no");
        }
        co_return http::Response::text(200, "thanks");
    }

    void begin(deliver::Dispatcher::Options options = {}) {
        options.poll = 10ms;
        options.schedule = deliver::Schedule({0ms, 1ms, 1ms, 1ms});
        auto client = http::Client::make({});
        auto gate = deliver::Gate::make({.trusted = {"127.0.0.1"}});
        ASSERT_TRUE(client && gate);
        auto made = deliver::Dispatcher::make(std::move(options), std::move(*gate),
                                              std::move(*client), outbox, registry);
        ASSERT_TRUE(made) << made.error().reason;
        dispatcher = std::move(*made);
        dispatcher->start();
    }

    deliver::Delivery delivery(const std::string& id, const std::string& kind) {
        deliver::Delivery out;
        out.id = id;
        out.endpoint = "ep_" + kind;
        out.url = "http://127.0.0.1:" + std::to_string(server->port()) + "/" + kind;
        out.secrets = secrets;
        out.body = R"({"type":"alert.opened"})";
        return out;
    }

    metrics::Registry registry;
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard{
        context.get_executor()};
    std::unique_ptr<http::Server> server;
    std::thread thread;
    const std::vector<std::string> secrets{deliver::new_secret(), deliver::new_secret()};

    // Of the receiver's thread; read when it has answered.
    std::map<std::string, int> received;
    int flaky_calls = 0;
    std::atomic<int> at_once{0}, most_at_once{0}, forged{0};

    FakeOutbox outbox;
    std::unique_ptr<deliver::Dispatcher> dispatcher;
};

TEST_F(Dispatcher, DeliversSignedAndMarks) {
    outbox.add(delivery("msg_1", "good"));
    begin();
    const auto outcomes = outbox.wait_for("msg_1", 1);
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes[0].kind, Kind::delivered);
    EXPECT_EQ(outcomes[0].http_status, 200U);
    EXPECT_EQ(outcomes[0].answer, "thanks");
    EXPECT_EQ(forged, 0);
    EXPECT_THAT(registry.page(),
                testing::HasSubstr("webhook_attempts_total{outcome=\"delivered\"} 1\n"));
}

TEST_F(Dispatcher, RetriesUntilItWorks) {
    outbox.add(delivery("msg_1", "flaky"));
    begin();
    const auto outcomes = outbox.wait_for("msg_1", 3);
    ASSERT_EQ(outcomes.size(), 3U);
    EXPECT_EQ(outcomes[0].kind, Kind::retry);
    EXPECT_EQ(outcomes[2].kind, Kind::delivered);
}

TEST_F(Dispatcher, GivesUpAndSaysSo) {
    outbox.add(delivery("msg_1", "broken"));
    outbox.add(delivery("msg_2", "gone"));
    auto inside = delivery("msg_3", "good");
    inside.url = "http://10.0.0.1/";
    outbox.add(inside);
    begin();
    EXPECT_EQ(outbox.wait_for("msg_1", 4).back().kind, Kind::dead);
    EXPECT_EQ(outbox.wait_for("msg_2", 1).back().kind, Kind::disabled);
    const auto refused = outbox.wait_for("msg_3", 1);
    EXPECT_EQ(refused.back().kind, Kind::dead);
    EXPECT_FALSE(refused.back().http_status);
}

TEST_F(Dispatcher, KeepsAnEndpointToItsShare) {
    for (int i = 0; i < 20; ++i) outbox.add(delivery("msg_" + std::to_string(i), "slow"));
    outbox.add(delivery("msg_good", "good"));
    const auto start = std::chrono::steady_clock::now();
    begin({.in_flight = 8, .per_endpoint = 3});
    EXPECT_EQ(outbox.wait_for("msg_good", 1).size(), 1U);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 600ms) << "held up by the slow endpoint";
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(outbox.wait_for("msg_" + std::to_string(i), 1).size(), 1U);
    }
    EXPECT_LE(most_at_once, 4);
}

TEST_F(Dispatcher, KeepsOutcomesWhileTheOutboxIsAway) {
    outbox.add(delivery("msg_1", "slow"));
    begin();
    while (at_once == 0) std::this_thread::sleep_for(1ms);
    {
        const std::lock_guard lock(outbox.mutex);
        outbox.away = true;
    }
    std::this_thread::sleep_for(250ms);
    {
        const std::lock_guard lock(outbox.mutex);
        EXPECT_TRUE(outbox.outcomes["msg_1"].empty());
        outbox.away = false;
    }
    EXPECT_EQ(outbox.wait_for("msg_1", 1).size(), 1U);
    dispatcher->stop(1s);
    server->stop(1s);
    EXPECT_EQ(received["msg_1"], 1) << "sent again while the outcome waited";
}

TEST_F(Dispatcher, ATomorrowThatWasTakenBackIsNotWaitedFor) {
    std::atomic<std::int64_t> shift{24 * 3'600};
    const auto clock = [&] { return base::WallClock::now() + std::chrono::seconds(shift); };
    outbox.add(delivery("msg_before", "good"), clock());  // by a server that runs no more
    shift = 0;
    begin({.now = clock});
    EXPECT_EQ(outbox.wait_for("msg_before", 1).size(), 1U);
    shift = -2 * 3'600;
    outbox.add(delivery("msg_meanwhile", "good"), base::WallClock::now());
    EXPECT_EQ(outbox.wait_for("msg_meanwhile", 1).size(), 1U);
    shift = 3 * 3'600;
    outbox.add(delivery("msg_ahead", "good"));
    EXPECT_EQ(outbox.wait_for("msg_ahead", 1).size(), 1U);
    dispatcher->stop(1s);  // the clock is this test's
    const std::lock_guard lock(outbox.mutex);
    EXPECT_EQ(outbox.set_back, 2) << "once at the start, once for the step back";
}

TEST_F(Dispatcher, DrainsWhenStopped) {
    for (int i = 0; i < 4; ++i) outbox.add(delivery("msg_" + std::to_string(i), "slow"));
    begin();
    while (at_once == 0) std::this_thread::sleep_for(1ms);
    EXPECT_TRUE(dispatcher->stop(5s));
    EXPECT_EQ(at_once, 0);
    EXPECT_EQ(outbox.outcomes.size() + outbox.waiting.size(), 4U);
}

TEST_F(Dispatcher, AbandonsToTheLeaseAfterItsGrace) {
    outbox.add(delivery("msg_1", "slow"));
    begin();
    while (at_once == 0) std::this_thread::sleep_for(1ms);
    EXPECT_FALSE(dispatcher->stop(5ms));
    EXPECT_TRUE(outbox.outcomes.empty());
}

TEST(DispatcherMake, ChecksItsOptions) {
    FakeOutbox outbox;
    metrics::Registry registry;
    const auto make = [&](deliver::Dispatcher::Options options) {
        return deliver::Dispatcher::make(std::move(options), *deliver::Gate::make({}),
                                         *http::Client::make({}), outbox, registry);
    };
    EXPECT_TRUE(make({}));
    EXPECT_FALSE(make({.in_flight = 0}));
    EXPECT_FALSE(make({.in_flight = 2, .per_endpoint = 3}));
    EXPECT_FALSE(make({.poll = 1ms}));
}

}  // namespace
