#include "ingest/arrivals.hpp"

#include <algorithm>

namespace ingest {

using std::chrono::microseconds;

Arrivals::Stamp Arrivals::stamp(base::WallTime now, Steady steady) {
    const auto ran = std::chrono::duration_cast<microseconds>(steady.time_since_epoch());
    const microseconds ahead(base::micros(now) - ran.count());
    const std::lock_guard lock(mutex_);
    // From one arrival to the next: a clock that is slewed drifts by less, however long that takes.
    const microseconds step = ahead - ahead_.value_or(ahead);
    ahead_ = ahead;
    if (std::chrono::abs(step) > small_step) {
        last_ = now;
        return {now, step};
    }
    last_ = std::max(last_, now);
    return {last_, std::nullopt};
}

}  // namespace ingest
