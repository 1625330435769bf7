#pragma once

#include "correlate/group.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace correlate {

/// The live groups of one policy that waits for what does not come, by the time at which each is to
/// be looked at, soonest first. A wheel will not do: what is over there may be told a quarter of a
/// span later, and a firing has its place in the order of event time.
///
/// A hit that moves a group's deadline touches nothing here: the group is looked at when its old
/// time comes and put back, about once a span.
class Deadlines {
public:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    void add(GroupId id, std::int64_t time);
    /// The soonest time, or never.
    [[nodiscard]] std::int64_t next() const noexcept {
        return entries_.empty() ? never : entries_.front().time;
    }
    /// Appends the groups of the soonest time, in no particular order.
    void take(std::vector<GroupId>& out);

    /// Removes the groups for which `gone` is true.
    template <class Gone>
    void erase_if(Gone gone) {
        std::erase_if(entries_, [&](const Entry& entry) { return gone(entry.id); });
        std::make_heap(entries_.begin(), entries_.end(), later);
    }
    template <class Use>
    void each(Use use) const {
        for (const Entry& entry : entries_) use(entry.id);
    }
    [[nodiscard]] std::size_t bytes() const noexcept { return entries_.capacity() * sizeof(Entry); }

private:
    struct Entry {
        std::int64_t time = 0;
        GroupId id = 0;
    };
    static bool later(const Entry& a, const Entry& b) noexcept { return a.time > b.time; }

    std::vector<Entry> entries_;  // a heap
};

}  // namespace correlate
