#include "correlate/rank_window.hpp"

#include <algorithm>
#include <cmath>

namespace correlate {

void RankWindow::add(const Hit& hit, std::int64_t from) {
    const double number = hit.real();
    if (hits_.size() == exact_hits) {
        left_out_ = hits_.front().time;
        remove_front();
    }
    if (left_out_ < from) left_out_ = no_time;
    hits_.push_back({hit.time, number});
    sorted_.insert(std::upper_bound(sorted_.begin(), sorted_.end(), number), number);
    sample_.add(hit);
}

void RankWindow::remove_front() {
    sorted_.erase(std::lower_bound(sorted_.begin(), sorted_.end(), hits_.front().number));
    hits_.pop_front();
}

bool RankWindow::drop_oldest(std::int64_t from) {
    if (hits_.empty() || hits_.front().time >= from) return false;
    const std::int64_t time = hits_.front().time;
    while (!hits_.empty() && hits_.front().time == time) remove_front();
    return true;
}

double RankWindow::value() const {
    const double rank = percentile_ / 100 * static_cast<double>(sorted_.size() - 1);
    const auto below = static_cast<std::size_t>(std::floor(rank));
    const auto above = std::min(below + 1, sorted_.size() - 1);
    const double part = rank - static_cast<double>(below);
    return sorted_[below] + (sorted_[above] - sorted_[below]) * part;
}

std::int64_t RankWindow::newest() const noexcept {
    return hits_.empty() ? no_time : hits_.back().time;
}

void RankWindow::sample(std::int64_t from, std::vector<RecordRef>& out) const {
    sample_.take(from, out);
}

std::size_t RankWindow::bytes() const noexcept {
    return sizeof *this + 576 + hits_.size() * sizeof(Entry) + sorted_.capacity() * sizeof(double);
}

void RankWindow::save(Writer& out) const {
    out.signed_number(left_out_);
    sample_.save(out);
    out.number(hits_.size());
    for (const Entry& entry : hits_) {
        out.signed_number(entry.time);
        out.real(entry.number);
    }
}

void RankWindow::load(Reader& in) {
    left_out_ = in.signed_number();
    sample_.load(in);
    for (std::uint64_t n = in.number(); n > 0 && in.good(); --n) {
        const std::int64_t time = in.signed_number();
        const double number = in.real();
        if (std::isnan(number)) in.spoil();
        hits_.push_back({time, number});
        sorted_.push_back(number);
    }
    std::sort(sorted_.begin(), sorted_.end());
}

}  // namespace correlate
