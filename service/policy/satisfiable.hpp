#pragma once

#include "policy/correlation.hpp"

namespace policy {

/// Whether some window makes the condition hold, by what each type can count at a hit: a window
/// always holds the hit it is judged at, so event_count is at least 1 and some rule has a hit.
[[nodiscard]] bool can_hold(const Correlation& correlation);

/// Whether enough intervals within the time span can have a median as `interval` asks, of cadence.
[[nodiscard]] bool interval_can_hold(const Correlation& correlation);

/// Whether the condition would hold if a window without hits could be judged, which none is.
[[nodiscard]] bool asks_for_absence(const Correlation& correlation);

}  // namespace policy
