#include "pipeline/recovery.hpp"

#include "base/kill_point.hpp"
#include "base/log.hpp"
#include "store/alerts.hpp"

#include <thread>
#include <utility>

namespace pipeline {
namespace {

using std::chrono::steady_clock;

constexpr int compare_tries = 3;  // a connection may be lost in the middle
constexpr std::chrono::milliseconds between_tries{500};

}  // namespace

Recovery::Recovery(Options options, journal::Journal& journal, Evaluator& evaluator, Probe& probe)
    : options_(std::move(options)),
      journal_(journal),
      evaluator_(evaluator),
      probe_(probe),
      judges_(options_.judges.cbegin()),
      began_(steady_clock::now()) {
    options_.session.application_name = "callerprint recovery";
}

journal::Lsn Recovery::begin() {
    auto from = options_.position.snapshot_offset;
    if (const auto saved = std::exchange(options_.window_state, {}); !saved.empty()) {
        if (auto restored = evaluator_.restore(saved); !restored) {
            base::log::error("pipeline.state_lost", {{"reason", restored.error().reason}});
            from = journal_.first();
            whole_ = false;
        }
    }
    BASE_KILL_POINT("pipeline.restore.after");
    if (from < journal_.first()) {
        base::log::warn("pipeline.history_trimmed",
                        {{"wanted", from}, {"first", journal_.first()}});
        whole_ = false;
    }
    return from;
}

void Recovery::apply(const journal::Entry& entry) {
    for (; judges_ != options_.judges.cend() && judges_->from_block <= entry.lsn; ++judges_)
        evaluator_.hear_only(judges_->digests);
    evaluator_.apply(entry, true);
    ++blocks_;
    BASE_KILL_POINT("pipeline.replay.block");
}

void Recovery::end() {
    BASE_KILL_POINT("pipeline.replay.after");
    evaluator_.hear_all();
    const auto opened = evaluator_.take_replayed();
    if (whole_ && !opened.empty()) compare_with_stored(opened);
    const std::chrono::duration<double> took = steady_clock::now() - began_;
    base::log::info("pipeline.recovered", {{"blocks", blocks_}, {"seconds", took.count()}});
}

base::Result<std::vector<std::string>> Recovery::look_for(const std::vector<std::string>& opened) {
    auto session = store::Session::open(options_.session);
    if (!session) return std::unexpected(session.error());
    return store::Alerts(**session).missing(opened);
}

// What was evaluated again must have come to what is stored. If it did not, the registry, a list or
// the program changed in between, or the database lost something: then windows remember having told
// what nobody was told.
void Recovery::compare_with_stored(const std::vector<std::string>& opened) {
    auto missing = look_for(opened);
    for (int tries = 1; !missing && tries < compare_tries; ++tries) {
        std::this_thread::sleep_for(between_tries);
        missing = look_for(opened);
    }
    if (!missing) {
        base::log::warn("pipeline.replay_not_compared", {{"reason", missing.error().reason}});
    } else if (!missing->empty()) {
        probe_.replay_diverged.add(static_cast<double>(missing->size()));
        base::log::error(
            "pipeline.replay_diverged",
            {{"alerts", missing->size()}, {"of", opened.size()}, {"first", missing->front()}});
    }
}

}  // namespace pipeline
