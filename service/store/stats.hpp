#pragma once

#include "base/result.hpp"
#include "store/session.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace store {

/// Sizes and queues, for the metrics page; cheap enough for every 15 s.
struct Stats {
    std::int64_t database_bytes = 0;
    std::int64_t outbox_waiting = 0;
    std::int64_t outbox_dead = 0;
    double outbox_oldest_seconds = 0;
    std::int64_t alerts_open = 0;
    std::int64_t dead_letters = 0;
    std::int64_t partitions = 0;
    std::int64_t connections = 0;
};

base::Result<Stats> stats(Session& session);

}  // namespace store
