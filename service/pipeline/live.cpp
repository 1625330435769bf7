#include "pipeline/live.hpp"

#include "base/digest.hpp"
#include "base/kill_point.hpp"
#include "base/log.hpp"
#include "base/thread.hpp"
#include "journal/control.hpp"
#include "pipeline/evidence.hpp"

#include <algorithm>

namespace pipeline {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds poll{100};
constexpr std::chrono::minutes chain_every{1};  // an entry, if nothing comes
constexpr std::chrono::minutes resume_every{1};

}  // namespace

base::Result<std::unique_ptr<Live>> Live::start(journal::Journal& journal,
                                                std::shared_ptr<const Reference> reference,
                                                Options options, metrics::Registry& metrics) {
    auto evaluator = Evaluator::make(std::move(reference), options.evaluator);
    if (!evaluator) return std::unexpected(evaluator.error());
    std::unique_ptr<Live> live(
        new Live(journal, std::move(*evaluator), std::move(options), metrics));
    live->thread_ =
        std::jthread([raw = live.get()](const std::stop_token& stop) { raw->run(stop); });
    // Read, not kept: whoever would keep it stands still with the database.
    metrics.before_page([raw = live.get()] {
        const auto stored = raw->committed();  // first, so that the end is not below it
        raw->probe_.backlog_blocks.set(static_cast<double>(raw->journal_.end() - stored));
        raw->probe_.lag_seconds.set(std::chrono::duration<double>(raw->lag()).count());
    });
    return live;
}

Live::Live(journal::Journal& journal, std::unique_ptr<Evaluator> evaluator, Options options,
           metrics::Registry& metrics)
    : journal_(journal),
      evaluator_(std::move(evaluator)),
      options_(std::move(options)),
      probe_(metrics),
      committer_(journal, options_.recovery.session, options_.recovery.position.next_offset, probe_,
                 options_.on_deliveries),
      costs_({.budget = options_.policy_budget,
              .on_over = [this](const auto& set, const auto& costs) { suspend(set, costs); }},
             metrics),
      epoch_(options_.recovery.position.epoch),
      from_(options_.recovery.position.next_offset),
      next_(from_),
      saved_(options_.recovery.position.snapshot_offset) {
    probe_.recovering.set(1);
}

Live::~Live() {
    stop(milliseconds(0));
}

void Live::stop(milliseconds patience) {
    if (!thread_.joinable()) return;
    committer_.give_up_at(steady_clock::now() + patience);
    thread_.request_stop();
    thread_.join();
    committer_.stop();
}

void Live::use(std::shared_ptr<const Reference> reference) {
    auto next = Evaluator::ready(std::move(reference), options_.evaluator);
    if (!next) {
        base::log::error("pipeline.reload_refused", {{"reason", next.error().reason}});
        return;
    }
    const std::lock_guard lock(next_mutex_);
    waiting_.emplace(std::move(*next));
}

std::future<journal::Lsn> Live::forget(std::function<bool(std::string_view)> names) {
    const std::lock_guard lock(next_mutex_);
    forgetting_.emplace(std::move(names));
    return forgetting_->done.get_future();
}

std::chrono::microseconds Live::lag() const noexcept {
    if (committed() >= journal_.end()) return {};
    return std::max(base::WallClock::now() - reached_.load(), std::chrono::microseconds(0));
}

std::optional<std::string> Live::trouble() const {
    {
        const std::lock_guard lock(unreadable_mutex_);
        if (unreadable_) return unreadable_;
    }
    return committer_.trouble();
}

// The next block into `entry`; false when there is none yet, or at the stop. A disk that cannot be
// read is asked again for as long as it takes.
bool Live::read(journal::Reader& reader, journal::Entry& entry, const std::stop_token& stop) {
    while (true) {
        const auto got = reader.next(entry);
        {
            const std::lock_guard lock(unreadable_mutex_);
            unreadable_.reset();
            if (!got) unreadable_ = got.error().reason;
        }
        if (got || stop.stop_requested()) return got.value_or(false);
        base::log::error("pipeline.journal_unreadable", {{"reason", got.error().reason}});
        std::this_thread::sleep_for(std::chrono::seconds(1));
    }
}

// Whether it came to its end: half a state must not be saved. What is asked for meanwhile waits.
bool Live::recover(const std::stop_token& stop) {
    Recovery recovery(std::move(options_.recovery), journal_, *evaluator_, probe_);
    auto reader = journal_.read_from(recovery.begin());
    journal::Entry entry;
    while (reader.position() < next_) {
        const bool got = read(reader, entry, stop);
        if (stop.stop_requested()) return false;
        if (!got || entry.lsn >= next_) break;
        recovery.apply(entry);
    }
    recovery.end();
    probe_.recovering.set(0);
    snapshot_taken_ = steady_clock::now();
    publish();
    return true;
}

void Live::run(const std::stop_token& stop) {
    base::name_thread("evaluator");
    if (!recover(stop)) return;
    evaluator_->watch(&costs_.busy());
    costs_.start(evaluator_->preparer().reference().policies);
    auto reader = journal_.read_from(next_);
    reader.want_digests();
    journal::Entry entry;
    while (!stop.stop_requested()) {
        take_reference();
        take_forgetting();
        const bool got = read(reader, entry, stop);
        if (got) {
            if (from_ == next_) batch_started_ = steady_clock::now();
            note_block(entry);
            evaluator_->apply(entry, false);
            next_ = entry.lsn + 1;
        }
        const bool ripe = steady_clock::now() - batch_started_ >= options_.batch_time;
        if (evaluator_->pending_bytes() >= options_.batch_bytes || (ripe && committer_.free()))
            hand_over(false);
        resume_suspended();
        if (got) continue;
        if (from_ == next_) hand_over(false);  // the state alone, when it is due
        declare_idle_sources();
        keep_chain_going();
        journal_.wait_for(next_, steady_clock::now() + poll);
    }
    costs_.stop();
    hand_over(true);
}

// What is asked for between two batches, once there is such a moment. What was evaluated is handed
// over first: a batch names the revision that judged it. While the committer is busy evaluation
// goes on as it is, so that nobody waits for the database.
template <class Asked>
std::optional<Asked> Live::take(std::optional<Asked>& asked) {
    {
        const std::lock_guard lock(next_mutex_);
        if (!asked || (from_ != next_ && !committer_.free())) return std::nullopt;
    }
    hand_over(false);
    if (from_ != next_) return std::nullopt;  // stopping: the next start reads the files anew
    const std::lock_guard lock(next_mutex_);
    return std::exchange(asked, std::nullopt);
}

void Live::take_reference() {
    auto next = take(waiting_);
    if (!next) return;
    const auto started = steady_clock::now();
    BASE_KILL_POINT("pipeline.reload.before");
    evaluator_->use(std::move(*next));
    costs_.use(evaluator_->preparer().reference().policies);
    publish();
    BASE_KILL_POINT("pipeline.reload.after");
    probe_.reload_seconds.observe(
        std::chrono::duration<double>(steady_clock::now() - started).count());
    base::log::info("pipeline.reloaded", {{"policies", evaluator_->revision()}});
}

void Live::take_forgetting() {
    auto asked = take(forgetting_);
    if (!asked) return;
    BASE_KILL_POINT("pipeline.forget.before");
    evaluator_->forget(asked->names);
    BASE_KILL_POINT("pipeline.forget.after");
    forgotten_ = [done = std::move(asked->done), below = next_]() mutable {
        done.set_value(below);
    };
}

void Live::note_block(const journal::Entry& entry) {
    last_entry_ = steady_clock::now();
    reached_ = entry.block.received;
    // A heartbeat is no event: event time would wait for a source that has nothing to say.
    if (entry.block.format == journal::control::format) return;
    last_block_[entry.block.source] = steady_clock::now();
}

// Whether the state is to be saved. The journal keeps what came since the last time; when it is
// full of that, it goes on only after the next.
bool Live::snapshot_due(steady_clock::time_point now) const {
    if (next_ == saved_) return false;
    const auto since = now - snapshot_taken_;
    const auto wait = [&](steady_clock::duration least, int costs) {
        return std::max(least, costs * snapshot_cost_);
    };
    return since >= wait(options_.snapshot_interval, 100) ||
           (since >= wait(std::chrono::seconds(1), 10) && !journal_.accepting());
}

void Live::hand_over(bool last) {
    const auto now = steady_clock::now();
    const bool snapshot = snapshot_due(now) || forgotten_ || (last && next_ != saved_);
    if (from_ == next_ && !(snapshot && (last || committer_.free()))) return;
    BASE_KILL_POINT("pipeline.batch.take.before");
    auto effects = evaluator_->take();
    effects.epoch = epoch_;
    effects.from = from_;
    effects.to = next_;
    effects.now = base::WallClock::now();
    attach_evidence(effects);
    if (snapshot) {
        BASE_KILL_POINT("pipeline.snapshot.before");
        effects.window_state = evaluator_->save();
        BASE_KILL_POINT("pipeline.snapshot.after");
        snapshot_taken_ = steady_clock::now();
        snapshot_cost_ = snapshot_taken_ - now;
        saved_ = next_;
    }
    publish();
    auto stored = snapshot ? std::exchange(forgotten_, nullptr) : nullptr;
    if (committer_.hand_over(std::move(effects), std::move(stored))) from_ = next_;
}

void Live::declare_idle_sources() {
    const auto now = steady_clock::now();
    for (auto& [source, last] : last_block_) {
        if (!evaluator_->holds(source)) continue;
        const auto found = options_.evaluator.lateness.find(source);
        const auto lateness = found == options_.evaluator.lateness.end()
                                  ? options_.evaluator.default_lateness
                                  : found->second;
        if (now - last < std::max<steady_clock::duration>(lateness, std::chrono::seconds(1)))
            continue;
        last = now;  // once, until it sends again or this one was lost
        journal_.append(std::vector{idle_block(source, base::WallClock::now())},
                        [](base::Result<journal::Lsn>) {});
    }
}

void Live::keep_chain_going() {
    const auto now = steady_clock::now();
    if (now - last_entry_ < chain_every) return;
    last_entry_ = now;  // once, until it came or was lost
    journal_.append(std::vector{still_block(base::WallClock::now())},
                    [](base::Result<journal::Lsn>) {});
}

// What a policy costs is no part of what evaluation depends on: the decision is, where it stands in
// the journal.
void Live::suspend(const policy::Set& policies, const std::vector<Cost>& costs) {
    std::vector<std::string> digests;
    for (const auto& cost : costs) {
        const auto& policy = policies.policies()[cost.policy];
        digests.push_back(policy.digest);
        base::log::warn("policy.over_budget", {{"policy", policy.key()},
                                               {"digest", policy.digest},
                                               {"share_of_a_core", cost.share},
                                               {"budget", options_.policy_budget}});
    }
    journal_.append(
        std::vector{rules_block(journal::control::suspend, digests, base::WallClock::now())},
        [](base::Result<journal::Lsn>) {});
}

void Live::publish() {
    probe_.publish(evaluator_->counters(), evaluator_->windows());
    probe_.suspended.set(static_cast<double>(evaluator_->suspensions().active()));
    probe_.watermark_seconds.set(static_cast<double>(base::micros(evaluator_->watermark())) / 1e6);
}

void Live::resume_suspended() {
    if (evaluator_->suspensions().empty()) return;
    const auto now = steady_clock::now();
    if (now - resumed_ < resume_every) return;
    resumed_ = now;  // once, until it came or was lost
    const auto due = evaluator_->suspensions().due(base::WallClock::now());
    if (due.empty()) return;
    base::log::info("policy.tried_again", {{"policies", due.size()}});
    journal_.append(std::vector{rules_block(journal::control::resume, due, base::WallClock::now())},
                    [](base::Result<journal::Lsn>) {});
}

void Live::attach_evidence(store::Effects& effects) {
    if (effects.alerts.empty()) return;
    EvidenceReader evidence(journal_, evaluator_->preparer());
    for (auto& change : effects.alerts) evidence.attach(change, effects.evidence);
}

}  // namespace pipeline
