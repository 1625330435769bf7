#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>

namespace ingest {

/// The batches between their last byte and their answer. When many are, and the first of them for
/// long, one more would be answered late, and all others later: better it is refused at once, by
/// its header. What is accepted is then answered in time whatever is asked for. Thread-safe.
class Underway {
public:
    using Steady = std::chrono::steady_clock;
    static constexpr std::size_t many = 8;  ///< A few that are slow are no crowd.
    static constexpr std::chrono::milliseconds late{250};

    [[nodiscard]] bool crowded(Steady::time_point now) const {
        const std::lock_guard lock(mutex_);
        return begun_.size() >= many && now - begun_.front() > late;
    }

    /// One of them for as long as it lives.
    class Batch {
    public:
        Batch(Underway& underway, Steady::time_point begun) : underway_(underway) {
            const std::lock_guard lock(underway_.mutex_);
            place_ = underway_.begun_.insert(underway_.begun_.end(), begun);
        }
        ~Batch() {
            const std::lock_guard lock(underway_.mutex_);
            underway_.begun_.erase(place_);
        }
        Batch(const Batch&) = delete;
        Batch& operator=(const Batch&) = delete;

    private:
        Underway& underway_;
        std::list<Steady::time_point>::iterator place_;
    };

private:
    mutable std::mutex mutex_;
    std::list<Steady::time_point> begun_;  // the oldest first, but for microseconds
};

}  // namespace ingest
