#pragma once

#include "correlate/plan.hpp"
#include "correlate/window.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace correlate {

using GroupId = std::uint32_t;

/// One group of one policy: the header of a single block that goes on with the key's bytes and then
/// with what its kind of counter keeps. A million groups cost a million small blocks, no more.
struct Group {
    std::uint32_t counter = 0;
    std::uint32_t waiting = 0;  ///< Buffered matches that name this group.
    std::uint32_t key_size = 0;
    std::uint32_t episode = 0;   ///< Firings so far.
    std::uint32_t matches = 0;   ///< Since the last firing or repeat.
    std::uint32_t told = 0;      ///< The repeat period of the last firing or repeat, its low bits.
    std::uint16_t size = 0;      ///< Of a count: hits in the ring.
    std::uint16_t head = 0;      ///< Of a count: place of the oldest.
    std::uint16_t capacity = 0;  ///< Of a count: places, at most exact_hits.
    bool fired = false;          ///< The condition has held since the last firing.
    bool live = false;           ///< It has hits, or a memory; else only matches wait for it.

    [[nodiscard]] std::string_view key() const noexcept {
        return {reinterpret_cast<const char*>(this + 1), key_size};
    }
    /// Where the kind's part begins, 8-aligned.
    [[nodiscard]] char* tail() noexcept {
        return reinterpret_cast<char*>(this + 1) + (key_size + 7u) / 8 * 8;
    }
    [[nodiscard]] const char* tail() const noexcept { return const_cast<Group*>(this)->tail(); }

    // What follows the key: of a plain rule a Memory, of a count the ring, of others a Window*.
    struct Memory {
        std::int64_t fired_at = no_time;
        std::int64_t newest = no_time;
    };
    [[nodiscard]] Memory& memory() noexcept { return *reinterpret_cast<Memory*>(tail()); }
    [[nodiscard]] Window*& window() noexcept { return *reinterpret_cast<Window**>(tail()); }
};
static_assert(sizeof(Group) == 32 && exact_hits < 65'536);

/// The newest hits of a count, up to Counter::limit of them, in their group's block: times in a
/// ring, and the records of the newest five.
class Ring {
public:
    explicit Ring(Group& group) noexcept : group_(group) {}

    [[nodiscard]] bool full() const noexcept { return group_.size == group_.capacity; }
    /// Counts a hit; when full it takes the oldest one's place.
    void add(const Hit& hit) noexcept;
    /// As Window::drop_oldest.
    bool drop_oldest(std::int64_t from) noexcept;
    void drop_all(std::int64_t from) noexcept;
    [[nodiscard]] std::int64_t newest() const noexcept {
        return group_.size == 0 ? no_time : time(group_.size - 1u);
    }
    /// Time of the i-th hit, the oldest being 0.
    [[nodiscard]] std::int64_t time(std::uint32_t i) const noexcept;
    void sample(std::vector<RecordRef>& out) const;
    /// The hits, without their number.
    void save(Writer& out) const;
    /// Into an empty ring of at least `size` places.
    bool load(Reader& in, std::uint64_t size) noexcept;

    /// Bytes of a ring with so many places.
    [[nodiscard]] static std::size_t bytes(std::uint32_t capacity) noexcept;
    /// Moves the hits to the ring of a block with more places.
    void move_to(Group& larger) const noexcept;

private:
    [[nodiscard]] std::int64_t* times() const noexcept {
        return reinterpret_cast<std::int64_t*>(group_.tail());
    }
    [[nodiscard]] std::uint32_t kept() const noexcept;
    [[nodiscard]] std::uint64_t* blocks() const noexcept {
        return reinterpret_cast<std::uint64_t*>(times() + group_.capacity);
    }
    [[nodiscard]] std::uint32_t* records() const noexcept {
        return reinterpret_cast<std::uint32_t*>(blocks() + kept());
    }
    void drop_front() noexcept;
    Group& group_;
};

/// The groups of all policies of a shard: interned keys, found by hash, named by a small id.
class Groups {
public:
    explicit Groups(const std::vector<Counter>& counters) noexcept : counters_(&counters) {}
    ~Groups();
    Groups(const Groups&) = delete;
    Groups& operator=(const Groups&) = delete;

    /// The group with this key, made when it is new. `hash` is that of the key under the counter's
    /// seed. `fresh` says whether it was made.
    GroupId intern(std::uint32_t counter, std::uint64_t hash, std::string_view key, bool& fresh);
    /// Removes a group nothing refers to. `hash` as at intern.
    void release(GroupId id, std::uint64_t hash);

    [[nodiscard]] Group& operator[](GroupId id) noexcept { return *blocks_[id]; }
    [[nodiscard]] const Group& operator[](GroupId id) const noexcept { return *blocks_[id]; }
    /// Starts fetching what apply will need of a group: its pointer, then its block.
    void prefetch_pointer(GroupId id) const noexcept { __builtin_prefetch(&blocks_[id]); }
    void prefetch_block(GroupId id) const noexcept {
        __builtin_prefetch(blocks_[id]);
        __builtin_prefetch(reinterpret_cast<const char*>(blocks_[id]) + 64);
    }

    /// Gives a full ring more places, unless it has as many as its counter needs. The block moves.
    void grow(GroupId id);
    /// A ring with at least so many places, within the counter's limit.
    void reserve(GroupId id, std::uint32_t places);

    /// Bytes of windows that are not in blocks, kept by who changes them.
    void account(std::ptrdiff_t change) noexcept { bytes_ += static_cast<std::size_t>(change); }
    [[nodiscard]] std::size_t size() const noexcept { return blocks_.size() - free_.size(); }
    /// One above the largest id.
    [[nodiscard]] std::size_t ids() const noexcept { return blocks_.size(); }
    [[nodiscard]] std::size_t bytes() const noexcept;

private:
    struct Slot {
        std::uint32_t tag = 0;
        GroupId id = none;
    };
    static constexpr GroupId none = 0xffffffff;

    [[nodiscard]] std::size_t home(std::uint32_t tag) const noexcept;
    [[nodiscard]] std::size_t tail_bytes(const Group& group) const noexcept;
    [[nodiscard]] Group* allocate(const Group& header, std::string_view key);
    void deallocate(Group* group) noexcept;
    void rehash();

    const std::vector<Counter>* counters_;
    std::vector<Group*> blocks_;  // by id
    std::vector<GroupId> free_;
    std::vector<Slot> slots_;  // a power of two, linear probing
    std::size_t bytes_ = 0;    // of blocks and windows
};

}  // namespace correlate
