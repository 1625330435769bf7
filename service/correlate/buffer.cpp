#include "correlate/buffer.hpp"

#include <algorithm>
#include <tuple>

namespace correlate {

bool Buffer::before(const Pending& a, const Pending& b) const {
    if (a.time != b.time) return a.time < b.time;
    if (a.id != b.id) return a.id < b.id;
    if (!a.same_call(b)) return std::tie(a.block, a.record) < std::tie(b.block, b.record);
    return tie_(a, b);
}

void Buffer::push(const Pending& pending) {
    const bool extends =
        sorted_ == matches_.size() && (sorted_ == head_ || !before(pending, matches_.back()));
    matches_.push_back(pending);
    if (extends) ++sorted_;
}

void Buffer::sort() {
    if (sorted_ == matches_.size()) return;
    const auto less = [this](const Pending& a, const Pending& b) { return before(a, b); };
    const auto begin = matches_.begin() + static_cast<std::ptrdiff_t>(head_);
    const auto middle = matches_.begin() + static_cast<std::ptrdiff_t>(sorted_);
    std::sort(middle, matches_.end(), less);
    // Merges backwards: only what is not before the newcomers moves.
    newcomers_.assign(middle, matches_.end());
    auto old = middle;
    auto place = matches_.end();
    for (auto next = newcomers_.end(); next != newcomers_.begin();) {
        const bool keep_old = old != begin && before(*(next - 1), *(old - 1));
        *--place = keep_old ? *--old : *--next;
    }
    if (newcomers_.capacity() > 65'536) newcomers_ = {};
    sorted_ = matches_.size();
}

std::span<const Pending> Buffer::due(std::int64_t until) {
    sort();
    const auto begin = matches_.begin() + static_cast<std::ptrdiff_t>(head_);
    const auto end =
        std::upper_bound(begin, matches_.end(), until,
                         [](std::int64_t time, const Pending& p) { return time < p.time; });
    return {begin, end};
}

void Buffer::pop(std::size_t count) {
    head_ += count;
    if (head_ == matches_.size()) {
        // A burst's memory is not kept for ever.
        if (matches_.capacity() > 65'536 && matches_.size() < matches_.capacity() / 4) {
            matches_ = {};
        }
        matches_.clear();
        head_ = sorted_ = 0;
    } else if (head_ > matches_.size() / 2) {
        matches_.erase(matches_.begin(), matches_.begin() + static_cast<std::ptrdiff_t>(head_));
        sorted_ -= head_;
        head_ = 0;
    }
}

}  // namespace correlate
