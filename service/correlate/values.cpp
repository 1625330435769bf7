#include "correlate/values.hpp"

#include <algorithm>

namespace correlate {

std::uint32_t Values::find(std::uint64_t hash) const noexcept {
    const std::uint64_t* all = hashes();
    for (std::uint32_t i = group_.size; i-- > 0;) {  // what came last comes most often again
        if (all[i] == hash) return i;
    }
    return none;
}

/// Of the older ones; the newest stays.
void Values::erase(std::uint32_t from, std::uint32_t count) noexcept {
    std::copy(hashes() + from + count, hashes() + group_.size, hashes() + from);
    std::copy(older(from + count), older(group_.size - 1u), older(from));
    group_.size = static_cast<std::uint16_t>(group_.size - count);
}

void Values::add(const Hit& hit, std::uint32_t known) noexcept {
    std::uint32_t newer = kept_refs(group_.capacity) - 1;  // records that move up
    if (known != none) newer = std::min(newer, group_.size - 1u - known);
    std::shift_right(refs(), refs() + newer + 1, 1);
    refs()[0] = hit.ref;
    if (known == none && full()) known = 0;
    if (known != none && known + 1 < group_.size) {
        erase(known, 1);
    } else if (known != none) {
        --group_.size;
    }
    if (group_.size > 0 && known != group_.size) {
        put_low_time(older(group_.size - 1u), group_.time_bytes, last());
    }
    hashes()[group_.size++] = hit.value;
    last() = hit.time;
}

bool Values::drop_oldest(std::int64_t from) noexcept {
    if (group_.size == 0 || time(0) >= from) return false;
    const std::int64_t gone = time(0);
    if (gone == last()) {
        group_.size = 0;
        return true;
    }
    std::uint32_t count = 1;
    while (time(count) == gone) ++count;
    erase(0, count);
    return true;
}

void Values::sample(std::int64_t from, std::vector<RecordRef>& out) const {
    for (std::uint32_t age = kept_refs(group_.size); age-- > 0;) {
        if (time(group_.size - 1u - age) >= from) out.push_back(refs()[age].unpack());
    }
}

void Values::save(Writer& out) const {
    out.number(0);  // all values, not a sample of them
    out.number(group_.size);
    for (std::uint32_t i = 0; i < group_.size; ++i) {
        out.number(hashes()[i]);
        out.signed_number(time(i));
        const std::uint32_t age = group_.size - 1u - i;
        (age < sample_size ? refs()[age] : PackedRef{}).save(out);
    }
}

void Values::load(Reader& in, std::int64_t span, std::vector<Hit>& out) {
    if (in.number() != 0) in.spoil();
    for (std::uint64_t n = in.number(); n > 0 && in.good(); --n) {
        Hit hit;
        hit.value = in.number();
        hit.time = in.signed_number();
        hit.ref = PackedRef::load(in);
        const bool ordered = out.empty() || (out.back().time <= hit.time &&
                                             within(out.front().time, hit.time, span));
        if (!ordered) in.spoil();
        out.push_back(hit);
    }
}

void Values::copy_to(Group& larger) const noexcept {
    larger.size = group_.size;
    const Values values(larger);
    values.last() = last();
    std::copy(refs(), refs() + kept_refs(group_.capacity), values.refs());
    std::copy(hashes(), hashes() + group_.size, values.hashes());
    if (group_.size > 0) std::copy(older(0), older(group_.size - 1u), values.older(0));
}

}  // namespace correlate
