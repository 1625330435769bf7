#include "pipeline/backtest.hpp"

#include <algorithm>

namespace pipeline {
namespace {

constexpr std::size_t gathered_bytes = 4 << 20;  // of changes, before they are put together

std::chrono::microseconds quiet_of(const policy::Policy& policy) {
    return policy.callerprint.quiet.value_or(alert::Grouper::Options{}.quiet);
}

}  // namespace

QuietTimes quiet_times(const policy::Set& set) {
    QuietTimes out;
    for (const auto& policy : set.policies()) out[policy.key()] = quiet_of(policy);
    return out;
}

alert::Past past_of(alert::Alert alert, const QuietTimes& times) {
    const auto found = times.find(alert.policy_key);
    const auto until = found == times.end() ? alert.last_seen : alert.opened + found->second;
    return {std::move(alert), until};
}

base::Result<std::unique_ptr<Backtest>> Backtest::make(std::shared_ptr<const Reference> reference,
                                                       Evaluator::Options options) {
    options.alerts_only = true;
    options.raw_calls = Evaluator::Keep::none;
    auto evaluator = Evaluator::make(reference, std::move(options));
    if (!evaluator) return std::unexpected(evaluator.error());
    return std::unique_ptr<Backtest>(new Backtest(std::move(reference), std::move(*evaluator)));
}

Backtest::Backtest(std::shared_ptr<const Reference> reference, std::unique_ptr<Evaluator> evaluator)
    : reference_(std::move(reference)),
      evaluator_(std::move(evaluator)),
      quiet_(quiet_times(*reference_->policies)) {}

void Backtest::apply(const journal::Entry& entry) {
    sources_[entry.block.source] = entry.lsn;
    evaluator_->apply(entry, false);
    if (evaluator_->pending_bytes() > gathered_bytes) note(evaluator_->take().alerts);
}

void Backtest::finish() {
    journal::Entry entry;
    for (const auto& [source, lsn] : sources_) {
        entry.lsn = std::max(entry.lsn, lsn) + 1;
        entry.block = idle_block(source, {});
        evaluator_->apply(entry, false);
    }
    note(evaluator_->take().alerts);
}

// As the store does: an update changes last_seen and count alone, and both only grow.
void Backtest::note(std::vector<alert::Change> changes) {
    for (auto& change : changes) {
        const auto [at, fresh] = alerts_.try_emplace(change.alert.id);
        auto& past = at->second;
        if (fresh) {
            change.alert.evidence.clear();
            past = past_of(std::move(change.alert), quiet_);
            continue;
        }
        past.alert.last_seen = std::max(past.alert.last_seen, change.alert.last_seen);
        past.alert.count = std::max(past.alert.count, change.alert.count);
    }
}

std::vector<alert::Past> Backtest::alerts(std::optional<base::EventTime> from,
                                          std::optional<base::EventTime> to) const {
    std::vector<alert::Past> out;
    for (const auto& [id, past] : alerts_) {
        if (from && past.alert.opened < *from) continue;
        if (to && past.alert.opened >= *to) continue;
        out.push_back(past);
    }
    return out;
}

std::chrono::microseconds memory_of(const policy::Set& set) {
    const auto policies = set.policies();
    std::vector<std::chrono::microseconds> windows(policies.size());  // chained ones added up
    for (const auto i : set.correlations()) {
        const auto* correlation = set.correlation(i);
        for (const auto rule : correlation->rules) windows[i] = std::max(windows[i], windows[rule]);
        windows[i] += correlation->timespan;
    }
    std::chrono::microseconds longest{0};
    for (std::size_t i = 0; i < policies.size(); ++i) {
        if (policies[i].generate) longest = std::max(longest, windows[i] + quiet_of(policies[i]));
    }
    return longest;
}

}  // namespace pipeline
