#pragma once

#include "correlate/group.hpp"
#include "correlate/plan.hpp"
#include "correlate/slab.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace correlate {

/// The groups of all policies of a shard: interned keys, found by hash, named by a small id.
class Groups {
public:
    /// At most Group::max_counters.
    explicit Groups(const std::vector<Counter>& counters);
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
    /// Starts fetching what intern will need of a key: its place in the table, then the pointer of
    /// the group found there, then its block.
    void prefetch_slot(std::uint64_t hash) const noexcept;
    void prefetch_candidate_pointer(std::uint64_t hash) const noexcept;
    void prefetch_candidate(std::uint64_t hash) const noexcept;
    /// Starts fetching what apply will need of a group: its pointer, then its block.
    void prefetch_pointer(GroupId id) const noexcept { __builtin_prefetch(&blocks_[id]); }
    void prefetch_block(GroupId id) const noexcept {
        __builtin_prefetch(blocks_[id]);
        __builtin_prefetch(reinterpret_cast<const char*>(blocks_[id]) + 64);
    }

    /// Gives a full Ring or Values more places, unless it has as many as its counter needs. The
    /// block moves.
    void grow(GroupId id);
    /// At least so many places, within the counter's limit.
    void reserve(GroupId id, std::uint32_t places);
    /// Gives the group a Story unless it has one. The block moves.
    void give_story(GroupId id);

    /// Bytes of windows that are not in blocks, kept by who changes them.
    void account(std::ptrdiff_t change) noexcept { bytes_ += static_cast<std::size_t>(change); }
    [[nodiscard]] std::size_t size() const noexcept { return blocks_.size() - free_.size(); }
    /// Calls `use` with each id, ascending.
    template <class Use>
    void each(Use use) const {
        for (GroupId id = 0; id < blocks_.size(); ++id) {
            if (blocks_[id] != nullptr) use(id);
        }
    }
    [[nodiscard]] std::size_t bytes() const noexcept;

private:
    struct Slot {
        std::uint32_t tag = 0;
        GroupId id = none;
    };
    static constexpr GroupId none = 0xffffffff;

    [[nodiscard]] std::size_t home(std::uint32_t tag) const noexcept {
        // The tag is already well mixed: its top bits choose, so growing keeps neighbours together.
        return static_cast<std::size_t>(std::uint64_t{tag} * slots_.size() >> 32);
    }
    [[nodiscard]] std::size_t after(std::size_t place) const noexcept {
        return place + 1 == slots_.size() ? 0 : place + 1;
    }
    /// Steps from a place to another, around the end.
    [[nodiscard]] std::size_t steps(std::size_t from, std::size_t to) const noexcept {
        return to >= from ? to - from : to + slots_.size() - from;
    }
    [[nodiscard]] GroupId candidate(std::uint64_t hash) const noexcept;
    [[nodiscard]] std::size_t tail_bytes(const Group& group) const noexcept;
    [[nodiscard]] std::size_t bytes_of(const Group& group, std::size_t key_size) const noexcept;
    [[nodiscard]] Group* make(std::uint32_t counter, std::string_view key);
    [[nodiscard]] Group* allocate(const Group& header, std::string_view key);
    void deallocate(Group* group) noexcept;
    void rehash();

    const std::vector<Counter>* counters_;
    std::vector<Group*> blocks_;  // by id
    std::vector<GroupId> free_;
    std::vector<Slot> slots_;  // linear probing
    Slab slab_;                // of blocks
    std::size_t bytes_ = 0;    // of windows
};

}  // namespace correlate
