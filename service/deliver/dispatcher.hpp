#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "deliver/gate.hpp"
#include "deliver/outbox.hpp"
#include "deliver/schedule.hpp"
#include "http/client.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace metrics {
class Registry;
}

namespace deliver {

/// Claims deliveries, sends them, marks what became of them.
///
/// Two threads of its own: one that sends (any number at once, bounded), one that talks to the
/// outbox, which blocks. A process that dies between sending and marking sends again after the
/// lease: at least once, under the same id.
class Dispatcher {
public:
    struct Options {
        unsigned in_flight = 64;    ///< Attempts at once; 1 to 10'000.
        unsigned per_endpoint = 4;  ///< Of them to one endpoint; 1 to in_flight.
        /// After so many failures in a row an endpoint gets one attempt at a time, until one works.
        unsigned failures_to_slow_down = 5;
        std::chrono::milliseconds poll{1'000};  ///< Without a notify(); 10 ms to a minute.
        http::Deadlines deadlines;
        Schedule schedule;
        std::string user_agent = "Callerprint-Webhooks/1";
        std::function<base::WallTime()> now = &base::WallClock::now;
    };

    /// `outbox` and `metrics` are borrowed until this is destroyed. Fails with `invalid`.
    static base::Result<std::unique_ptr<Dispatcher>> make(Options options, Gate gate,
                                                          std::unique_ptr<http::Client> client,
                                                          Outbox& outbox,
                                                          metrics::Registry& metrics);
    /// Stops without grace unless stop() was called.
    ~Dispatcher();

    void start();

    /// There may be something to claim. A hint, from any thread.
    void notify();

    /// Claims no more, lets attempts under way end and marks them; after `grace` abandons what is
    /// left to its lease. Blocks. True when nothing was abandoned.
    bool stop(std::chrono::milliseconds grace);

private:
    struct State;
    explicit Dispatcher(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace deliver
