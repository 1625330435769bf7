#include "pipeline/replay.hpp"

#include <algorithm>

namespace pipeline {
namespace {

constexpr std::size_t shown_rejects = 20;

}  // namespace

base::Result<std::unique_ptr<Replay>> Replay::make(std::shared_ptr<const Reference> reference,
                                                   Options options) {
    auto preparer = Preparer::make(
        std::move(reference), {.ungated = true, .ignore_log_source = options.ignore_log_source});
    if (!preparer) return std::unexpected(preparer.error());
    return std::unique_ptr<Replay>(new Replay(std::move(*preparer), std::move(options)));
}

Replay::Replay(Preparer preparer, Options options)
    : options_(std::move(options)),
      preparer_(std::move(preparer)),
      engine_(preparer_.reference().policies, preparer_.reference().names, {}) {}

void Replay::lines(const decode::Format& format, std::string_view lines, std::uint32_t first_record,
                   base::WallTime arrival) {
    rejects_.clear();
    const auto& batch = preparer_.prepare(format, lines, first_record, arrival, rejects_);
    summary_.records += batch.size();
    summary_.bad += rejects_.size();
    summary_.bytes += lines.size();
    for (auto& reject : rejects_) {
        if (first_rejects_.size() < shown_rejects) first_rejects_.push_back(std::move(reject));
    }
    observe(batch);
}

void Replay::observe(const call::Batch& batch) {
    std::vector<correlate::Firing> firings;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto call = batch[i];
        if (options_.on_call) options_.on_call(call);
        const auto& matched = preparer_.match(call);
        if (!matched.empty()) engine_.observe(call, matched, 0, firings);
        if (options_.on_match) {
            for (const auto policy : matched)
                options_.on_match(policy, call.header().record + std::uint64_t{1});
        }
        newest_ = std::max(newest_, call.time());
    }
    if (options_.lateness && newest_ != base::EventTime::min()) {
        engine_.advance(newest_ - *options_.lateness, firings);
    }
    report(firings);
}

void Replay::finish() {
    std::vector<correlate::Firing> firings;
    engine_.finish(newest_, firings);
    report(firings);
}

void Replay::report(std::vector<correlate::Firing>& firings) {
    summary_.firings += firings.size();
    if (!options_.on_firing) return;
    for (const auto& firing : firings) options_.on_firing(firing);
}

}  // namespace pipeline
