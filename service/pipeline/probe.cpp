#include "pipeline/probe.hpp"

#include <algorithm>

namespace pipeline {

Probe::Probe(metrics::Registry& registry)
    : calls(registry.counter("callerprint_calls_total", "Calls evaluated.")),
      duplicates(registry.counter("callerprint_calls_duplicate_total",
                                  "Calls seen before by their event id.")),
      rejected(
          registry.counter("callerprint_records_dead_total", "Records that became dead letters.")),
      matched(registry.counter("callerprint_calls_matched_total",
                               "Calls that some rule matched that keeps its calls.")),
      late(registry.counter("callerprint_calls_late_total",
                            "Calls later than their source's lateness.")),
      future(registry.counter("callerprint_calls_future_total",
                              "Calls stamped too far ahead of their arrival.")),
      firings(registry.counter("callerprint_firings_total",
                               "Windows that became full and rules that fired.")),
      evicted(registry.counter("callerprint_window_evictions_total",
                               "Groups given up at a policy's cap.")),
      blind(registry.counter("callerprint_absences_withheld_total",
                             "Absences not told, as a log source was silent in their time.")),
      cut(registry.counter("callerprint_comparisons_cut_total",
                           "Regular expressions that found nothing in the first 4 KB of a value "
                           "and did not look at the rest.")),
      suspensions(registry.counter("callerprint_policy_suspensions_total",
                                   "Rules suspended because they were over their budget.")),
      alerts_opened(registry.counter("callerprint_alerts_opened_total", "Alerts opened.")),
      replay_diverged(registry.counter("callerprint_replay_divergence_total",
                                       "Alerts that a start found by evaluating again what had "
                                       "been evaluated, and not in the database.")),
      commits(registry.counter("callerprint_commits_total", "Batch transactions committed.")),
      commit_failures(
          registry.counter("callerprint_commit_failures_total", "Batch transactions tried again.")),
      commit_seconds(registry.histogram("callerprint_commit_seconds",
                                        "Duration of a batch transaction.",
                                        metrics::latency_seconds())),
      reload_seconds(registry.histogram("callerprint_reload_pause_seconds",
                                        "How long evaluation stood still to go on under other "
                                        "policies or facts.",
                                        metrics::latency_seconds())),
      recovering(registry.gauge("callerprint_recovering",
                                "1 while a start evaluates again what came since the windows "
                                "were saved; new calls wait in the journal.")),
      suspended(registry.gauge("callerprint_policies_suspended",
                               "Rules that judge nothing for now, as they cost too much.")),
      groups(registry.gauge("callerprint_window_groups", "Group keys held in windows.")),
      buffered_matches(
          registry.gauge("callerprint_matches_waiting", "Matches waiting for the watermark.")),
      window_bytes(registry.gauge("callerprint_window_bytes", "Memory of windows, about.")),
      watermark_seconds(registry.gauge("callerprint_watermark_timestamp_seconds",
                                       "Event time up to which windows are applied.")),
      backlog_blocks(registry.gauge("callerprint_backlog_blocks",
                                    "Journal blocks whose effects are not stored yet.")),
      lag_seconds(registry.gauge("callerprint_evaluation_lag_seconds",
                                 "How long ago what was evaluated last arrived, while something "
                                 "waits; 0 when nothing does.")) {}

void Probe::publish(const Evaluator::Counters& now, const correlate::Stats& windows) {
    const auto grew = [](metrics::Counter& counter, std::uint64_t before, std::uint64_t after) {
        counter.add(static_cast<double>(after - before));
    };
    grew(calls, published_.calls, now.calls);
    grew(duplicates, published_.duplicates, now.duplicates);
    grew(rejected, published_.rejected, now.rejected);
    grew(matched, published_.matched, now.matched);
    grew(late, published_.late, now.late);
    grew(future, published_.future, now.future);
    grew(cut, published_.cut, now.cut);
    grew(suspensions, published_.suspensions, now.suspensions);
    published_ = now;
    // An engine made anew by a reload counts from zero again.
    grew(firings, std::min(published_windows_.firings, windows.firings), windows.firings);
    grew(evicted, std::min(published_windows_.evicted, windows.evicted), windows.evicted);
    grew(blind, std::min(published_windows_.blind, windows.blind), windows.blind);
    published_windows_ = windows;
    groups.set(static_cast<double>(windows.groups));
    buffered_matches.set(static_cast<double>(windows.buffered));
    window_bytes.set(static_cast<double>(windows.bytes));
}

}  // namespace pipeline
