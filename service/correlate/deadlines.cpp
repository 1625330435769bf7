#include "correlate/deadlines.hpp"

#include "correlate/append.hpp"

namespace correlate {

void Deadlines::add(GroupId id, std::int64_t time) {
    append(entries_, Entry{time, id});
    std::push_heap(entries_.begin(), entries_.end(), later);
}

void Deadlines::take(std::vector<GroupId>& out) {
    const std::int64_t time = next();
    while (!entries_.empty() && entries_.front().time == time) {
        out.push_back(entries_.front().id);
        std::pop_heap(entries_.begin(), entries_.end(), later);
        entries_.pop_back();
    }
    // A flood's memory is not kept for ever.
    if (entries_.capacity() > 65'536 && entries_.size() < entries_.capacity() / 4)
        entries_.shrink_to_fit();
}

}  // namespace correlate
