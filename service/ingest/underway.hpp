#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>

namespace ingest {

/// The batches whose last byte is here and that have no answer yet, and whether one more would get
/// its answer late: when the oldest of them waits long, so will the next, whatever it waits for.
/// What is late then is better refused at once than accepted late together with all others. A body
/// that is still on its way waits for its sender and is ahead of nobody. Thread-safe.
class Underway {
public:
    using Steady = std::chrono::steady_clock;
    static constexpr std::size_t many = 8;  ///< Fewer are no crowd, however slow.
    /// When the oldest has waited for so long, no more are let in.
    static constexpr std::chrono::milliseconds full{100};
    /// One that is let in and whose turn comes later than this is not begun.
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

        /// Whether its turn, `now`, comes too late, behind many.
        [[nodiscard]] bool late(Steady::time_point now) const;

    private:
        Underway& underway_;
        std::list<Steady::time_point>::iterator place_;
    };

private:
    mutable std::mutex mutex_;
    std::list<Steady::time_point> here_;  // when their last bytes came, the oldest first
};

}  // namespace ingest
