#include "correlate/ring.hpp"

#include <algorithm>

namespace correlate {
namespace {

std::uint32_t kept_of(std::uint32_t capacity) {
    return std::min<std::uint32_t>(capacity, sample_size);
}

}  // namespace

std::size_t Ring::bytes(std::uint32_t capacity) noexcept {
    return capacity * sizeof(std::int64_t) + kept_of(capacity) * sizeof(PackedRef);
}

std::uint32_t Ring::kept() const noexcept {
    return kept_of(group_.capacity);
}

std::int64_t Ring::time(std::uint32_t i) const noexcept {
    std::uint32_t at = std::uint32_t{group_.head} + i;
    if (at >= group_.capacity) at -= group_.capacity;
    return times()[at];
}

void Ring::add(const Hit& hit) noexcept {
    if (full()) drop_front();
    std::uint32_t at = std::uint32_t{group_.head} + group_.size;
    if (at >= group_.capacity) at -= group_.capacity;
    times()[at] = hit.time;
    ++group_.size;
    std::shift_right(refs(), refs() + kept(), 1);
    refs()[0] = hit.ref;  // the newest is first
}

void Ring::drop_front() noexcept {
    group_.head =
        static_cast<std::uint16_t>(group_.head + 1 == group_.capacity ? 0 : group_.head + 1);
    --group_.size;
}

bool Ring::drop_oldest(std::int64_t from) noexcept {
    if (group_.size == 0 || time(0) >= from) return false;
    const std::int64_t gone = time(0);
    while (group_.size > 0 && time(0) == gone) {
        drop_front();
    }
    return true;
}

void Ring::drop_all(std::int64_t from) noexcept {
    while (group_.size > 0 && time(0) < from) {
        drop_front();
    }
}

void Ring::sample(std::vector<RecordRef>& out) const {
    for (std::uint32_t i = std::min<std::uint32_t>(kept(), group_.size); i-- > 0;) {
        out.push_back(refs()[i].unpack());
    }
}

void Ring::save(Writer& out) const {
    std::int64_t last = 0;
    for (std::uint32_t i = 0; i < group_.size; ++i) {
        out.signed_number(time(i) - last);
        last = time(i);
        const std::uint32_t age = std::uint32_t{group_.size} - 1 - i;
        if (age >= sample_size) continue;
        refs()[age].save(out);
    }
}

bool Ring::load(Reader& in, std::uint64_t size) noexcept {
    std::int64_t last = 0;
    for (std::uint64_t i = 0; i < size; ++i) {
        Hit hit;
        hit.time = last += in.signed_number();
        if (size - 1 - i < sample_size) {
            hit.ref = PackedRef::load(in);
        }
        add(hit);
    }
    return in.good();
}

void Ring::move_to(Group& larger) const noexcept {
    const Ring ring(larger);
    for (std::uint32_t i = 0; i < group_.size; ++i) ring.times()[i] = time(i);
    std::copy(refs(), refs() + kept(), ring.refs());
    larger.head = 0;
    larger.size = group_.size;
}

}  // namespace correlate
