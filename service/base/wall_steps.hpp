#pragma once

#include "base/time.hpp"

#include <chrono>
#include <optional>

namespace base {

/// Sees when somebody set the wall clock: how far it moved against the monotonic one from one look
/// to the next. A clock that is slewed drifts by less, however long that takes. Not thread-safe.
class WallSteps {
public:
    using Steady = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::seconds smallest{5};  ///< What is not more is no step.

    /// The step since the last look; negative when the clock was set back.
    [[nodiscard]] std::optional<std::chrono::microseconds> look(WallTime now, Steady steady) {
        using std::chrono::microseconds;
        const auto ran = std::chrono::duration_cast<microseconds>(steady.time_since_epoch());
        const microseconds ahead(micros(now) - ran.count());
        const microseconds step = ahead - ahead_.value_or(ahead);
        ahead_ = ahead;
        if (std::chrono::abs(step) <= smallest) return std::nullopt;
        return step;
    }

private:
    std::optional<std::chrono::microseconds> ahead_;  // of the wall clock before the steady one
};

}  // namespace base
