#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace http {

/// Bytes that all bodies in flight may take together, and those of one sender, so that nobody who
/// announces much and sends it slowly keeps the others out. Thread-safe; outlives its reservations.
class Budget {
public:
    /// `share`: of one sender, at most `bytes`.
    Budget(std::size_t bytes, std::size_t share) : total_(bytes), share_(share) {}

    [[nodiscard]] std::size_t used() const {
        const std::lock_guard lock(mutex_);
        return used_;
    }

private:
    friend class Reservation;

    bool take(std::size_t bytes, const std::string& sender) {
        const std::lock_guard lock(mutex_);
        if (bytes > total_ - used_) return false;
        if (!sender.empty()) {
            auto& held = held_[sender];
            if (bytes > share_ - held) {
                if (held == 0) held_.erase(sender);
                return false;
            }
            held += bytes;
        }
        used_ += bytes;
        return true;
    }
    void give(std::size_t bytes, const std::string& sender) {
        const std::lock_guard lock(mutex_);
        used_ -= bytes;
        const auto held = held_.find(sender);
        if (held != held_.end() && (held->second -= bytes) == 0) held_.erase(held);
    }

    const std::size_t total_;
    const std::size_t share_;
    mutable std::mutex mutex_;
    std::size_t used_ = 0;
    std::map<std::string, std::size_t, std::less<>> held_;  // by sender; none is 0
};

/// A share of a Budget, given back when this is destroyed.
class Reservation {
public:
    explicit Reservation(Budget& budget) noexcept : budget_(budget) {}
    ~Reservation() { clear(); }
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;

    /// Gives back what it had, and takes for this sender from now on; empty: for nobody's share.
    void begin(std::string_view sender) {
        clear();
        sender_ = sender;
    }
    /// Makes it at least `bytes`; false, and unchanged, when the budget does not hold that.
    [[nodiscard]] bool grow_to(std::size_t bytes) {
        if (bytes <= held_) return true;
        if (!budget_.take(bytes - held_, sender_)) return false;
        held_ = bytes;
        return true;
    }
    void clear() {
        if (held_ > 0) budget_.give(std::exchange(held_, 0), sender_);
    }

private:
    Budget& budget_;
    std::string sender_;
    std::size_t held_ = 0;
};

}  // namespace http
