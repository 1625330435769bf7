#include "correlate/groups.hpp"

#include "base/assert.hpp"
#include "correlate/append.hpp"
#include "correlate/ring.hpp"
#include "correlate/values.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace correlate {
namespace {

std::uint32_t tag_of(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 32);
}

}  // namespace

Groups::Groups(const std::vector<Counter>& counters) : counters_(&counters) {
    BASE_ASSERT(counters.size() <= Group::max_counters);
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
            return Ring::bytes(group.capacity, group.time_bytes);
        case Counter::Kind::few:
            return Values::bytes(group.capacity, group.time_bytes);
        default:
            return sizeof(Window*);
    }
}

std::size_t Groups::bytes_of(const Group& group, std::size_t key_size) const noexcept {
    return group.tail_at(key_size) + tail_bytes(group);
}

Group* Groups::allocate(const Group& header, std::string_view key) {
    auto* group = new (slab_.take(bytes_of(header, key.size()))) Group(header);
    group->put_key(key);
    return group;
}

void Groups::deallocate(Group* group) noexcept {
    if ((*counters_)[group->counter].has_window() && group->window() != nullptr) {
        bytes_ -= group->window()->bytes();
        delete group->window();  // the block owns it; a block has no destructor
    }
    slab_.give(group, bytes_of(*group, group->key_size()));
}

void Groups::rehash() {
    std::vector<Slot> old = std::move(slots_);
    // By a half: doubled tables are half empty on average, and with less the time to fill new ones
    // shows when every match makes a group.
    slots_.assign(std::max<std::size_t>(64, old.size() / 2 * 3), Slot{});
    for (const Slot& slot : old) {
        if (slot.id == none) continue;
        std::size_t at = home(slot.tag);
        while (slots_[at].id != none) at = after(at);
        slots_[at] = slot;
    }
}

/// The group whose tag is met first, most likely the one of the key.
GroupId Groups::candidate(std::uint64_t hash) const noexcept {
    constexpr std::size_t steps = 8;  // a cache line of slots
    if (slots_.empty()) return none;
    const std::uint32_t tag = tag_of(hash);
    std::size_t at = home(tag);
    for (std::size_t i = 0; i < steps && slots_[at].id != none; ++i) {
        if (slots_[at].tag == tag) return slots_[at].id;
        at = after(at);
    }
    return none;
}

void Groups::prefetch_slot(std::uint64_t hash) const noexcept {
    if (!slots_.empty()) __builtin_prefetch(&slots_[home(tag_of(hash))]);
}

void Groups::prefetch_candidate_pointer(std::uint64_t hash) const noexcept {
    if (const GroupId id = candidate(hash); id != none) __builtin_prefetch(&blocks_[id]);
}

void Groups::prefetch_candidate(std::uint64_t hash) const noexcept {
    if (const GroupId id = candidate(hash); id != none) __builtin_prefetch(blocks_[id]);
}

/// An empty group.
Group* Groups::make(std::uint32_t place, std::string_view key) {
    const Counter& counter = (*counters_)[place];
    Group header;
    header.counter = place & (Group::max_counters - 1);
    header.time_bytes = counter.time_bytes() & 15u;
    header.capacity = 1;
    header.take_size_of(key);
    // A quiet rule fires at its first match.
    header.has_story = counter.kind == Counter::Kind::plain && counter.span > 0;
    Group* group = allocate(header, key);
    if (header.has_story) group->story() = {};
    if (counter.kind == Counter::Kind::plain) new (group->tail()) Group::Memory;
    if (counter.has_window()) group->window() = nullptr;
    return group;
}

GroupId Groups::intern(std::uint32_t counter, std::uint64_t hash, std::string_view key,
                       bool& fresh) {
    fresh = false;
    // Fuller tables save little beside the blocks, and a key that is not there costs 8 steps at
    // three quarters, 32 at seven eighths.
    if (size() + 1 > slots_.size() / 4 * 3) rehash();
    const std::uint32_t tag = tag_of(hash);
    std::size_t at = home(tag);
    for (; slots_[at].id != none; at = after(at)) {
        if (slots_[at].tag != tag) continue;
        const Group& group = *blocks_[slots_[at].id];
        if (group.counter == counter && group.key() == key) return slots_[at].id;
    }
    fresh = true;
    Group* group = make(counter, key);
    GroupId id = static_cast<GroupId>(blocks_.size());
    if (free_.empty()) {
        BASE_ASSERT(id != none);  // 4 billion groups are 400 GB
        append(blocks_, group);
    } else {
        id = free_.back();
        free_.pop_back();
        blocks_[id] = group;
    }
    slots_[at] = {tag, id};
    return id;
}

void Groups::release(GroupId id, std::uint64_t hash) {
    std::size_t hole = home(tag_of(hash));
    while (slots_[hole].id != id) {
        BASE_ASSERT(slots_[hole].id != none);
        hole = after(hole);
    }
    // Closes the gap, so that look-ups need no tombstones.
    for (std::size_t at = after(hole); slots_[at].id != none; at = after(at)) {
        if (steps(home(slots_[at].tag), at) < steps(hole, at)) continue;
        slots_[hole] = slots_[at];
        hole = at;
    }
    slots_[hole] = {};
    deallocate(blocks_[id]);
    blocks_[id] = nullptr;
    append(free_, id);
}

void Groups::grow(GroupId id) {
    // One by one while each place has its record, then by a half.
    const std::uint32_t places = blocks_[id]->capacity;
    reserve(id, places < sample_size ? places + 1 : places + places / 2);
}

void Groups::reserve(GroupId id, std::uint32_t places) {
    Group* group = blocks_[id];
    const auto limit = static_cast<std::uint32_t>((*counters_)[group->counter].limit);
    places = std::min(places, limit);
    if (places <= group->capacity) return;
    Group header = *group;
    header.capacity = static_cast<std::uint16_t>(places);
    Group* larger = allocate(header, group->key());
    if (header.has_story) larger->story() = group->story();
    if ((*counters_)[group->counter].kind == Counter::Kind::few) {
        Values(*group).copy_to(*larger);
    } else {
        Ring(*group).move_to(*larger);
    }
    deallocate(group);
    blocks_[id] = larger;
}

void Groups::give_story(GroupId id) {
    Group* group = blocks_[id];
    if (group->has_story) return;
    Group header = *group;
    header.has_story = true;
    Group* larger = allocate(header, group->key());
    larger->story() = {};
    std::memcpy(larger->tail(), group->tail(), tail_bytes(*group));
    slab_.give(group, bytes_of(*group, group->key_size()));
    blocks_[id] = larger;
}

std::size_t Groups::bytes() const noexcept {
    return bytes_ + slab_.bytes() + blocks_.capacity() * sizeof(Group*) +
           free_.capacity() * sizeof(GroupId) + slots_.capacity() * sizeof(Slot);
}

}  // namespace correlate
