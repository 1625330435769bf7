#pragma once

#include "correlate/groups.hpp"
#include "correlate/window.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace correlate {

/// A match that waits for the watermark.
struct Pending {
    std::int64_t time = 0;  ///< Event time, microseconds.
    std::uint64_t id = 0;   ///< The call's: orders matches of one time.
    std::uint64_t block = 0;
    std::uint64_t value = 0;  ///< As in Hit.
    std::uint32_t record = 0;
    GroupId group = 0;

    [[nodiscard]] Hit hit() const noexcept { return {time, value, {block, record}}; }
    /// Of the same call: identical records are two calls.
    [[nodiscard]] bool same_call(const Pending& other) const noexcept {
        return time == other.time && id == other.id && block == other.block &&
               record == other.record;
    }
};
static_assert(sizeof(Pending) == 40);

/// Matches in the order of (time, id), whatever order they come in. Calls that come in order cost
/// no sorting.
class Buffer {
public:
    /// Orders the matches of one call: by counter, then group key, then value.
    using Tie = std::function<bool(const Pending&, const Pending&)>;

    explicit Buffer(Tie tie) : tie_(std::move(tie)) {}

    void push(const Pending& pending);
    /// Those with time <= `until`, in order; good until the next call of push or pop.
    [[nodiscard]] std::span<const Pending> due(std::int64_t until);
    /// Forgets the first `count`.
    void pop(std::size_t count);

    [[nodiscard]] std::size_t size() const noexcept { return matches_.size() - head_; }
    [[nodiscard]] std::size_t bytes() const noexcept {
        return matches_.capacity() * sizeof(Pending);
    }
    /// In no particular order.
    [[nodiscard]] std::span<const Pending> all() const noexcept {
        return std::span(matches_).subspan(head_);
    }

private:
    [[nodiscard]] bool before(const Pending& a, const Pending& b) const;
    void sort();

    Tie tie_;
    std::vector<Pending> matches_;
    std::vector<Pending> newcomers_;  // scratch of sort
    std::size_t head_ = 0;            // those before it are done with
    std::size_t sorted_ = 0;          // matches_[head_ .. sorted_) is in order
};

}  // namespace correlate
