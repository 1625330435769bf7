#pragma once

#include "base/time.hpp"
#include "base/wall_steps.hpp"

#include <chrono>
#include <mutex>
#include <optional>

namespace ingest {

/// Stamps arrivals by a wall clock that somebody may set. A step back of up to 5 s is
/// waited out: the stamp stands still meanwhile. A larger one, and one ahead, is followed, since a
/// stamp that waited for a day would be wrong for a day; it is told, so that somebody looks.
/// Thread-safe.
class Arrivals {
public:
    using Steady = base::WallSteps::Steady;

    struct Stamp {
        base::WallTime at;
        std::optional<std::chrono::microseconds> step;  ///< The clock was set by so much.
    };
    [[nodiscard]] Stamp stamp(base::WallTime now, Steady steady);

private:
    std::mutex mutex_;
    base::WallSteps steps_;
    base::WallTime last_ = base::WallTime::min();
};

}  // namespace ingest
