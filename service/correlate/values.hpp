#pragma once

#include "correlate/group.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace correlate {

/// Distinct values in a sliding span, each with its newest hit, in their group's block: what a
/// DistinctWindow does, for counters whose limit is at most `few_values`. So few are found faster
/// by looking at each, and a group needs one block instead of three.
class Values {
public:
    static constexpr std::uint32_t none = 0xffffffff;

    explicit Values(Group& group) noexcept : group_(group) {}

    [[nodiscard]] bool full() const noexcept { return group_.size == group_.capacity; }
    /// The value's place, or none.
    [[nodiscard]] std::uint32_t find(std::uint64_t hash) const noexcept;
    /// Makes the hit's value, found at `known`, the newest. A new one takes the place of the value
    /// seen longest ago when full.
    void add(const Hit& hit, std::uint32_t known) noexcept;
    /// As Window::drop_oldest.
    bool drop_oldest(std::int64_t from) noexcept;
    [[nodiscard]] std::int64_t newest() const noexcept {
        return group_.size == 0 ? no_time : entries()[group_.size - 1u].time;
    }
    void sample(std::int64_t from, std::vector<RecordRef>& out) const;
    /// In the bytes of a DistinctWindow.
    void save(Writer& out) const;
    /// What `save` wrote, read into `out` first, since the block must have room for it.
    static void load(Reader& in, std::vector<Hit>& out);

    /// Bytes of so many places.
    [[nodiscard]] static std::size_t bytes(std::uint32_t capacity) noexcept {
        return capacity * sizeof(Entry);
    }
    /// Copies the values to a block with more places.
    void copy_to(Group& larger) const noexcept;

private:
    struct Entry {  // in the order of time
        std::uint64_t hash;
        std::int64_t time;
        PackedRef ref;
    };

    [[nodiscard]] Entry* entries() const noexcept {
        return reinterpret_cast<Entry*>(group_.tail());
    }
    void erase(std::uint32_t from, std::uint32_t count) noexcept;

    Group& group_;
};

}  // namespace correlate
