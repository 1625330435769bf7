#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>

namespace ingest {

/// The batches whose last byte is here and that have no answer yet, and whether one more would get
/// its answer late: when the oldest of them waits long, so will the next. What is late then is
/// better refused at once than accepted late together with all others. A body that is still on its
/// way waits for its sender and is ahead of nobody. Thread-safe.
class Underway {
public:
    using Steady = std::chrono::steady_clock;
    static constexpr std::size_t many = 8;  ///< Fewer are no crowd, however slow.
    /// When one has waited for its turn for so long, no more are let in.
    static constexpr std::chrono::milliseconds full{100};
    /// Nor when one has waited for its answer for so long, on a slow disk; and one that is let in
    /// and whose turn comes later than this is not begun.
    static constexpr std::chrono::milliseconds late{500};

    /// Whether one more would be answered late.
    [[nodiscard]] bool crowded(Steady::time_point now) const;

    /// One of them for as long as it lives.
    class Batch {
    public:
        /// Its last byte came `now`.
        Batch(Underway& underway, Steady::time_point now);
        ~Batch();
        Batch(const Batch&) = delete;
        Batch& operator=(const Batch&) = delete;

        /// Its turn has come; false when that is too late, behind many. Once.
        [[nodiscard]] bool begin(Steady::time_point now);

    private:
        using Place = std::list<Steady::time_point>::iterator;
        Underway& underway_;
        Place waiting_;
        Place unanswered_;
    };

private:
    mutable std::mutex mutex_;
    // When their last bytes came, the oldest first.
    std::list<Steady::time_point> waiting_;
    std::list<Steady::time_point> unanswered_;
};

}  // namespace ingest
