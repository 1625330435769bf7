#pragma once

#include "metrics/registry.hpp"
#include "store/merge.hpp"
#include "store/session.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

namespace pipeline {

/// Merges the activity that batches append into the rollups by key, tenant and origin, on a thread
/// and a connection of its own. Nothing waits for it: the views show both.
class Merger {
public:
    struct Options {
        store::Session::Options session;
        std::chrono::milliseconds every{10'000};  ///< Between two passes over the table.
        std::uint32_t pages_a_step = 1'024;       ///< 8 MB, 30,000 rows: one transaction.
        /// Whether calls wait for evaluation. Merging then keeps to a twentieth of the time.
        std::function<bool()> busy;
    };
    Merger(Options options, metrics::Registry& metrics);
    ~Merger() { stop(); }
    /// Ends after the step in work.
    void stop();

private:
    void run(const std::stop_token& stop);
    void pass(const std::stop_token& stop);
    base::Result<store::Merge::Step> step();

    Options options_;
    std::unique_ptr<store::Session> session_;
    std::unique_ptr<store::Merge> merge_;
    metrics::Counter rows_;
    metrics::Counter failures_;
    metrics::Gauge table_bytes_;
    std::jthread thread_;
};

}  // namespace pipeline
