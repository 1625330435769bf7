#pragma once

#include "alert/grouper.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "correlate/engine.hpp"
#include "coverage/canary.hpp"
#include "journal/reader.hpp"
#include "pipeline/batch_times.hpp"
#include "pipeline/dedupe.hpp"
#include "pipeline/preparer.hpp"
#include "pipeline/repeats.hpp"
#include "pipeline/saved.hpp"
#include "pipeline/signs.hpp"
#include "pipeline/suspensions.hpp"
#include "pipeline/watermark.hpp"
#include "rollup/rollup.hpp"
#include "store/effects.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pipeline {

/// Evaluates blocks in the order of the journal. Its state is a function of the blocks and the
/// reference alone: it reads no clock, and whatever else it depends on comes as a control block.
/// One thread.
class Evaluator {
public:
    enum class Keep : std::uint8_t { all, matched, none };

    struct Options {
        Keep raw_calls = Keep::matched;
        std::map<std::string, std::chrono::microseconds, std::less<>> lateness;  ///< By source.
        std::chrono::microseconds default_lateness = std::chrono::seconds(5);
        std::uint64_t hash_seed = 0;  ///< Secret of the deployment; the same after a restart.
        /// Of sources that declared a rhythm: what did not come is not told of a time in which one
        /// of them was silent for longer (docs/reference/coverage.md).
        struct Rhythm {
            std::chrono::microseconds every{0};
            std::string format;  ///< Of its records; "auto": any.
        };
        std::map<std::string, Rhythm, std::less<>> rhythms;  ///< By source.
        std::string canary_secret;  ///< Another one (coverage/canary.hpp); empty: no canaries.
        std::size_t dedupe_capacity = 2'000'000;
        /// Gathers alerts and nothing else of what is stored: for a judgement of the past.
        bool alerts_only = false;
        /// Event time between two updates of an alert whose condition stays true.
        std::chrono::microseconds repeat_every = std::chrono::minutes(1);
    };
    struct Counters {
        std::uint64_t calls = 0;       ///< Evaluated.
        std::uint64_t duplicates = 0;  ///< Seen before, by event id or Idempotency-Key.
        std::uint64_t rejected = 0;    ///< Dead-lettered.
        std::uint64_t matched = 0;     ///< Calls that some rule matched that keeps them.
        std::uint64_t late = 0;
        std::uint64_t future = 0;
        std::uint64_t cut = 0;          ///< Comparisons that did not look at all of a value.
        std::uint64_t suspensions = 0;  ///< Of rules, by a control block.
    };

    static base::Result<std::unique_ptr<Evaluator>> make(std::shared_ptr<const Reference> reference,
                                                         Options options);

    /// Applies a block. Silent: state changes as ever, effects are not gathered (they are stored
    /// already).
    void apply(const journal::Entry& entry, bool silent);

    /// The ids of alerts that silent blocks opened since the last call, the first 100,000 of them:
    /// each was stored when its block was evaluated for the first time.
    [[nodiscard]] std::vector<std::string> take_replayed() { return std::exchange(replayed_, {}); }

    /// What was gathered since the last take; from, to, epoch and now are the caller's.
    [[nodiscard]] store::Effects take();
    /// Memory of what was gathered since the last take, about: it closes a batch, since rows differ
    /// a hundredfold.
    [[nodiscard]] std::size_t pending_bytes() const noexcept;

    /// What another reference needs, made ahead: with thousands of rules that takes longer than
    /// evaluation may stand still.
    class Next {
        friend class Evaluator;
        Next(Preparer made, correlate::Engine empty)
            : preparer(std::move(made)), engine(std::move(empty)) {}
        Preparer preparer;
        correlate::Engine engine;
    };
    /// On any thread. The options are the evaluator's own. Fails with Fault::invalid.
    static base::Result<Next> ready(std::shared_ptr<const Reference> reference,
                                    const Options& options);
    /// Goes on under another reference; windows of unchanged policies stay.
    void use(Next next);

    /// Gives up what is remembered of tenants and groups of which `names` is true of a text that
    /// they are known by: their windows, the matches that wait for them, their open alerts. A
    /// replay from an earlier state knows nothing of it, so the state must be saved with the next
    /// batch. Call it when nothing is gathered.
    void forget(const std::function<bool(std::string_view)>& names);

    /// For blocks of the past: policies of other digests judge nothing until hear_all. One that
    /// came into force later must not remember having told what it never told: its quiet time would
    /// hide the next alert.
    void hear_only(const std::set<std::string>& digests);
    void hear_all() noexcept { mute_.clear(); }

    /// What it is at is told to `busy`, which is borrowed, under this reference and all to come.
    void watch(policy::Busy* busy) noexcept;
    [[nodiscard]] const Suspensions& suspensions() const noexcept { return suspensions_; }

    /// True while the source holds the watermark back.
    [[nodiscard]] bool holds(std::string_view source) const { return watermark_.holds(source); }

    /// Digest of the policies that judge now.
    [[nodiscard]] const std::string& revision() const noexcept {
        return preparer_.reference().policies->digest();
    }

    [[nodiscard]] const Counters& counters() const noexcept { return counters_; }
    [[nodiscard]] correlate::Stats windows() const noexcept { return engine_.stats(); }
    [[nodiscard]] base::EventTime watermark() const noexcept { return watermark_.value(); }

    /// What prepared the last block, lent between two of them, to look at a record again under the
    /// same reference. Good until `use`.
    [[nodiscard]] Preparer& preparer() noexcept { return preparer_; }

    /// The whole state, to be stored with the position it belongs to.
    [[nodiscard]] Parts save() const;
    /// Fails with Fault::invalid and changes nothing when the state is damaged or of a newer
    /// version.
    base::Result<void> restore(std::span<const std::string> parts);

private:
    Evaluator(Preparer preparer, Options options);
    void apply_control(const journal::Entry& entry, bool silent);
    void seal(const journal::Entry& entry);
    void take_canary(call::Batch& batch, std::size_t index, bool silent);
    static void keep_visible(call::Batch& batch, std::size_t index);
    void report(const journal::Entry& entry, std::string_view text);
    void suspend(const journal::Entry& entry, std::string_view digest, bool silent);
    void resume(const journal::Entry& entry, std::string_view digest, bool silent);
    void keep_suspended();
    void forget_replaced();
    void apply_rejects(const journal::Entry& entry);
    void apply_records(const journal::Entry& entry, bool silent);
    bool observe(const call::Batch& batch, std::size_t index, const journal::Entry& entry,
                 bool silent);
    bool keeps(const std::vector<policy::PolicyIndex>& matched);
    void advance(bool silent);
    void group(bool silent);
    void note_replayed(const std::vector<alert::Change>& unseen);
    void dead_letter(const journal::Entry& entry, const decode::Reject& reject);
    [[nodiscard]] const std::vector<policy::PolicyIndex>& heard(
        const std::vector<policy::PolicyIndex>& matched);
    [[nodiscard]] bool is_mute(policy::PolicyIndex policy) const {
        return !mute_.empty() && mute_[policy];
    }
    [[nodiscard]] std::chrono::microseconds lateness(std::string_view source) const;
    [[nodiscard]] correlate::Seen seen(policy::PolicyIndex policy, base::EventTime from,
                                       base::EventTime to) const;

    Options options_;
    Preparer preparer_;
    correlate::Engine engine_;
    alert::Grouper grouper_;
    Watermark watermark_;
    Dedupe dedupe_;
    Repeats repeats_;
    Signs signs_;
    Suspensions suspensions_;
    policy::Busy* busy_ = nullptr;
    correlate::Sight sight_;
    rollup::Rollup rollup_;
    BatchTimes batch_times_;
    coverage::CanaryKeys canaries_;
    store::Effects gathered_;
    std::vector<std::string> replayed_;
    std::vector<bool> mute_;  // by policy; empty: none is
    std::vector<policy::PolicyIndex> heard_;
    Counters counters_;
    std::vector<decode::Reject> rejects_;
    std::vector<correlate::Firing> firings_;
    std::vector<std::string> matched_ids_;
};

/// A control block that declares a source idle; the journal keeps it so that a replay sees it too.
[[nodiscard]] journal::Block idle_block(std::string_view source, base::WallTime now);
/// One that says that nothing has come: a batch of its own, so that this is in the chain, too.
[[nodiscard]] journal::Block still_block(base::WallTime now);
/// One that says a verb of journal/control.hpp of each rule.
[[nodiscard]] journal::Block rules_block(std::string_view verb,
                                         std::span<const std::string> digests, base::WallTime now);

}  // namespace pipeline
