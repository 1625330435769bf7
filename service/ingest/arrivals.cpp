#include "ingest/arrivals.hpp"

#include <algorithm>

namespace ingest {

Arrivals::Stamp Arrivals::stamp(base::WallTime now, Steady steady) {
    const std::lock_guard lock(mutex_);
    const auto step = steps_.look(now, steady);
    last_ = step ? now : std::max(last_, now);
    return {last_, step};
}

}  // namespace ingest
