#include "correlate/ratio_window.hpp"

namespace correlate {

void RatioWindow::count(const Cell& cell) noexcept {
    numerator_ += cell.numerator;
    denominator_ += cell.denominator;
    if (cell.merged) ++merged_;
}

std::int64_t RatioWindow::slot_of(std::int64_t time) const noexcept {
    return time >= 0 ? time / grain_ : -((-time + grain_ - 1) / grain_);
}

void RatioWindow::add(const Hit& hit, std::int64_t) {
    const Cell cell{.time = hit.time,
                    .numerator = (hit.value & numerator) != 0 ? 1u : 0u,
                    .denominator = (hit.value & denominator) != 0 ? 1u : 0u};
    count(cell);
    if (!sample_.ends_with(hit)) sample_.add(hit);  // one record may count for both
    const bool joins = !empty() && (coarse_ ? slot_of(cells_.back().time) == slot_of(hit.time)
                                            : cells_.back().time == hit.time);
    if (joins) return join(cells_.back(), cell);
    if (cells_.size() == cells_.capacity() && head_ > cells_.size() / 2) {
        cells_.erase(cells_.begin(), cells_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
    }
    cells_.push_back(cell);
    if (!coarse_ && cells_.size() - head_ > exact_hits) merge_all();
}

void RatioWindow::join(Cell& cell, const Cell& later) noexcept {
    const bool merges = cell.time != later.time || later.merged;
    if (merges && !cell.merged) ++merged_;
    cell.merged = cell.merged || merges;
    cell.time = later.time;
    cell.numerator += later.numerator;
    cell.denominator += later.denominator;
}

void RatioWindow::merge_all() {
    coarse_ = true;
    std::vector<Cell> cells;
    for (std::size_t i = head_; i < cells_.size(); ++i) {
        if (cells.empty() || slot_of(cells.back().time) != slot_of(cells_[i].time)) {
            cells.push_back(cells_[i]);
        } else {
            join(cells.back(), cells_[i]);
        }
    }
    cells_ = std::move(cells);
    head_ = 0;
}

bool RatioWindow::drop_oldest(std::int64_t from) {
    if (empty() || cells_[head_].time >= from) return false;
    const Cell& gone = cells_[head_++];
    numerator_ -= gone.numerator;
    denominator_ -= gone.denominator;
    if (gone.merged) --merged_;
    if (empty()) {
        std::vector<Cell>().swap(cells_);  // a burst's memory is not kept
        head_ = 0;
        coarse_ = false;
    }
    return true;
}

double RatioWindow::value() const {
    if (denominator_ == 0) return 0;
    return static_cast<double>(numerator_) / static_cast<double>(denominator_);
}

bool RatioWindow::holds(const Counter& counter) const {
    return denominator_ >= counter.correlation->at_least && counter.holds(value());
}

std::int64_t RatioWindow::newest() const noexcept {
    return empty() ? no_time : cells_.back().time;
}

void RatioWindow::sample(std::int64_t from, std::vector<RecordRef>& out) const {
    sample_.take(from, out);
}

std::size_t RatioWindow::bytes() const noexcept {
    return sizeof *this + cells_.capacity() * sizeof(Cell);
}

void RatioWindow::save(Writer& out) const {
    out.flag(coarse_);
    sample_.save(out);
    out.number(cells_.size() - head_);
    for (std::size_t i = head_; i < cells_.size(); ++i) {
        out.signed_number(cells_[i].time);
        out.number(cells_[i].numerator);
        out.number(cells_[i].denominator);
        out.flag(cells_[i].merged);
    }
}

void RatioWindow::load(Reader& in) {
    coarse_ = in.flag();
    sample_.load(in);
    for (std::uint64_t n = in.number(); n > 0 && in.good(); --n) {
        Cell cell;
        cell.time = in.signed_number();
        cell.numerator = static_cast<std::uint32_t>(in.number());
        cell.denominator = static_cast<std::uint32_t>(in.number());
        cell.merged = in.flag();
        if (cell.time < -far || cell.time <= newest()) in.spoil();
        count(cell);
        cells_.push_back(cell);
    }
    if (empty() || cells_.size() > exact_hits) in.spoil();
}

}  // namespace correlate
