#include "pipeline/merger.hpp"

#include "base/log.hpp"
#include "base/thread.hpp"

#include <condition_variable>
#include <mutex>

namespace pipeline {
namespace {

using std::chrono::steady_clock;

/// Waits, but not for longer than until the stop.
void wait(const std::stop_token& stop, steady_clock::duration time) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace

Merger::Merger(Options options, metrics::Registry& metrics)
    : options_(std::move(options)),
      rows_(metrics.counter("callerprint_activity_merged_total",
                            "Rows of activity merged into the rollups.")),
      failures_(metrics.counter("callerprint_activity_merge_failures_total",
                                "Merges of activity tried again.")),
      table_bytes_(metrics.gauge("callerprint_activity_table_bytes",
                                 "Size of the table of activity that waits to be merged.")),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Merger::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
}

void Merger::run(const std::stop_token& stop) {
    base::name_thread("merger");
    while (true) {
        wait(stop, options_.every);
        if (stop.stop_requested()) return;
        pass(stop);
    }
}

void Merger::pass(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const auto started = steady_clock::now();
        const auto done = step();
        if (!done) {
            failures_.add();
            base::log::warn("pipeline.merge_failed",
                            {{"fault", name(done.error().fault)}, {"reason", done.error().reason}});
            return;
        }
        rows_.add(static_cast<double>(done->rows));
        table_bytes_.set(static_cast<double>(done->table_bytes));
        if (done->done) return;
        if (options_.busy()) wait(stop, 19 * (steady_clock::now() - started));
    }
}

base::Result<store::Merge::Step> Merger::step() {
    if (!session_) {
        auto session = store::Session::open(options_.session);
        if (!session) return std::unexpected(session.error());
        session_ = std::move(*session);
        merge_ = std::make_unique<store::Merge>(*session_);
    }
    return merge_->step(options_.pages_a_step, base::WallClock::now());
}

}  // namespace pipeline
