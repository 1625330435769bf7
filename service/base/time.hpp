#pragma once

#include <chrono>
#include <cstdint>
#include <ratio>
#include <string>

namespace base {

/// The clock of the logs. It has no now(): event time cannot be invented.
struct EventClock {
    using duration = std::chrono::microseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<EventClock>;
    static constexpr bool is_steady = false;
};

/// What the log says, in microseconds since 1970-01-01T00:00:00Z, as PostgreSQL keeps them.
using EventTime = EventClock::time_point;

/// The clock of this machine as people read it; given to edges, never read in a pure folder.
struct WallClock {
    using duration = std::chrono::microseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<WallClock>;
    static constexpr bool is_steady = false;
    [[nodiscard]] static time_point now() noexcept;
};

/// When we saw something. Deadlines use std::chrono::steady_clock instead.
using WallTime = WallClock::time_point;

/// RFC 3339 in UTC: "2024-06-01T00:05:00Z", with six decimals when the time is not a whole second.
/// Years 0001 to 9999; others are printed as the nearest of these.
[[nodiscard]] std::string to_rfc3339(EventTime time);
[[nodiscard]] std::string to_rfc3339(WallTime time);

/// Microseconds since the epoch.
[[nodiscard]] constexpr std::int64_t micros(EventTime time) noexcept {
    return time.time_since_epoch().count();
}
[[nodiscard]] constexpr std::int64_t micros(WallTime time) noexcept {
    return time.time_since_epoch().count();
}
[[nodiscard]] constexpr EventTime event_time(std::int64_t micros_since_epoch) noexcept {
    return EventTime{std::chrono::microseconds{micros_since_epoch}};
}
[[nodiscard]] constexpr WallTime wall_time(std::int64_t micros_since_epoch) noexcept {
    return WallTime{std::chrono::microseconds{micros_since_epoch}};
}

}  // namespace base
