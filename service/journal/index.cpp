#include "journal/index.hpp"

#include "base/assert.hpp"
#include "base/log.hpp"

#include <algorithm>

namespace journal {

void IndexRow::add(Lsn lsn, std::uint64_t offset, base::WallTime received) {
    if (points.empty() || offset - points.back().offset >= index_spacing_bytes)
        points.push_back({lsn, offset});
    end = lsn + 1;
    newest = std::max(newest, received);
}

Index::Index(std::deque<IndexRow> rows, Lsn end, std::vector<Damage> damage)
    : rows_(std::move(rows)), end_(end) {
    for (Damage& one : damage) report(std::move(one));
}

std::optional<Index::Place> Index::locate(Lsn lsn) const {
    const std::lock_guard lock(mutex_);
    const auto row = std::ranges::upper_bound(rows_, lsn, {}, &IndexRow::end);
    if (row == rows_.end()) return std::nullopt;
    Place place{row->segment, segment_header_bytes, row->bytes, row->end};
    const auto after = std::ranges::upper_bound(row->points, lsn, {}, &IndexPoint::lsn);
    if (after != row->points.begin()) place.offset = std::prev(after)->offset;
    return place;
}

bool Index::holds(const Segment& segment) const {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(rows_,
                               [&](const IndexRow& row) { return row.segment.get() == &segment; });
}

std::optional<IndexRow> Index::row_from(Lsn first) const {
    const std::lock_guard lock(mutex_);
    for (const IndexRow& row : rows_)
        if (row.segment->header.first >= first)
            return IndexRow{row.segment, row.end, row.bytes, row.newest, {}};
    return std::nullopt;
}

Lsn Index::first() const {
    const std::lock_guard lock(mutex_);
    return rows_.empty() ? end_ : rows_.front().segment->header.first;
}

Lsn Index::end() const {
    const std::lock_guard lock(mutex_);
    return end_;
}

bool Index::wait_for(Lsn lsn, std::chrono::steady_clock::time_point deadline) const {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [&] { return end_ > lsn || closing_; });
    return end_ > lsn;
}

std::vector<Damage> Index::damage() const {
    const std::lock_guard lock(mutex_);
    return damage_;
}

bool Index::report(Damage damage) {
    const std::lock_guard lock(mutex_);
    const bool known = std::ranges::any_of(damage_, [&](const Damage& one) {
        return one.first <= damage.first && damage.end <= one.end;
    });
    if (known) return false;
    base::log::error("journal.damaged", {{"first_lsn", damage.first},
                                         {"end_lsn", damage.end},
                                         {"file", damage.file},
                                         {"what", damage.what}});
    damage_.push_back(std::move(damage));
    return true;
}

std::uint64_t Index::bytes_from(Lsn lsn) const {
    const std::lock_guard lock(mutex_);
    std::uint64_t total = 0;
    for (const IndexRow& row : rows_) {
        if (row.end <= lsn) continue;
        const auto after = std::ranges::upper_bound(row.points, lsn, {}, &IndexPoint::lsn);
        const std::uint64_t start =
            after == row.points.begin() ? segment_header_bytes : std::prev(after)->offset;
        total += row.bytes - start;
    }
    return total;
}

std::size_t Index::segments() const {
    const std::lock_guard lock(mutex_);
    return rows_.size();
}

bool Index::closing() const {
    const std::lock_guard lock(mutex_);
    return closing_;
}

void Index::add(std::shared_ptr<const Segment> segment) {
    const std::lock_guard lock(mutex_);
    const Lsn first = segment->header.first;
    rows_.push_back({std::move(segment), first, segment_header_bytes, {}, {}});
}

void Index::extend(const std::vector<Synced>& blocks, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    BASE_ASSERT(!rows_.empty() && !blocks.empty());
    IndexRow& row = rows_.back();
    for (const Synced& block : blocks) row.add(block.lsn, block.offset, block.received);
    row.bytes = bytes;
    end_ = row.end;
    changed_.notify_all();
}

void Index::replace(const Segment& old, IndexRow row) {
    const std::lock_guard lock(mutex_);
    for (IndexRow& one : rows_)
        if (one.segment.get() == &old) {
            one = std::move(row);
            return;
        }
}

void Index::drop_empty_last(Lsn first) {
    const std::lock_guard lock(mutex_);
    if (rows_.empty()) return;
    const IndexRow& last = rows_.back();
    if (last.segment->header.first == first && last.bytes == segment_header_bytes) rows_.pop_back();
}

std::optional<IndexRow> Index::oldest_below(Lsn below) const {
    const std::lock_guard lock(mutex_);
    if (rows_.size() < 2 || rows_.front().end > below) return std::nullopt;
    const IndexRow& row = rows_.front();
    return IndexRow{row.segment, row.end, row.bytes, row.newest, {}};
}

void Index::remove_oldest() {
    const std::lock_guard lock(mutex_);
    rows_.pop_front();
}

void Index::close() {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    changed_.notify_all();
}

}  // namespace journal
