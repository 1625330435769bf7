#pragma once

#include "correlate/group.hpp"
#include "correlate/low_time.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace correlate {

/// Distinct values in a sliding span, each with its newest hit, in their group's block: what a
/// DistinctWindow does, for counters whose limit is at most `few_values`. So few are found faster
/// by looking at each, and a group needs one block instead of three.
///
/// In the order of time: the newest time, the records of the newest five values, all hashes, and
/// the low bytes of the older times. A value that is among the newest five has been so since its
/// last hit, so that no other record is ever asked for.
class Values {
public:
    static constexpr std::uint32_t none = 0xffffffff;

    explicit Values(Group& group) noexcept : group_(group), tail_(group.tail()) {}

    [[nodiscard]] bool full() const noexcept { return group_.size == group_.capacity; }
    /// The value's place, or none.
    [[nodiscard]] std::uint32_t find(std::uint64_t hash) const noexcept;
    /// Makes the hit's value, found at `known`, the newest, after drop_oldest. A new one takes the
    /// place of the value seen longest ago when full.
    void add(const Hit& hit, std::uint32_t known) noexcept;
    /// As Window::drop_oldest.
    bool drop_oldest(std::int64_t from) noexcept;
    [[nodiscard]] std::int64_t newest() const noexcept {
        return group_.size == 0 ? no_time : last();
    }
    void sample(std::int64_t from, std::vector<RecordRef>& out) const;
    /// In the form of a DistinctWindow, but for the records that are not kept: zeros.
    void save(Writer& out) const;
    /// What `save` wrote, read into `out` first, since the block must have room for it.
    static void load(Reader& in, std::int64_t span, std::vector<Hit>& out);

    /// Bytes of so many places, at least one.
    [[nodiscard]] static std::size_t bytes(std::uint32_t capacity,
                                           std::uint32_t time_bytes) noexcept {
        return sizeof(std::int64_t) + kept_refs(capacity) * sizeof(PackedRef) +
               capacity * sizeof(std::uint64_t) + std::size_t{capacity - 1} * time_bytes;
    }
    /// Copies the values to a block with more places.
    void copy_to(Group& larger) const noexcept;

private:
    [[nodiscard]] std::int64_t& last() const noexcept {
        return *reinterpret_cast<std::int64_t*>(tail_);
    }
    [[nodiscard]] PackedRef* refs() const noexcept {  // the newest first
        return reinterpret_cast<PackedRef*>(tail_ + sizeof(std::int64_t));
    }
    [[nodiscard]] std::uint64_t* hashes() const noexcept {
        return reinterpret_cast<std::uint64_t*>(refs() + kept_refs(group_.capacity));
    }
    /// Where the i-th value's time is when it is not the newest.
    [[nodiscard]] char* older(std::uint32_t i) const noexcept {
        return reinterpret_cast<char*>(hashes() + group_.capacity) +
               std::size_t{i} * group_.time_bytes;
    }
    [[nodiscard]] std::int64_t time(std::uint32_t i) const noexcept {
        return i + 1u == group_.size ? last() : low_time(older(i), group_.time_bytes, last());
    }
    void erase(std::uint32_t from, std::uint32_t count) noexcept;

    Group& group_;
    char* tail_;
};

}  // namespace correlate
