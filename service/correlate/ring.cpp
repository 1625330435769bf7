#include "correlate/ring.hpp"

#include <algorithm>

namespace correlate {

void Ring::add(const Hit& hit) noexcept {
    if (full()) drop_front();
    if (group_.size > 0) put_low_time(older(group_.size - 1u), group_.time_bytes, last());
    last() = hit.time;
    ++group_.size;
    std::shift_right(refs(), refs() + kept_refs(group_.capacity), 1);
    refs()[0] = hit.ref;
}

void Ring::drop_front() noexcept {
    const auto next = static_cast<std::uint16_t>(group_.head + 1);
    group_.head = next + 1 >= group_.capacity ? std::uint16_t{0} : next;
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
    for (std::uint32_t i = kept_refs(group_.size); i-- > 0;) {
        out.push_back(refs()[i].unpack());
    }
}

void Ring::save(Writer& out) const {
    std::int64_t last = 0;
    for (std::uint32_t i = 0; i < group_.size; ++i) {
        out.signed_number(time(i) - last);
        last = time(i);
        const std::uint32_t age = std::uint32_t{group_.size} - 1 - i;
        if (age < sample_size) refs()[age].save(out);
    }
}

bool Ring::load(Reader& in, std::uint64_t size, std::int64_t span) noexcept {
    std::int64_t before = 0;
    for (std::uint64_t i = 0; i < size && in.good(); ++i) {
        Hit hit;
        if (__builtin_add_overflow(before, in.signed_number(), &hit.time)) return false;
        if (i > 0 && (hit.time < before || !within(time(0), hit.time, span))) return false;
        before = hit.time;
        if (size - 1 - i < sample_size) hit.ref = PackedRef::load(in);
        add(hit);
    }
    return in.good();
}

void Ring::move_to(Group& larger) const noexcept {
    larger.head = 0;
    larger.size = group_.size;
    const Ring ring(larger);
    ring.last() = last();
    std::copy(refs(), refs() + kept_refs(group_.capacity), ring.refs());
    for (std::uint32_t i = 0; i + 1 < group_.size; ++i) {
        std::memcpy(ring.older(i), older(i), group_.time_bytes);
    }
}

}  // namespace correlate
