#include "correlate/temporal_window.hpp"

#include <algorithm>

namespace correlate {

void TemporalWindow::add(const Hit& hit, std::int64_t) {
    Entry& entry = last_[hit.value];
    if (entry.time == no_time) ++present_;
    entry = {hit.time, hit.ref};
}

std::int64_t TemporalWindow::oldest() const noexcept {
    std::int64_t oldest = std::numeric_limits<std::int64_t>::max();
    for (const Entry& entry : last_) {
        if (entry.time != no_time) oldest = std::min(oldest, entry.time);
    }
    return oldest;
}

bool TemporalWindow::drop_oldest(std::int64_t from) {
    const std::int64_t time = oldest();
    if (time >= from) return false;
    for (Entry& entry : last_) {
        if (entry.time != time) continue;
        entry = {};
        --present_;
    }
    return true;
}

bool TemporalWindow::holds(const Counter& counter) const {
    const auto& expression = counter.correlation->expression;
    if (expression.steps.empty()) return counter.holds(value());
    return expression.holds([&](std::uint32_t rule) { return present(rule); });
}

std::int64_t TemporalWindow::newest() const noexcept {
    std::int64_t newest = no_time;
    for (const Entry& entry : last_) newest = std::max(newest, entry.time);
    return newest;
}

void TemporalWindow::sample(std::int64_t from, std::vector<RecordRef>& out) const {
    std::vector<Entry> entries(last_);
    std::erase_if(entries, [&](const Entry& entry) { return entry.time < from; });
    std::ranges::sort(entries, [](const Entry& a, const Entry& b) {
        return a.time != b.time ? a.time < b.time : a.ref < b.ref;
    });
    if (entries.size() > sample_size) {
        entries.erase(entries.begin(), entries.end() - sample_size);
    }
    for (const Entry& entry : entries) {
        // One record may stand for several rules.
        const RecordRef ref = entry.ref.unpack();
        if (std::ranges::find(out, ref) == out.end()) out.push_back(ref);
    }
}

std::size_t TemporalWindow::bytes() const noexcept {
    return sizeof *this + last_.capacity() * sizeof(Entry);
}

void TemporalWindow::save(Writer& out) const {
    out.number(last_.size());
    for (const Entry& entry : last_) {
        out.signed_number(entry.time);
        entry.ref.save(out);
    }
}

void TemporalWindow::load(Reader& in) {
    if (in.number() != last_.size()) in.spoil();
    for (Entry& entry : last_) {
        entry.time = in.signed_number();
        entry.ref = PackedRef::load(in);
        if (entry.time != no_time) ++present_;
    }
}

}  // namespace correlate
