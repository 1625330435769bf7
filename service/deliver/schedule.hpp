#pragma once

#include "base/time.hpp"

#include <chrono>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace deliver {

/// When a failed delivery is tried again. Pure.
class Schedule {
public:
    /// The waits before each attempt: 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h
    /// (Standard Webhooks 1.0): three days, then a dead letter.
    [[nodiscard]] static std::span<const std::chrono::milliseconds> standard() noexcept;

    explicit Schedule(std::vector<std::chrono::milliseconds> waits) : waits_(std::move(waits)) {}
    Schedule() : Schedule({standard().begin(), standard().end()}) {}

    /// When to try again after attempt number `attempt` (from 1) failed at `now`; nothing after the
    /// last. `jitter`, 0 to 1, stretches the wait by up to a fifth, so that what failed together
    /// does not come back together. The receiver's own wish counts when it is later, up to 24 h.
    [[nodiscard]] std::optional<base::WallTime> next(
        unsigned attempt, base::WallTime now, double jitter,
        std::optional<std::chrono::seconds> retry_after) const;

private:
    std::vector<std::chrono::milliseconds> waits_;
};

/// Reads Retry-After (RFC 9110 section 10.2.3): seconds, or a date in the one format that may be
/// sent. Nothing when it is neither; 0 s for a date gone by.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                                    base::WallTime now);

}  // namespace deliver
