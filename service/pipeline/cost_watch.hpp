#pragma once

#include "metrics/registry.hpp"
#include "pipeline/costs.hpp"
#include "policy/busy.hpp"
#include "policy/set.hpp"

#include <time.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pipeline {

/// Samples which policy the evaluator is at, and publishes what each costs.
///
/// A thread of its own looks every 2 ms and charges the processor time that the evaluator took
/// since to the policy it is at. So evaluation pays a store for a comparison, the share is of
/// processor time however busy the machine is, and no decision depends on it but by way of the
/// journal.
class CostWatch {
public:
    static constexpr std::chrono::seconds window{10};
    static constexpr std::size_t most_shown = 20;    ///< Policies at a time; the rest is `other`.
    static constexpr std::size_t most_series = 200;  ///< That were ever shown; then `other`.

    struct Options {
        double budget = 0;  ///< Of each policy, as a share of a core; 0: none.
        /// Told on the watch's thread of the policies over budget, the costliest first.
        std::function<void(const policy::Set& policies, const std::vector<Cost>& costs)> on_over;
    };

    CostWatch(Options options, metrics::Registry& metrics);

    /// What the evaluator's matcher tells where it is; lives as long as this.
    [[nodiscard]] policy::Busy& busy() noexcept { return busy_; }

    /// Watches the calling thread, until `stop`, which it calls, too.
    void start(std::shared_ptr<const policy::Set> policies);
    void stop();
    /// By the thread that is watched, before it goes on under another set.
    void use(std::shared_ptr<const policy::Set> policies);

private:
    struct Place final : policy::Busy {
        void at(policy::PolicyIndex policy) noexcept override {
            now.store(policy, std::memory_order_relaxed);
        }
        std::atomic<policy::PolicyIndex> now{nobody};
    };
    void run(const std::stop_token& stop, clockid_t clock);
    void end_window(std::chrono::nanoseconds elapsed);
    void publish(const std::vector<Cost>& costs);
    [[nodiscard]] metrics::Gauge* series(const policy::Policy& policy);

    Options options_;
    metrics::Registry& metrics_;
    metrics::Gauge other_;
    std::map<std::string, metrics::Gauge> shown_;  // by label
    Place busy_;
    std::mutex mutex_;  // of what follows
    std::shared_ptr<const policy::Set> policies_;
    Costs costs_;
    std::jthread thread_;
};

}  // namespace pipeline
