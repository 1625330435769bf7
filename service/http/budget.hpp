#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace http {

/// Bytes that all bodies in flight may take together. Thread-safe; outlives its reservations.
class Budget {
public:
    explicit Budget(std::size_t bytes) noexcept : total_(bytes) {}

    [[nodiscard]] std::size_t used() const noexcept {
        return used_.load(std::memory_order_relaxed);
    }

private:
    friend class Reservation;

    bool take(std::size_t bytes) noexcept {
        auto used = used_.load(std::memory_order_relaxed);
        do {
            if (bytes > total_ - used) return false;
        } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
        return true;
    }
    void give(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }

    std::size_t total_;
    std::atomic<std::size_t> used_{0};
};

/// A share of a Budget, given back when this is destroyed.
class Reservation {
public:
    explicit Reservation(Budget& budget) noexcept : budget_(budget) {}
    ~Reservation() { clear(); }
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;

    /// Makes the share at least `bytes`; false, and unchanged, when the budget does not hold that.
    [[nodiscard]] bool grow_to(std::size_t bytes) noexcept {
        if (bytes <= held_) return true;
        if (!budget_.take(bytes - held_)) return false;
        held_ = bytes;
        return true;
    }
    void clear() noexcept { budget_.give(std::exchange(held_, 0)); }

private:
    Budget& budget_;
    std::size_t held_ = 0;
};

}  // namespace http
