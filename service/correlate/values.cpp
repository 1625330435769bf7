#include "correlate/values.hpp"

#include <algorithm>

namespace correlate {

std::uint32_t Values::find(std::uint64_t hash) const noexcept {
    for (std::uint32_t i = group_.size; i-- > 0;) {  // what came last comes most often again
        if (entries()[i].hash == hash) return i;
    }
    return none;
}

void Values::erase(std::uint32_t from, std::uint32_t count) noexcept {
    std::copy(entries() + from + count, entries() + group_.size, entries() + from);
    group_.size = static_cast<std::uint16_t>(group_.size - count);
}

void Values::add(const Hit& hit, std::uint32_t known) noexcept {
    if (known != none) {
        erase(known, 1);
    } else if (full()) {
        erase(0, 1);
    }
    entries()[group_.size++] = {hit.value, hit.time, hit.ref};
}

bool Values::drop_oldest(std::int64_t from) noexcept {
    if (group_.size == 0 || entries()[0].time >= from) return false;
    const std::int64_t gone = entries()[0].time;
    std::uint32_t count = 1;
    while (count < group_.size && entries()[count].time == gone) ++count;
    erase(0, count);
    return true;
}

void Values::sample(std::int64_t from, std::vector<RecordRef>& out) const {
    const std::uint32_t first = group_.size - std::min<std::uint32_t>(group_.size, sample_size);
    for (std::uint32_t i = first; i < group_.size; ++i) {
        const Entry& entry = entries()[i];
        if (entry.time >= from) out.push_back(entry.ref.unpack());
    }
}

void Values::save(Writer& out) const {
    out.number(0);  // all values, not a sample of them
    out.number(group_.size);
    for (std::uint32_t i = 0; i < group_.size; ++i) {
        out.number(entries()[i].hash);
        out.signed_number(entries()[i].time);
        entries()[i].ref.save(out);
    }
}

void Values::load(Reader& in, std::vector<Hit>& out) {
    if (in.number() != 0) in.spoil();
    for (std::uint64_t n = in.number(); n > 0 && in.good(); --n) {
        Hit hit;
        hit.value = in.number();
        hit.time = in.signed_number();
        hit.ref = PackedRef::load(in);
        out.push_back(hit);
    }
}

void Values::copy_to(Group& larger) const noexcept {
    std::copy(entries(), entries() + group_.size, reinterpret_cast<Entry*>(larger.tail()));
    larger.size = group_.size;
}

}  // namespace correlate
