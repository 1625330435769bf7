#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "correlate/engine.hpp"
#include "pipeline/preparer.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace pipeline {

/// Evaluates files without a database: the same folders in the same order as Live, so the same
/// records give the same firings.
///
/// Several threads work in rounds of some blocks: one applies those of the last round to the
/// windows, in order, while the others prepare the next ones, and then helps them.
class Replay {
public:
    struct Options {
        unsigned threads = 1;  ///< 1 to most_threads, the caller's among them.
        bool ignore_log_source = false;
        /// How far out of order times may be. None: the whole input is sorted before windows are
        /// applied, at the cost of keeping every match in memory.
        std::optional<std::chrono::microseconds> lateness;
        /// Called for each rule that holds on a record, in the order of the input; lines count
        /// from 1.
        std::function<void(policy::PolicyIndex, std::uint64_t line)> on_match;
        /// Called for each call, in the order of the input, before its matches.
        std::function<void(const call::Call&)> on_call;
        std::function<void(const correlate::Firing&)> on_firing;
    };
    struct Summary {
        std::uint64_t records = 0;  ///< Calls evaluated.
        std::uint64_t bad = 0;      ///< Records that became no call.
        std::uint64_t firings = 0;
        std::uint64_t bytes = 0;
    };

    static constexpr unsigned most_threads = 64;

    /// Fails with Fault::invalid when the reference's origin key has the wrong size.
    static base::Result<std::unique_ptr<Replay>> make(std::shared_ptr<const Reference> reference,
                                                      Options options);
    ~Replay();
    Replay(const Replay&) = delete;
    Replay& operator=(const Replay&) = delete;

    /// Takes newline-separated records, of which the first has this line number less one.
    /// `arrival` is the time that counts as now: a later event time is noted. One thread evaluates
    /// them at once, several do when enough have come; every callback is called on the caller's.
    /// The format must outlive finish(), the lines only this call.
    void lines(const decode::Format& format, std::string_view lines, std::uint32_t first_record,
               base::WallTime arrival);

    /// No more input: applies what waits for later times.
    void finish();

    [[nodiscard]] const Summary& summary() const noexcept { return summary_; }
    /// Why records were bad, up to the first 20.
    [[nodiscard]] const std::vector<decode::Reject>& rejects() const noexcept {
        return first_rejects_;
    }

private:
    struct Block;
    Replay(std::vector<Preparer> preparers, Options options);
    void take(const decode::Format& format, std::string_view lines, std::uint32_t first_record,
              base::WallTime arrival);
    void round();
    void observe(Block& block);
    void report(Block& block);
    void report(const std::vector<correlate::Firing>& firings);

    Options options_;
    std::vector<Preparer> preparers_;  // one a thread
    correlate::Engine engine_;
    // Of a round; their memory stays for later ones.
    std::vector<Block> coming_;
    std::vector<Block> prepared_;
    std::size_t come_ = 0;   // of coming_
    std::size_t ready_ = 0;  // of prepared_
    base::EventTime newest_ = base::EventTime::min();
    std::vector<decode::Reject> first_rejects_;
    Summary summary_;
};

}  // namespace pipeline
