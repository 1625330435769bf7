#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "store/session.hpp"

#include <chrono>
#include <cstddef>

namespace store {

/// How long things are kept; zero keeps them for ever.
struct Retention {
    std::chrono::days calls{30};
    std::chrono::days minutes{30};    ///< Rollups by the minute.
    std::chrono::days hours{400};     ///< Rollups by the hour.
    std::chrono::days coverage{400};  ///< And the chain of batches. As long as hours, at least.
    std::chrono::days dead_letters{30};
    std::chrono::days deliveries{90};  ///< Finished ones and their attempts.
};

struct Expired {
    std::size_t partitions = 0;
    std::size_t rows = 0;
};

/// Drops weekly partitions whose newest event and whose first row are both older than kept: an
/// archive imported today stays for the full time from today. Rows outside partitions are deleted.
base::Result<Expired> expire(Session& session, const Retention& retention, base::WallTime now);

}  // namespace store
