#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "journal/journal.hpp"
#include "metrics/registry.hpp"
#include "pipeline/committer.hpp"
#include "pipeline/cost_watch.hpp"
#include "pipeline/evaluator.hpp"
#include "pipeline/probe.hpp"
#include "pipeline/recovery.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace pipeline {

/// Evaluates what the journal takes in, and commits the effects: one thread evaluates, one commits.
///
/// The journal is the queue. When the database is away the committer tries again for ever, the
/// evaluator waits behind it, the journal grows to its quota, and ingest then answers 503.
class Live {
public:
    struct Options {
        Recovery::Options recovery;  ///< Its session is the committer's too.
        Evaluator::Options evaluator;
        std::size_t batch_bytes = 16'000'000;  ///< A batch transaction closes above this...
        std::chrono::milliseconds batch_time{
            100};                     ///< ...or this old, unless the last one is not done.
        double policy_budget = 0.01;  ///< Share of a core; 0: no policy is suspended.
        std::chrono::seconds snapshot_interval{30};  ///< How much a restart has to evaluate again.
        /// Called on the committer's thread after a commit that wrote deliveries; may be empty.
        std::function<void()> on_deliveries;
    };

    /// Starts both threads. What was evaluated before and not saved is evaluated again first, on
    /// the evaluator's thread, so that a start takes calls at once. The journal and the metrics are
    /// borrowed and outlive this; no page of the metrics is made any more when this ends.
    static base::Result<std::unique_ptr<Live>> start(journal::Journal& journal,
                                                     std::shared_ptr<const Reference> reference,
                                                     Options options, metrics::Registry& metrics);
    /// Stops after what is gathered is committed, or after `patience` if the database is away:
    /// nothing is lost then, the next start evaluates it again.
    void stop(std::chrono::milliseconds patience);
    ~Live();

    /// Goes on under another reference from the start of the next batch on, so that a batch has one
    /// revision of the policies. Waits for the batch in hand to be stored, and stops nothing.
    /// Thread-safe.
    /// Makes ready in the caller's thread what can be made without the windows. A reference that
    /// cannot be used is logged, and all stays as it is.
    void use(std::shared_ptr<const Reference> reference);

    /// Forgets tenants and groups as Evaluator::forget does, between two batches, and stores the
    /// state without them. The first LSN that was evaluated after it, once that is stored: what is
    /// below is not evaluated again. An exception, std::future_error, when this ends before. One at
    /// a time. Thread-safe.
    [[nodiscard]] std::future<journal::Lsn> forget(std::function<bool(std::string_view)> names);

    /// The first LSN whose effects are not stored yet. Thread-safe.
    [[nodiscard]] journal::Lsn committed() const noexcept { return committer_.position(); }
    /// How long ago what was evaluated last arrived, if something waits behind it; else nothing.
    /// Thread-safe.
    [[nodiscard]] std::chrono::microseconds lag() const noexcept;
    /// Why detection stands still, or nothing. Thread-safe; for /readyz.
    [[nodiscard]] std::optional<std::string> trouble() const;

private:
    Live(journal::Journal& journal, std::unique_ptr<Evaluator> evaluator, Options options,
         metrics::Registry& metrics);
    void run(const std::stop_token& stop);
    bool recover(const std::stop_token& stop);
    bool read(journal::Reader& reader, journal::Entry& entry, const std::stop_token& stop);
    template <class Asked>
    std::optional<Asked> take(std::optional<Asked>& asked);
    void take_reference();
    void take_forgetting();
    [[nodiscard]] bool snapshot_due(std::chrono::steady_clock::time_point now) const;
    void hand_over(bool last);
    void declare_idle_sources();
    void keep_chain_going();
    void suspend(const policy::Set& policies, const std::vector<Cost>& costs);
    void resume_suspended();
    void publish();
    void note_block(const journal::Entry& entry);
    void attach_evidence(store::Effects& effects);

    journal::Journal& journal_;
    std::unique_ptr<Evaluator> evaluator_;
    Options options_;
    Probe probe_;
    Committer committer_;
    CostWatch costs_;
    const std::int64_t epoch_;
    journal::Lsn from_;   // first LSN not handed over
    journal::Lsn next_;   // first LSN not evaluated
    journal::Lsn saved_;  // next_ as of the state that was handed over last
    std::chrono::steady_clock::time_point batch_started_;
    std::chrono::steady_clock::time_point snapshot_taken_;
    std::chrono::steady_clock::duration snapshot_cost_{};
    std::map<std::string, std::chrono::steady_clock::time_point, std::less<>>
        last_block_;  // by source
    std::chrono::steady_clock::time_point last_entry_ = std::chrono::steady_clock::now();
    std::atomic<base::WallTime> reached_ = base::WallClock::now();  // arrival of the last block
    std::chrono::steady_clock::time_point resumed_;
    std::mutex next_mutex_;
    std::optional<Evaluator::Next> waiting_;  // under next_mutex_
    struct Forgetting {
        std::function<bool(std::string_view)> names;
        std::promise<journal::Lsn> done;
    };
    std::optional<Forgetting> forgetting_;       // under next_mutex_
    std::move_only_function<void()> forgotten_;  // to be told when the state is stored
    mutable std::mutex unreadable_mutex_;
    std::optional<std::string> unreadable_;  // why the journal is, under its mutex
    std::jthread thread_;
};

}  // namespace pipeline
