#pragma once

#include "correlate/group.hpp"
#include "correlate/low_time.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace correlate {

/// The newest hits of a count, up to Counter::limit of them, in their group's block: the newest
/// time, the records of the newest five, and the older times in a ring. None is older than the
/// newest less the counter's span.
class Ring {
public:
    explicit Ring(Group& group) noexcept : group_(group), tail_(group.tail()) {}

    [[nodiscard]] bool full() const noexcept { return group_.size == group_.capacity; }
    /// Counts a hit, after drop_all; when full it takes the oldest one's place.
    void add(const Hit& hit) noexcept;
    /// As Window::drop_oldest.
    bool drop_oldest(std::int64_t from) noexcept;
    void drop_all(std::int64_t from) noexcept;
    [[nodiscard]] std::int64_t newest() const noexcept {
        return group_.size == 0 ? no_time : last();
    }
    /// Time of the i-th hit, the oldest being 0.
    [[nodiscard]] std::int64_t time(std::uint32_t i) const noexcept {
        return i + 1u == group_.size ? last() : low_time(older(i), group_.time_bytes, last());
    }
    void sample(std::vector<RecordRef>& out) const;
    /// The hits, without their number.
    void save(Writer& out) const;
    /// Into an empty ring of at least `size` places. False when it is damaged.
    bool load(Reader& in, std::uint64_t size, std::int64_t span) noexcept;

    /// Bytes of a ring with so many places, at least one.
    [[nodiscard]] static std::size_t bytes(std::uint32_t capacity,
                                           std::uint32_t time_bytes) noexcept {
        return sizeof(std::int64_t) + kept_refs(capacity) * sizeof(PackedRef) +
               std::size_t{capacity - 1} * time_bytes;
    }
    /// Moves the hits to the ring of a block with more places.
    void move_to(Group& larger) const noexcept;

private:
    [[nodiscard]] std::int64_t& last() const noexcept {
        return *reinterpret_cast<std::int64_t*>(tail_);
    }
    [[nodiscard]] PackedRef* refs() const noexcept {  // the newest first
        return reinterpret_cast<PackedRef*>(tail_ + sizeof(std::int64_t));
    }
    /// Where the i-th hit's time is when it is not the newest.
    [[nodiscard]] char* older(std::uint32_t i) const noexcept {
        const std::uint32_t places = group_.capacity - 1u;
        std::uint32_t at = std::uint32_t{group_.head} + i;
        if (at >= places) at -= places;
        return reinterpret_cast<char*>(refs() + kept_refs(group_.capacity)) +
               std::size_t{at} * group_.time_bytes;
    }
    void drop_front() noexcept;

    Group& group_;
    char* tail_;
};

}  // namespace correlate
