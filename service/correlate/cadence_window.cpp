#include "correlate/cadence_window.hpp"

#include "correlate/low_time.hpp"

#include <algorithm>
#include <cstdlib>

namespace correlate {

static_assert(policy::Correlation::most_intervals < exact_hits);

void CadenceWindow::append(std::int64_t time) {
    if (!times_.empty()) {
        const std::int64_t interval = time - times_.back();
        intervals_.insert(std::upper_bound(intervals_.begin(), intervals_.end(), interval),
                          interval);
    }
    times_.push_back(time);
}

void CadenceWindow::remove_front() {
    if (times_.size() > 1)
        intervals_.erase(
            std::lower_bound(intervals_.begin(), intervals_.end(), times_[1] - times_[0]));
    times_.pop_front();
}

void CadenceWindow::add(const Hit& hit, std::int64_t from) {
    if (times_.size() == exact_hits) {
        left_out_ = times_.front();
        remove_front();
    }
    if (left_out_ < from) left_out_ = no_time;
    append(hit.time);
    sample_.add(hit);
}

bool CadenceWindow::drop_oldest(std::int64_t from) {
    if (times_.empty() || times_.front() >= from) return false;
    const std::int64_t time = times_.front();
    while (!times_.empty() && times_.front() == time) remove_front();
    return true;
}

/// Twice, so that the middle of two is whole.
std::int64_t CadenceWindow::twice_median() const noexcept {
    const std::size_t count = intervals_.size();
    return intervals_[(count - 1) / 2] + intervals_[count / 2];
}

/// The deviation of that rank, 0 being the least, from the centre; both twice. The intervals
/// nearest to the centre stand side by side: where they begin is found by halving.
std::int64_t CadenceWindow::twice_deviation(std::size_t rank, std::int64_t centre) const {
    std::size_t low = 0;
    std::size_t high = intervals_.size() - (rank + 1);
    while (low < high) {
        const std::size_t middle = (low + high) / 2;
        if (centre - 2 * intervals_[middle] > 2 * intervals_[middle + rank + 1] - centre) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return std::max(std::abs(centre - 2 * intervals_[low]),
                    std::abs(centre - 2 * intervals_[low + rank]));
}

double CadenceWindow::value() const {
    if (intervals_.empty() || twice_median() == 0) return 0;
    const std::size_t count = intervals_.size();
    const std::int64_t centre = twice_median();
    const std::int64_t four_times =
        twice_deviation((count - 1) / 2, centre) + twice_deviation(count / 2, centre);
    return policy::most_variation * (static_cast<double>(four_times) / 4) /
           (static_cast<double>(centre) / 2);
}

bool CadenceWindow::holds(const Counter& counter) const {
    const policy::Correlation& asked = *counter.correlation;
    if (intervals_.empty() || intervals_.size() < asked.at_least || twice_median() == 0)
        return false;
    return policy::within(asked.interval, static_cast<double>(twice_median()) / 2) &&
           counter.holds(value());
}

std::int64_t CadenceWindow::newest() const noexcept {
    return times_.empty() ? no_time : times_.back();
}

void CadenceWindow::sample(std::int64_t from, std::vector<RecordRef>& out) const {
    sample_.take(from, out);
}

void CadenceWindow::figures(std::vector<Figure>& out) const {
    if (intervals_.empty()) return;
    out.push_back({"interval_seconds", static_cast<double>(twice_median()) / 2e6});
    out.push_back({"intervals", static_cast<double>(intervals_.size())});
}

std::size_t CadenceWindow::bytes() const noexcept {
    return sizeof *this + 576 +
           (times_.size() + intervals_.capacity()) * sizeof(std::int64_t);  // a deque's least
}

void CadenceWindow::save(Writer& out) const {
    out.signed_number(left_out_);
    sample_.save(out);
    out.number(times_.size());
    std::int64_t last = 0;
    for (const std::int64_t time : times_) {
        out.signed_number(time - last);
        last = time;
    }
}

void CadenceWindow::load(Reader& in) {
    left_out_ = in.signed_number();
    sample_.load(in);
    const std::uint64_t count = in.number();
    if (count > exact_hits) in.spoil();
    std::int64_t time = 0;
    for (std::uint64_t n = count; n > 0 && in.good(); --n) {
        const std::int64_t last = time;
        if (__builtin_add_overflow(last, in.signed_number(), &time)) return in.spoil();
        const bool sound = times_.empty() || (time >= last && within(times_.front(), time, span_));
        if (!sound) return in.spoil();
        append(time);
    }
}

}  // namespace correlate
