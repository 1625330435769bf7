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
class Replay {
public:
    struct Options {
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

    static base::Result<std::unique_ptr<Replay>> make(std::shared_ptr<const Reference> reference,
                                                      Options options);

    /// Evaluates newline-separated records, of which the first has this line number less one.
    /// `arrival` is the time that counts as now: a later event time is noted.
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
    Replay(Preparer preparer, Options options);
    void observe(const call::Batch& batch);
    void report(std::vector<correlate::Firing>& firings);

    Options options_;
    Preparer preparer_;
    correlate::Engine engine_;
    base::EventTime newest_ = base::EventTime::min();
    std::vector<decode::Reject> rejects_;
    std::vector<decode::Reject> first_rejects_;
    Summary summary_;
};

}  // namespace pipeline
