#pragma once

#include "correlate/group.hpp"
#include "correlate/window.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace correlate {

/// A match that waits for the watermark.
struct Pending {
    std::int64_t time = 0;  ///< Event time, microseconds.
    std::uint64_t id = 0;   ///< The call's: orders matches of one time.
    PackedRef ref;
    std::uint64_t value = 0;  ///< As in Hit.
    GroupId group = 0;

    [[nodiscard]] Hit hit() const noexcept { return {time, value, ref}; }
    /// Of the same call: identical records are two calls.
    [[nodiscard]] bool same_call(const Pending& other) const noexcept {
        return time == other.time && id == other.id && ref == other.ref;
    }
};
static_assert(sizeof(Pending) == 40 && std::is_trivially_copyable_v<Pending>);

/// A growing array of matches. A replay keeps those of a whole file, for which a vector would copy
/// all and hold both copies each time it grows; realloc moves pages of large blocks instead.
class PendingList {
public:
    PendingList() = default;
    ~PendingList();
    PendingList(const PendingList&) = delete;
    PendingList& operator=(const PendingList&) = delete;

    void push_back(const Pending& pending) {
        if (size_ == capacity_) grow();
        data_[size_++] = pending;
    }
    /// Removes the first `count`; those behind move up.
    void erase_front(std::size_t count) noexcept;
    /// Empties it and gives the memory back.
    void reset() noexcept;
    void clear() noexcept { size_ = 0; }
    /// Keeps the first `count`.
    void truncate(std::size_t count) noexcept { size_ = count; }

    [[nodiscard]] Pending* begin() noexcept { return data_; }
    [[nodiscard]] Pending* end() noexcept { return data_ + size_; }
    [[nodiscard]] std::span<const Pending> all() const noexcept { return {data_, size_}; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

private:
    void grow();

    Pending* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace correlate
