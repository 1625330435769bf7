#include "correlate/groups.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

namespace correlate {
namespace {

std::uint32_t kept_of(std::uint32_t capacity) {
    return std::min<std::uint32_t>(capacity, sample_size);
}

std::uint32_t tag_of(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 32);
}

/// What the allocator takes for a block: its own word and 16-byte steps (glibc).
std::size_t allocated(std::size_t bytes) {
    return std::max<std::size_t>((bytes + 8 + 15) / 16 * 16, 32);
}

}  // namespace

std::size_t Ring::bytes(std::uint32_t capacity) noexcept {
    return capacity * sizeof(std::int64_t) + kept_of(capacity) * 12u;
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
    for (std::uint32_t i = kept() - 1; i > 0; --i) {  // the newest is first
        blocks()[i] = blocks()[i - 1];
        records()[i] = records()[i - 1];
    }
    blocks()[0] = hit.ref.block;
    records()[0] = hit.ref.record;
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
        out.push_back({blocks()[i], records()[i]});
    }
}

void Ring::save(Writer& out) const {
    std::int64_t last = 0;
    for (std::uint32_t i = 0; i < group_.size; ++i) {
        out.signed_number(time(i) - last);
        last = time(i);
        const std::uint32_t age = std::uint32_t{group_.size} - 1 - i;
        if (age >= sample_size) continue;
        out.number(blocks()[age]);
        out.number(records()[age]);
    }
}

bool Ring::load(Reader& in, std::uint64_t size) noexcept {
    std::int64_t last = 0;
    for (std::uint64_t i = 0; i < size; ++i) {
        Hit hit;
        hit.time = last += in.signed_number();
        if (size - 1 - i < sample_size) {
            hit.ref.block = in.number();
            hit.ref.record = static_cast<std::uint32_t>(in.number());
        }
        add(hit);
    }
    return in.good();
}

void Ring::move_to(Group& larger) const noexcept {
    const Ring ring(larger);
    for (std::uint32_t i = 0; i < group_.size; ++i) ring.times()[i] = time(i);
    for (std::uint32_t i = 0; i < kept(); ++i) {
        ring.blocks()[i] = blocks()[i];
        ring.records()[i] = records()[i];
    }
    larger.head = 0;
    larger.size = group_.size;
}

Groups::~Groups() {
    for (Group* group : blocks_) {
        if (group != nullptr) deallocate(group);
    }
}

std::size_t Groups::tail_bytes(const Group& group) const noexcept {
    switch ((*counters_)[group.counter].kind) {
        case Counter::Kind::plain:
            return sizeof(Group::Memory);
        case Counter::Kind::count:
            return Ring::bytes(group.capacity);
        default:
            return sizeof(Window*);
    }
}

Group* Groups::allocate(const Group& header, std::string_view key) {
    const std::size_t size = sizeof(Group) + (key.size() + 7) / 8 * 8 + tail_bytes(header);
    auto* raw = static_cast<char*>(::operator new(size));
    std::memset(raw, 0, size);
    auto* group = new (raw) Group(header);
    group->key_size = static_cast<std::uint32_t>(key.size());
    std::memcpy(raw + sizeof(Group), key.data(), key.size());
    bytes_ += allocated(size);
    return group;
}

void Groups::deallocate(Group* group) noexcept {
    const std::size_t size = sizeof(Group) + (group->key_size + 7u) / 8 * 8 + tail_bytes(*group);
    const auto kind = (*counters_)[group->counter].kind;
    if (kind != Counter::Kind::plain && kind != Counter::Kind::count &&
        group->window() != nullptr) {
        bytes_ -= group->window()->bytes();
        delete group->window();  // the block owns it; a block has no destructor
    }
    bytes_ -= allocated(size);
    ::operator delete(group);
}

std::size_t Groups::home(std::uint32_t tag) const noexcept {
    // The tag is already well mixed: its top bits choose, so growing keeps neighbours together.
    return slots_.size() == 1 ? 0 : tag >> (32 - std::countr_zero(slots_.size()));
}

void Groups::rehash() {
    std::vector<Slot> old = std::move(slots_);
    slots_.assign(std::max<std::size_t>(64, old.size() * 2), Slot{});
    const std::size_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
        if (slot.id == none) continue;
        std::size_t at = home(slot.tag);
        while (slots_[at].id != none) at = (at + 1) & mask;
        slots_[at] = slot;
    }
}

GroupId Groups::intern(std::uint32_t counter, std::uint64_t hash, std::string_view key,
                       bool& fresh) {
    fresh = false;
    if (size() + 1 > slots_.size() / 8 * 7) rehash();
    const std::uint32_t tag = tag_of(hash);
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = home(tag);
    for (; slots_[at].id != none; at = (at + 1) & mask) {
        if (slots_[at].tag != tag) continue;
        const Group& group = *blocks_[slots_[at].id];
        if (group.counter == counter && group.key() == key) return slots_[at].id;
    }
    fresh = true;
    Group header;
    header.counter = counter;
    header.capacity = 1;
    Group* group = allocate(header, key);
    if ((*counters_)[counter].kind == Counter::Kind::plain) new (group->tail()) Group::Memory;
    GroupId id = static_cast<GroupId>(blocks_.size());
    if (free_.empty()) {
        BASE_ASSERT(id != none);  // 4 billion groups are 400 GB
        blocks_.push_back(group);
    } else {
        id = free_.back();
        free_.pop_back();
        blocks_[id] = group;
    }
    slots_[at] = {tag, id};
    return id;
}

void Groups::release(GroupId id, std::uint64_t hash) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t hole = home(tag_of(hash));
    while (slots_[hole].id != id) {
        BASE_ASSERT(slots_[hole].id != none);
        hole = (hole + 1) & mask;
    }
    // Closes the gap, so that look-ups need no tombstones.
    for (std::size_t at = (hole + 1) & mask; slots_[at].id != none; at = (at + 1) & mask) {
        const std::size_t wanted = home(slots_[at].tag);
        if (((at - wanted) & mask) < ((at - hole) & mask)) continue;
        slots_[hole] = slots_[at];
        hole = at;
    }
    slots_[hole] = {};
    deallocate(blocks_[id]);
    blocks_[id] = nullptr;
    free_.push_back(id);
}

void Groups::grow(GroupId id) {
    reserve(id, std::uint32_t{blocks_[id]->capacity} * 2);
}

void Groups::reserve(GroupId id, std::uint32_t places) {
    Group* group = blocks_[id];
    const auto limit = static_cast<std::uint32_t>((*counters_)[group->counter].limit);
    places = std::min(places, limit);
    if (places <= group->capacity) return;
    Group header = *group;
    header.capacity = static_cast<std::uint16_t>(places);
    Group* larger = allocate(header, group->key());
    Ring(*group).move_to(*larger);
    deallocate(group);
    blocks_[id] = larger;
}

std::size_t Groups::bytes() const noexcept {
    return bytes_ + blocks_.capacity() * sizeof(Group*) + free_.capacity() * sizeof(GroupId) +
           slots_.capacity() * sizeof(Slot);
}

}  // namespace correlate
