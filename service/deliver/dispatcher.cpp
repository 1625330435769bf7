#include "deliver/dispatcher.hpp"

#include "base/kill_point.hpp"
#include "base/log.hpp"
#include "base/thread.hpp"
#include "base/wall_steps.hpp"
#include "deliver/attempt.hpp"
#include "deliver/probe.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

namespace deliver {
namespace asio = boost::asio;
namespace {

using Clock = std::chrono::steady_clock;

struct Finished {
    Delivery delivery;
    Outcome outcome;
};

/// What the outbox thread remembers of an endpoint while it has something under way or fails.
struct Endpoint {
    unsigned in_flight = 0;
    unsigned failures = 0;  ///< In a row.
};

}  // namespace

struct Dispatcher::State {
    State(Options opts, Gate the_gate, std::unique_ptr<http::Client> the_client, Outbox& the_outbox,
          metrics::Registry& metrics)
        : options(std::move(opts)),
          gate(std::move(the_gate)),
          outbox(the_outbox),
          probe(metrics),
          guard(context.get_executor()),
          client(std::move(the_client)) {}

    void run_outbox();
    void claim();
    [[nodiscard]] bool clock_is_followed(base::WallTime now);
    void mark_finished();
    void outbox_answers(const base::Error* error);
    void remember(const Finished& finished);
    [[nodiscard]] unsigned room_of(const std::string& endpoint) const;
    asio::awaitable<void> send(Delivery delivery);
    [[nodiscard]] double jitter();
    void end(bool graceful, std::chrono::milliseconds grace);

    const Options options;
    const Gate gate;
    Outbox& outbox;
    const Probe probe;

    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard;
    std::unique_ptr<http::Client> client;  // destroyed before the context its look-ups post to

    std::thread sender;
    std::thread outbox_thread;

    // Of the outbox thread alone.
    std::map<std::string, Endpoint> endpoints;
    unsigned under_way = 0;
    std::deque<Finished> to_mark;
    bool outbox_is_there = true;
    base::WallSteps steps;
    bool set_back = true;  // the clock: nobody watched it before the start

    std::mt19937_64 random{std::random_device{}()};  // of the sending thread alone

    std::mutex mutex;  // for what follows
    std::condition_variable changed;
    std::deque<Finished> finished;  // bounded by in_flight
    bool notified = true;
    bool stopping = false;
    bool drained = false;
    Clock::time_point give_up = Clock::time_point::max();
};

double Dispatcher::State::jitter() {
    return std::uniform_real_distribution<double>(0, 1)(random);
}

asio::awaitable<void> Dispatcher::State::send(Delivery delivery) {
    const auto start = Clock::now();
    auto request = request_of(delivery, gate, options.now(), options.user_agent);
    Outcome outcome;
    if (request) {
        request->deadlines = options.deadlines;
        request->check = [this, insecure = delivery.insecure](std::string_view address) {
            return gate.allows(address, insecure);
        };
        BASE_KILL_POINT("deliver.send.before");
        const auto answer = co_await client->send(std::move(*request));
        BASE_KILL_POINT("deliver.send.after");
        outcome = outcome_of(delivery, answer, options.schedule, options.now(), jitter());
    } else {  // no later attempt is any better: somebody must change the endpoint first
        outcome.kind = Outcome::Kind::dead;
        outcome.at = options.now();
        outcome.error = request.error().reason;
    }
    outcome.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
    probe.attempted(outcome);
    const std::lock_guard lock(mutex);
    finished.push_back({std::move(delivery), std::move(outcome)});
    changed.notify_all();
}

unsigned Dispatcher::State::room_of(const std::string& id) const {
    const auto found = endpoints.find(id);
    if (found == endpoints.end()) return options.per_endpoint;
    const bool slow = found->second.failures >= options.failures_to_slow_down;
    const unsigned most = slow ? 1 : options.per_endpoint;
    return most - std::min(most, found->second.in_flight);
}

/// Whether no delivery waits for a moment of a clock that was set back since.
bool Dispatcher::State::clock_is_followed(base::WallTime now) {
    const auto step = steps.look(now, Clock::now());
    set_back = set_back || (step && *step < step->zero());
    if (!set_back) return true;
    const auto followed = outbox.clock_set_back(now);
    outbox_answers(!followed ? &followed.error() : nullptr);
    set_back = !followed;
    return !set_back;
}

void Dispatcher::State::claim() {
    Outbox::Wish wish;
    wish.now = options.now();
    if (!clock_is_followed(wish.now)) return;
    wish.limit = options.in_flight - under_way;
    if (wish.limit == 0) return;
    wish.per_endpoint = options.per_endpoint;
    std::vector<std::string> busy;
    for (const auto& [id, endpoint] : endpoints) {
        if (room_of(id) == 0) busy.push_back(id);
    }
    wish.busy = busy;
    auto claimed = outbox.claim(wish);
    outbox_answers(!claimed ? &claimed.error() : nullptr);
    if (!claimed) return;
    BASE_KILL_POINT("deliver.claim.committed");
    for (auto& delivery : *claimed) {
        if (room_of(delivery.endpoint) == 0 || under_way == options.in_flight) {
            Outcome released;
            released.kind = Outcome::Kind::released;
            released.at = wish.now;
            to_mark.push_back({std::move(delivery), std::move(released)});
            continue;
        }
        ++endpoints[delivery.endpoint].in_flight;
        ++under_way;
        asio::co_spawn(context, send(std::move(delivery)), asio::detached);
    }
    probe.in_flight.set(under_way);
}

void Dispatcher::State::remember(const Finished& done) {
    const auto& [delivery, outcome] = done;
    auto& endpoint = endpoints[delivery.endpoint];
    --endpoint.in_flight;
    --under_way;
    const bool delivered = outcome.kind == Outcome::Kind::delivered;
    endpoint.failures = delivered ? 0 : endpoint.failures + 1;
    if (endpoint.in_flight == 0 && endpoint.failures == 0) endpoints.erase(delivery.endpoint);
    if (delivered) return;
    base::log::warn("deliver.refused", {{"delivery", delivery.id},
                                        {"endpoint", delivery.endpoint},
                                        {"attempt", delivery.attempt},
                                        {"status", outcome.http_status.value_or(0)},
                                        {"outcome", name(outcome.kind)},
                                        {"reason", outcome.error}});
}

/// A line when the outbox goes away and one when it is back, not one a round.
void Dispatcher::State::outbox_answers(const base::Error* error) {
    const bool answers = error == nullptr;
    if (answers == outbox_is_there) return;
    outbox_is_there = answers;
    if (answers) {
        base::log::info("deliver.outbox_back");
    } else {
        base::log::warn("deliver.outbox_failed", {{"reason", error->reason}});
    }
}

/// Marks in order; what the outbox cannot take now stays for the next round.
void Dispatcher::State::mark_finished() {
    while (!to_mark.empty()) {
        const auto& [delivery, outcome] = to_mark.front();
        const auto marked = outbox.mark(delivery, outcome);
        outbox_answers(!marked ? &marked.error() : nullptr);
        if (!marked) {
            probe.failed_marks.add();
            if (marked.error().fault == base::Fault::unavailable) return;
        }
        BASE_KILL_POINT("deliver.mark.committed");
        to_mark.pop_front();
    }
}

void Dispatcher::State::run_outbox() {
    std::unique_lock lock(mutex);
    while (true) {
        auto news = std::exchange(finished, {});
        notified = false;
        const bool claims = !stopping;
        lock.unlock();
        for (auto& done : news) {
            remember(done);
            to_mark.push_back(std::move(done));
        }
        mark_finished();
        // While outcomes cannot be marked the outbox is away, and claiming would only add to them.
        if (claims && to_mark.empty()) {
            claim();
            mark_finished();
        }
        probe.in_flight.set(under_way);
        lock.lock();
        if (stopping && under_way == 0 && to_mark.empty()) {
            drained = true;
            return;
        }
        if (stopping && Clock::now() >= give_up) return;
        const auto until = std::min(Clock::now() + options.poll, give_up);
        changed.wait_until(lock, until, [this, claims] {
            return !finished.empty() || notified || (claims && stopping);
        });
    }
}

void Dispatcher::State::end(bool graceful, std::chrono::milliseconds grace) {
    {
        const std::lock_guard lock(mutex);
        stopping = true;
        give_up = Clock::now() + (graceful ? grace : std::chrono::milliseconds(0));
        changed.notify_all();
    }
    if (outbox_thread.joinable()) outbox_thread.join();
    context.stop();
    if (sender.joinable()) sender.join();
}

base::Result<std::unique_ptr<Dispatcher>> Dispatcher::make(Options options, Gate gate,
                                                           std::unique_ptr<http::Client> client,
                                                           Outbox& outbox,
                                                           metrics::Registry& metrics) {
    if (options.in_flight < 1 || options.in_flight > 10'000) {
        return base::fail(base::Fault::invalid, "in_flight must be 1 to 10000");
    }
    if (options.per_endpoint < 1 || options.per_endpoint > options.in_flight) {
        return base::fail(base::Fault::invalid, "per_endpoint must be 1 to in_flight");
    }
    if (options.poll < std::chrono::milliseconds(10) || options.poll > std::chrono::minutes(1)) {
        return base::fail(base::Fault::invalid, "poll must be 10 ms to 1 minute");
    }
    return std::unique_ptr<Dispatcher>(new Dispatcher(std::make_unique<State>(
        std::move(options), std::move(gate), std::move(client), outbox, metrics)));
}

Dispatcher::Dispatcher(std::unique_ptr<State> state) : state_(std::move(state)) {}

Dispatcher::~Dispatcher() {
    state_->end(false, std::chrono::milliseconds(0));
}

void Dispatcher::start() {
    state_->sender = std::thread([state = state_.get()] {
        base::name_thread("sender");
        state->context.run();
    });
    state_->outbox_thread = std::thread([state = state_.get()] {
        base::name_thread("outbox");
        state->run_outbox();
    });
}

void Dispatcher::notify() {
    const std::lock_guard lock(state_->mutex);
    state_->notified = true;
    state_->changed.notify_all();
}

bool Dispatcher::stop(std::chrono::milliseconds grace) {
    const bool running = state_->outbox_thread.joinable();
    state_->end(true, grace);
    return !running || state_->drained;
}

}  // namespace deliver
