#pragma once

#include "journal/journal.hpp"
#include "pipeline/probe.hpp"
#include "store/effects.hpp"
#include "store/session.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace pipeline {

/// Commits effects one after another on a thread of its own, trying again while the database is
/// away. Holds one set of effects besides the one in work: whoever hands over more waits.
class Committer {
public:
    /// `position` is the first LSN not committed. Borrows the journal, to trim it. `on_deliveries`
    /// is called on the committer's thread after a commit that wrote deliveries.
    Committer(journal::Journal& journal, store::Session::Options session, journal::Lsn position,
              Probe& probe, std::function<void()> on_deliveries = {});
    ~Committer();

    /// True when a hand-over would not wait.
    [[nodiscard]] bool free() const;
    /// Waits until there is room, then takes the effects. False when stopping or when the partition
    /// was taken over by somebody else. `stored` is called on the committer's thread once they are
    /// committed; it is destroyed without a call when they never are.
    bool hand_over(store::Effects effects, std::move_only_function<void()> stored = {});

    /// From this moment nobody waits for the database any more: hand_over gives up, and so does a
    /// commit that failed. What is not committed is evaluated again by the next start.
    void give_up_at(std::chrono::steady_clock::time_point deadline);
    /// Ends the thread after everything handed over is committed or given up.
    void stop();

    [[nodiscard]] journal::Lsn position() const noexcept { return position_.load(); }
    [[nodiscard]] std::optional<std::string> trouble() const;

private:
    void run(const std::stop_token& stop);
    bool commit(const store::Effects& effects, const std::stop_token& stop);
    base::Result<void> connect();
    void complain(const base::Error& error);
    [[nodiscard]] bool given_up() const;  // with the mutex held

    journal::Journal& journal_;
    store::Session::Options session_options_;
    std::unique_ptr<store::Session> session_;
    Probe& probe_;
    const std::function<void()> on_deliveries_;
    std::atomic<journal::Lsn> position_;
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    struct Work {
        store::Effects effects;
        std::move_only_function<void()> stored;
    };
    std::optional<Work> waiting_;
    bool working_ = false;
    bool fenced_ = false;
    std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
    std::optional<std::string> trouble_;
    std::jthread thread_;
};

}  // namespace pipeline
