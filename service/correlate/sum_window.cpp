#include "correlate/sum_window.hpp"

#include <algorithm>

namespace correlate {

void SumWindow::Total::add(double value) noexcept {
    const double sum = high + value;
    const double part = sum - high;
    low += (high - (sum - part)) + (value - part);
    high = sum;
}

void SumWindow::Total::add(const Total& other) noexcept {
    add(other.high);
    low += other.low;
}

std::int64_t SumWindow::slot_of(std::int64_t time) const noexcept {
    return time >= 0 ? time / grain_ : -((-time + grain_ - 1) / grain_);
}

void SumWindow::add(const Hit& hit, std::int64_t) {
    const double number = hit.real();
    ++hits_;
    total_.add(number);
    sample_.add(hit);
    if (coarse_ && !cells_.empty() && slot_of(cells_.back().time) == slot_of(hit.time)) {
        Cell& cell = cells_.back();
        if (cell.hits++ == 1) ++merged_;
        cell.time = hit.time;
        cell.sum.add(number);
        return;
    }
    cells_.push_back({hit.time, 1, {number, 0}});
    if (!coarse_ && cells_.size() > exact_hits) merge_all();
}

void SumWindow::merge_all() {
    coarse_ = true;
    merged_ = 0;
    std::deque<Cell> cells;
    for (const Cell& cell : cells_) {
        if (cells.empty() || slot_of(cells.back().time) != slot_of(cell.time)) {
            cells.push_back(cell);
            continue;
        }
        if (cells.back().hits == 1) ++merged_;
        cells.back().hits += cell.hits;
        cells.back().time = cell.time;
        cells.back().sum.add(cell.sum);
    }
    cells_ = std::move(cells);
}

bool SumWindow::drop_oldest(std::int64_t from) {
    if (cells_.empty() || cells_.front().time >= from) return false;
    const std::int64_t time = cells_.front().time;
    for (; !cells_.empty() && cells_.front().time == time; cells_.pop_front()) {
        const Cell& cell = cells_.front();
        hits_ -= cell.hits;
        if (cell.hits > 1) --merged_;
        total_.take(cell.sum);
    }
    if (cells_.empty()) {  // nothing is left, not even a rounding error
        total_ = {};
        coarse_ = false;
    }
    return true;
}

double SumWindow::value() const {
    const double sum = total_.high + total_.low;
    return mean_ ? sum / static_cast<double>(hits_) : sum;
}

std::int64_t SumWindow::newest() const noexcept {
    return cells_.empty() ? no_time : cells_.back().time;
}

void SumWindow::sample(std::int64_t from, std::vector<RecordRef>& out) const {
    sample_.take(from, out);
}

std::size_t SumWindow::bytes() const noexcept {
    return sizeof *this + 576 + cells_.size() * sizeof(Cell);  // a deque's first node and map
}

void SumWindow::save(Writer& out) const {
    out.flag(coarse_);
    out.real(total_.high);
    out.real(total_.low);
    sample_.save(out);
    out.number(cells_.size());
    for (const Cell& cell : cells_) {
        out.signed_number(cell.time);
        out.number(cell.hits);
        out.real(cell.sum.high);
        out.real(cell.sum.low);
    }
}

void SumWindow::load(Reader& in) {
    coarse_ = in.flag();
    total_.high = in.real();
    total_.low = in.real();
    sample_.load(in);
    for (std::uint64_t n = in.number(); n > 0 && in.good(); --n) {
        Cell cell;
        cell.time = in.signed_number();
        cell.hits = in.number();
        cell.sum.high = in.real();
        cell.sum.low = in.real();
        if (cell.hits == 0) in.spoil();
        hits_ += cell.hits;
        if (cell.hits > 1) ++merged_;
        cells_.push_back(cell);
    }
}

}  // namespace correlate
