#pragma once

#include "correlate/pending.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace correlate {

/// Matches in the order of (time, id), whatever order they come in.
///
/// Logs come nearly in order of time, and with whole seconds or milliseconds: what comes in order
/// of time is only sorted among those of one time, and only when it is due. Stragglers are sorted
/// and merged.
///
/// `Tie` orders the matches of one call: by counter, then group key, then value.
template <class Tie>
class Buffer {
public:
    explicit Buffer(Tie tie) : tie_(std::move(tie)) {}

    void push(const Pending& pending) {
        const bool extends = ordered_ == matches_.size() &&
                             (ordered_ == head_ || pending.time >= (matches_.end() - 1)->time);
        matches_.push_back(pending);
        if (extends) ++ordered_;
    }

    /// Those with time <= `until`, in the order of time alone; good until the next push or pop.
    [[nodiscard]] std::span<Pending> due(std::int64_t until) {
        merge();
        const auto end =
            std::upper_bound(at(head_), matches_.end(), until,
                             [](std::int64_t time, const Pending& p) { return time < p.time; });
        return {at(head_), end};
    }

    /// Puts those of one time at the front of `due` in order and returns how many they are. Apart
    /// from `due` because it looks into groups, which are best fetched just before they are needed.
    std::size_t order_front(std::span<Pending> due) const {
        std::size_t count = 1;
        while (count < due.size() && due[count].time == due.front().time) ++count;
        if (count > 1) {
            std::sort(due.begin(), due.begin() + static_cast<std::ptrdiff_t>(count),
                      [this](const Pending& a, const Pending& b) { return before(a, b); });
        }
        return count;
    }

    /// Forgets the first `count`.
    void pop(std::size_t count) {
        head_ += count;
        if (head_ == matches_.size()) {
            // A burst's memory is not kept for ever.
            if (matches_.capacity() > 65'536 && matches_.size() < matches_.capacity() / 4) {
                matches_.reset();
            }
            matches_.clear();
            head_ = ordered_ = 0;
        } else if (head_ > matches_.size() / 4) {
            // Each match moves three times; a deque's blocks would save that and made the rest
            // slower.
            matches_.erase_front(head_);
            ordered_ -= head_;
            head_ = 0;
        }
    }

    /// Removes those for which `gone` is true; the others keep their order.
    template <class Gone>
    void erase_if(Gone gone) {
        const auto ordered_end =
            std::remove_if(at(head_), at(ordered_), [&](const Pending& p) { return gone(p); });
        auto end = ordered_end;
        for (auto next = at(ordered_); next != matches_.end(); ++next) {
            if (!gone(*next)) *end++ = *next;
        }
        ordered_ = static_cast<std::size_t>(ordered_end - matches_.begin());
        matches_.truncate(static_cast<std::size_t>(end - matches_.begin()));
    }

    [[nodiscard]] std::size_t size() const noexcept { return matches_.size() - head_; }
    [[nodiscard]] std::size_t bytes() const noexcept {
        return matches_.capacity() * sizeof(Pending);
    }
    /// In no particular order.
    [[nodiscard]] std::span<const Pending> all() const noexcept {
        return matches_.all().subspan(head_);
    }

private:
    [[nodiscard]] Pending* at(std::size_t place) noexcept { return matches_.begin() + place; }

    /// Of one time.
    [[nodiscard]] bool before(const Pending& a, const Pending& b) const {
        if (a.id != b.id) return a.id < b.id;
        if (!a.same_call(b)) return a.ref < b.ref;
        return tie_(a, b);
    }

    /// Brings all into the order of time.
    void merge() {
        if (ordered_ == matches_.size()) return;
        const auto earlier = [](const Pending& a, const Pending& b) { return a.time < b.time; };
        const auto begin = at(head_);
        const auto middle = at(ordered_);
        std::sort(middle, matches_.end(), earlier);
        // Merges backwards: only what is later than the newcomers moves.
        newcomers_.assign(middle, matches_.end());
        auto old = middle;
        auto place = matches_.end();
        for (auto next = newcomers_.end(); next != newcomers_.begin();) {
            const bool keep_old = old != begin && earlier(*(next - 1), *(old - 1));
            *--place = keep_old ? *--old : *--next;
        }
        if (newcomers_.capacity() > 65'536) std::vector<Pending>().swap(newcomers_);
        ordered_ = matches_.size();
    }

    Tie tie_;
    PendingList matches_;
    std::vector<Pending> newcomers_;  // scratch of merge
    std::size_t head_ = 0;            // those before it are done with
    std::size_t ordered_ = 0;         // matches_[head_ .. ordered_) do not go back in time
};

}  // namespace correlate
