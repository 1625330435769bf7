#include "ingest/probe.hpp"

namespace ingest {

Probe::Probe(metrics::Registry& registry)
    : accepted(registry.counter("callerprint_ingest_accepted_records_total",
                                "Records made durable, not seen before.")),
      duplicates(registry.counter("callerprint_ingest_duplicate_records_total",
                                  "Records made durable whose event id was seen before.")),
      body_bytes(registry.counter("callerprint_ingest_body_bytes_total", "Bodies as received.")),
      decoded_bytes(registry.counter("callerprint_ingest_decoded_bytes_total",
                                     "Bodies after their content coding was undone.")),
      replays(registry.counter("callerprint_ingest_replays_total",
                               "Batches answered from their Idempotency-Key.")),
      auth_failures(registry.counter("callerprint_ingest_auth_failures_total",
                                     "Requests without a valid token.")),
      refused_quota(registry.counter("callerprint_ingest_refused_quota_total",
                                     "Batches refused because a client was over its quota.")),
      refused_journal(registry.counter("callerprint_ingest_refused_journal_total",
                                       "Batches refused because the journal was full or failing.")),
      refused_busy(registry.counter("callerprint_ingest_refused_busy_total",
                                    "Batches refused because many wait for their answer.")),
      clock_steps(registry.counter("callerprint_ingest_clock_steps_total",
                                   "Times the wall clock was found set by more than 5 s.")),
      batch_seconds(registry.histogram("callerprint_ingest_batch_seconds",
                                       "Time from a body's end to its answer.",
                                       metrics::latency_seconds())) {
    for (std::size_t i = 0; i < rejected.size(); ++i)
        rejected[i] = registry.counter(
            "callerprint_ingest_rejected_records_total", "Records refused, by reason.",
            {{"code", decode::name(static_cast<decode::RejectCode>(i))}});
}

}  // namespace ingest
