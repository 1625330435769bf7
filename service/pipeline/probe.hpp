#pragma once

#include "metrics/registry.hpp"
#include "pipeline/evaluator.hpp"

namespace pipeline {

/// What the person on call sees of evaluation and commits.
struct Probe {
    explicit Probe(metrics::Registry& registry);

    /// Adds what grew since the last time. One thread.
    void publish(const Evaluator::Counters& now, const correlate::Stats& windows);

    metrics::Counter calls;
    metrics::Counter duplicates;
    metrics::Counter rejected;
    metrics::Counter matched;
    metrics::Counter late;
    metrics::Counter future;
    metrics::Counter firings;
    metrics::Counter evicted;
    metrics::Counter blind;
    metrics::Counter cut;
    metrics::Counter suspensions;
    metrics::Counter alerts_opened;
    metrics::Counter replay_diverged;
    metrics::Counter commits;
    metrics::Counter commit_failures;
    metrics::Histogram commit_seconds;
    metrics::Histogram reload_seconds;
    metrics::Gauge recovering;
    metrics::Gauge suspended;
    metrics::Gauge groups;
    metrics::Gauge buffered_matches;
    metrics::Gauge window_bytes;
    metrics::Gauge watermark_seconds;
    metrics::Gauge backlog_blocks;
    metrics::Gauge lag_seconds;

private:
    Evaluator::Counters published_;
    correlate::Stats published_windows_;
};

}  // namespace pipeline
