#include "pipeline/cost_watch.hpp"

#include "base/thread.hpp"

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <condition_variable>
#include <utility>

namespace pipeline {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr nanoseconds busy_tick = std::chrono::milliseconds(2);
constexpr nanoseconds idle_tick = std::chrono::milliseconds(16);  // when nothing is evaluated

nanoseconds read(clockid_t clock) {
    timespec time{};
    if (clock_gettime(clock, &time) != 0) return nanoseconds(0);
    return std::chrono::seconds(time.tv_sec) + nanoseconds(time.tv_nsec);
}

constexpr const char* family = "callerprint_policy_cpu_ratio";
constexpr const char* help =
    "Share of a core that a policy's own comparisons took in the last 10 s.";

}  // namespace

CostWatch::CostWatch(Options options, metrics::Registry& metrics)
    : options_(std::move(options)),
      metrics_(metrics),
      other_(metrics.gauge(family, help, {{"policy", "other"}})) {}

void CostWatch::start(std::shared_ptr<const policy::Set> policies) {
    use(std::move(policies));
    clockid_t clock{};
    if (pthread_getcpuclockid(pthread_self(), &clock) != 0) return;
    thread_ = std::jthread([this, clock](const std::stop_token& stop) { run(stop, clock); });
}

void CostWatch::stop() {
    thread_ = {};
}

void CostWatch::use(std::shared_ptr<const policy::Set> policies) {
    const std::lock_guard lock(mutex_);
    policies_ = std::move(policies);
    costs_ = {};
}

void CostWatch::run(const std::stop_token& stop, clockid_t clock) {
    base::name_thread("costs");
    std::mutex sleep;
    std::condition_variable_any woken;
    auto tick = busy_tick;
    auto began = steady_clock::now();
    auto before = read(clock);
    while (true) {
        std::unique_lock asleep(sleep);
        woken.wait_for(asleep, stop, tick, [] { return false; });
        if (stop.stop_requested()) return;
        const auto now = read(clock);
        const auto took = now - std::exchange(before, now);
        tick = took > tick / 16 ? busy_tick : std::min(2 * tick, idle_tick);
        {
            const std::lock_guard lock(mutex_);
            const auto policy = busy_.now.load(std::memory_order_relaxed);
            if (policy < policies_->policies().size()) costs_.add(policy, took);
        }
        const auto elapsed = steady_clock::now() - began;
        if (elapsed < window) continue;
        began += elapsed;
        end_window(elapsed);
    }
}

void CostWatch::end_window(nanoseconds elapsed) {
    std::shared_ptr<const policy::Set> policies;
    std::vector<Cost> costs;
    {
        const std::lock_guard lock(mutex_);
        policies = policies_;
        costs = costs_.take(elapsed);
        publish(costs);
    }
    if (options_.budget <= 0) return;
    const auto over = over_budget(costs, options_.budget);
    if (!over.empty()) options_.on_over(*policies, over);
}

void CostWatch::publish(const std::vector<Cost>& costs) {
    for (auto& [label, gauge] : shown_) gauge.set(0);
    double other = 0;
    for (std::size_t i = 0; i < costs.size(); ++i) {
        auto* gauge = i < most_shown ? series(policies_->policies()[costs[i].policy]) : nullptr;
        if (gauge != nullptr)
            gauge->set(costs[i].share);
        else
            other += costs[i].share;
    }
    other_.set(other);
}

/// A title is no label: a policy without id and name has its digest there.
metrics::Gauge* CostWatch::series(const policy::Policy& policy) {
    const auto label = !policy.id.empty()     ? policy.id
                       : !policy.name.empty() ? policy.name
                                              : policy.digest.substr(0, 12);
    const auto found = shown_.find(label);
    if (found != shown_.end()) return &found->second;
    if (shown_.size() >= most_series) return nullptr;
    return &shown_.emplace(label, metrics_.gauge(family, help, {{"policy", label}})).first->second;
}

}  // namespace pipeline
