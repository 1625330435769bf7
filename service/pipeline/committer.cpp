#include "pipeline/committer.hpp"

#include "base/kill_point.hpp"
#include "base/log.hpp"
#include "base/thread.hpp"

#include <algorithm>

namespace pipeline {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds first_wait{100};
constexpr milliseconds longest_wait{5'000};
constexpr milliseconds look_again{100};  // how soon a deadline set meanwhile is seen

}  // namespace

Committer::Committer(journal::Journal& journal, store::Session::Options session,
                     journal::Lsn position, Probe& probe, std::function<void()> on_deliveries)
    : journal_(journal),
      session_options_(std::move(session)),
      probe_(probe),
      on_deliveries_(std::move(on_deliveries)),
      position_(position),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Committer::~Committer() {
    give_up_at(steady_clock::now());
    stop();
}

bool Committer::free() const {
    const std::lock_guard lock(mutex_);
    return !waiting_ && !working_;
}

bool Committer::given_up() const {
    return fenced_ || steady_clock::now() >= deadline_;
}

bool Committer::hand_over(store::Effects effects, std::move_only_function<void()> stored) {
    std::unique_lock lock(mutex_);
    while (waiting_ && !given_up()) changed_.wait_for(lock, look_again);
    if (waiting_ || fenced_) return false;
    waiting_.emplace(std::move(effects), std::move(stored));
    changed_.notify_all();
    return true;
}

void Committer::give_up_at(steady_clock::time_point deadline) {
    const std::lock_guard lock(mutex_);
    deadline_ = deadline;
    changed_.notify_all();
}

void Committer::stop() {
    if (!thread_.joinable()) return;
    {
        std::unique_lock lock(mutex_);
        while ((waiting_ || working_) && !given_up()) changed_.wait_for(lock, look_again);
    }
    thread_.request_stop();
    thread_.join();
}

std::optional<std::string> Committer::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}

void Committer::run(const std::stop_token& stop) {
    base::name_thread("committer");
    while (!stop.stop_requested()) {
        Work work;
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, stop, [&] { return waiting_.has_value(); });
            if (!waiting_) return;
            work = std::move(*waiting_);
            waiting_.reset();
            working_ = true;
            changed_.notify_all();
        }
        const bool done = commit(work.effects, stop);
        if (done && work.stored) work.stored();
        const std::lock_guard lock(mutex_);
        working_ = false;
        if (done) {
            position_ = work.effects.to;
            trouble_.reset();
        }
        changed_.notify_all();
        if (fenced_) return;
    }
}

base::Result<void> Committer::connect() {
    if (session_) return {};
    auto session = store::Session::open(session_options_);
    if (!session) return std::unexpected(session.error());
    session_ = std::move(*session);
    return {};
}

void Committer::complain(const base::Error& error) {
    base::log::warn("pipeline.commit_failed",
                    {{"fault", name(error.fault)}, {"reason", error.reason}});
    probe_.commit_failures.add();
    const std::lock_guard lock(mutex_);
    trouble_ = error.reason;
}

bool Committer::commit(const store::Effects& effects, const std::stop_token& stop) {
    auto wait = first_wait;
    while (true) {
        const auto started = steady_clock::now();
        base::Result<store::Committed> done = std::unexpected(base::Error{});
        if (auto connected = connect(); connected) {
            BASE_KILL_POINT("pipeline.commit.before");
            done = session_->commit(effects);
        } else {
            done = std::unexpected(connected.error());
        }
        if (done) {
            probe_.commits.add();
            probe_.alerts_opened.add(static_cast<double>(done->opened));
            probe_.commit_seconds.observe(
                std::chrono::duration<double>(steady_clock::now() - started).count());
            BASE_KILL_POINT("pipeline.commit.after");
            if (!effects.window_state.empty()) {
                BASE_KILL_POINT("pipeline.trim.before");
                journal_.trim(effects.to);
                BASE_KILL_POINT("pipeline.trim.after");
            }
            if (done->deliveries > 0 && on_deliveries_) on_deliveries_();
            return true;
        }
        complain(done.error());
        if (done.error().fault == base::Fault::conflict) {
            base::log::error("pipeline.fenced", {{"reason", done.error().reason}});
            const std::lock_guard lock(mutex_);
            fenced_ = true;
            return false;
        }
        std::unique_lock lock(mutex_);
        const auto again = steady_clock::now() + wait;
        while (steady_clock::now() < again && !given_up() && !stop.stop_requested()) {
            changed_.wait_for(lock, look_again);
        }
        if (given_up() || stop.stop_requested()) return false;
        wait = std::min(wait * 2, longest_wait);
    }
}

}  // namespace pipeline
