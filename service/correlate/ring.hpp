#pragma once

#include "correlate/group.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace correlate {

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
    [[nodiscard]] PackedRef* refs() const noexcept {
        return reinterpret_cast<PackedRef*>(times() + group_.capacity);
    }
    void drop_front() noexcept;
    Group& group_;
};

}  // namespace correlate
