#pragma once

#include "decode/reject.hpp"
#include "metrics/registry.hpp"

#include <array>

namespace ingest {

/// What ingest counts. One made by default counts nowhere.
struct Probe {
    Probe() = default;
    explicit Probe(metrics::Registry& registry);

    metrics::Counter accepted;    ///< Records made durable, not seen before.
    metrics::Counter duplicates;  ///< Records made durable whose id was seen before.
    std::array<metrics::Counter, decode::reject_code_count> rejected;
    metrics::Counter body_bytes;     ///< As received.
    metrics::Counter decoded_bytes;  ///< After Content-Encoding.
    metrics::Counter replays;        ///< Batches answered from their Idempotency-Key.
    metrics::Counter auth_failures;
    metrics::Counter refused_quota;    ///< 429 for a client's quota.
    metrics::Counter refused_journal;  ///< 503: the journal is full or failing.
    metrics::Counter refused_busy;     ///< 503: too many batches wait for their answer.
    metrics::Counter clock_steps;      ///< The wall clock was set by more than 5 s.
    metrics::Histogram batch_seconds;  ///< From the body's end to the answer.
};

}  // namespace ingest
