#include "correlate/wheel.hpp"

#include "base/assert.hpp"
#include "correlate/append.hpp"

#include <algorithm>

namespace correlate {

/// Which multiple of `every_` is the last not after `time`.
std::int64_t Wheel::number_of(std::int64_t time) const noexcept {
    return time / every_ - (time % every_ < 0 ? 1 : 0);
}

std::vector<GroupId>& Wheel::under(std::int64_t number) noexcept {
    return under_[static_cast<std::uint64_t>(number) % places];
}

void Wheel::turn(std::int64_t now, std::vector<GroupId>& due) {
    const std::int64_t last = number_of(now);
    if (passed_ != no_time) {
        const std::int64_t first = number_of(passed_) + 1;
        for (std::int64_t i = first; i <= std::min(last, first + places - 1); ++i) {
            auto& groups = under(i);
            due.insert(due.end(), groups.begin(), groups.end());
            // An hour's flood is not kept for ever.
            if (groups.capacity() > 1'024) groups = {};
            groups.clear();
        }
    }
    passed_ = last * every_;
}

void Wheel::add(GroupId id, std::int64_t end) {
    BASE_ASSERT(passed_ != no_time);
    const std::int64_t now = number_of(passed_);
    const std::int64_t wanted = number_of(end - 1) + 1;
    append(under(std::clamp(wanted, now + 1, now + places - 1)), id);
}

std::size_t Wheel::bytes() const noexcept {
    std::size_t places_held = 0;
    for (const auto& groups : under_) places_held += groups.capacity();
    return places_held * sizeof(GroupId);
}

}  // namespace correlate
