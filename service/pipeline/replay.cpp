#include "pipeline/replay.hpp"

#include "base/assert.hpp"
#include "base/thread.hpp"

#include <algorithm>
#include <atomic>
#include <span>
#include <string>
#include <thread>
#include <utility>

namespace pipeline {
namespace {

constexpr std::size_t shown_rejects = 20;
constexpr std::size_t block_bytes = 128 << 10;  // and its calls, some 400 KB, stay in the caches
constexpr std::size_t blocks_a_thread = 8;      // in a round: enough for none to be idle for long

/// Whole lines of these, about so many bytes, but at least one.
std::string_view first_lines(std::string_view lines, std::size_t bytes) {
    if (lines.size() <= bytes) return lines;
    auto end = lines.rfind('\n', bytes);
    if (end == std::string_view::npos) end = lines.find('\n', bytes);
    return lines.substr(0, end == std::string_view::npos ? end : end + 1);
}

/// Calls work(0) to work(count - 1) at the same time, the first on this thread.
template <class Work>
void at_once(std::size_t count, const Work& work) {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < count; ++i) {
        others.emplace_back([&work, i] {
            base::name_thread("replay");
            work(i);
        });
    }
    work(0);
}

}  // namespace

/// Lines on their way through a round.
struct Replay::Block {
    explicit Block(const std::shared_ptr<const call::Names>& names) : batch(names) {}

    void prepare(Preparer& preparer) {
        rejects.clear();
        matched.clear();
        ends.clear();
        preparer.prepare(batch, *format, lines, first_record, arrival, rejects);
        for (std::size_t i = 0; i < batch.size(); ++i) {
            const auto& found = preparer.match(batch[i]);
            matched.insert(matched.end(), found.begin(), found.end());
            ends.push_back(matched.size());
        }
    }
    [[nodiscard]] std::span<const policy::PolicyIndex> matched_by(std::size_t call) const {
        const std::size_t begin = call == 0 ? 0 : ends[call - 1];
        return std::span(matched).subspan(begin, ends[call] - begin);
    }

    const decode::Format* format = nullptr;
    std::string_view lines;
    std::string kept;  // the lines, when they have to wait
    std::uint32_t first_record = 0;
    base::WallTime arrival{};
    call::Batch batch;
    std::vector<decode::Reject> rejects;
    std::vector<policy::PolicyIndex> matched;  // call after call
    std::vector<std::size_t> ends;             // in `matched`, by call
    std::vector<correlate::Firing> firings;
};

base::Result<std::unique_ptr<Replay>> Replay::make(std::shared_ptr<const Reference> reference,
                                                   Options options) {
    BASE_ASSERT(options.threads >= 1 && options.threads <= most_threads);
    std::vector<Preparer> preparers;
    for (unsigned i = 0; i < options.threads; ++i) {
        auto preparer = Preparer::make(
            reference, {.ungated = true, .ignore_log_source = options.ignore_log_source});
        if (!preparer) return std::unexpected(preparer.error());
        preparers.push_back(*std::move(preparer));
    }
    return std::unique_ptr<Replay>(new Replay(std::move(preparers), std::move(options)));
}

Replay::Replay(std::vector<Preparer> preparers, Options options)
    : options_(std::move(options)),
      preparers_(std::move(preparers)),
      engine_(preparers_.front().reference().policies, preparers_.front().reference().names, {}) {
    const std::size_t blocks = preparers_.size() == 1 ? 1 : preparers_.size() * blocks_a_thread;
    for (auto* each : {&coming_, &prepared_})
        while (each->size() < blocks) each->emplace_back(preparers_.front().reference().names);
}

Replay::~Replay() = default;

void Replay::lines(const decode::Format& format, std::string_view lines, std::uint32_t first_record,
                   base::WallTime arrival) {
    while (!lines.empty()) {
        const auto piece = first_lines(lines, block_bytes);
        take(format, piece, first_record, arrival);
        first_record += static_cast<std::uint32_t>(std::ranges::count(piece, '\n'));
        lines.remove_prefix(piece.size());
    }
}

void Replay::take(const decode::Format& format, std::string_view lines, std::uint32_t first_record,
                  base::WallTime arrival) {
    const bool alone = preparers_.size() == 1;
    auto& block = coming_[come_++];
    block.format = &format;
    block.lines = alone ? lines : block.kept.assign(lines);
    block.first_record = first_record;
    block.arrival = arrival;
    if (come_ == coming_.size()) round();
    if (alone) round();  // at once: who calls us keeps the lines no longer
}

void Replay::round() {
    const auto coming = std::span(coming_).first(std::exchange(come_, 0));
    const auto prepared = std::span(prepared_).first(std::exchange(ready_, coming.size()));
    std::atomic<std::size_t> next{0};
    at_once(preparers_.size(), [&](std::size_t thread) {
        if (thread == 0)
            for (auto& block : prepared) observe(block);
        for (std::size_t i = next++; i < coming.size(); i = next++)
            coming[i].prepare(preparers_[thread]);
    });
    for (auto& block : prepared) report(block);
    std::swap(coming_, prepared_);
}

void Replay::observe(Block& block) {
    for (std::size_t i = 0; i < block.batch.size(); ++i) {
        const auto matched = block.matched_by(i);
        if (!matched.empty()) engine_.observe(block.batch[i], matched, 0, block.firings);
        newest_ = std::max(newest_, block.batch[i].time());
    }
    if (options_.lateness && newest_ != base::EventTime::min())
        engine_.advance(newest_ - *options_.lateness, block.firings);
}

void Replay::report(Block& block) {
    summary_.records += block.batch.size();
    summary_.bad += block.rejects.size();
    summary_.bytes += block.lines.size();
    for (auto& reject : block.rejects) {
        if (first_rejects_.size() < shown_rejects) first_rejects_.push_back(std::move(reject));
    }
    for (std::size_t i = 0; i < block.batch.size(); ++i) {
        const auto call = block.batch[i];
        if (options_.on_call) options_.on_call(call);
        if (!options_.on_match) continue;
        for (const auto policy : block.matched_by(i))
            options_.on_match(policy, call.header().record + std::uint64_t{1});
    }
    report(block.firings);
    block.firings.clear();
}

void Replay::finish() {
    while (come_ > 0 || ready_ > 0) round();
    std::vector<correlate::Firing> firings;
    engine_.finish(newest_, firings);
    report(firings);
}

void Replay::report(const std::vector<correlate::Firing>& firings) {
    summary_.firings += firings.size();
    if (!options_.on_firing) return;
    for (const auto& firing : firings) options_.on_firing(firing);
}

}  // namespace pipeline
