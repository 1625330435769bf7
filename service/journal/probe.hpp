#pragma once

#include "metrics/registry.hpp"

namespace journal {

/// What the journal counts. One made by default counts nowhere.
struct Probe {
    Probe() = default;
    explicit Probe(metrics::Registry& registry);

    metrics::Counter groups;          ///< Groups made durable: one fdatasync each.
    metrics::Counter blocks;          ///< Blocks in them.
    metrics::Counter bytes;           ///< Written, frames and padding included.
    metrics::Counter failed_syncs;    ///< Segments closed because a write or sync failed.
    metrics::Counter refused;         ///< Appends refused: full, failing or closing.
    metrics::Counter damaged_blocks;  ///< LSNs lost, as found at open.
    metrics::Counter recycled;        ///< Segments begun in a file already written once.
    metrics::Histogram sync_seconds;  ///< Write and sync of a group.
    metrics::Gauge disk_bytes;
    metrics::Gauge end_lsn;
};

}  // namespace journal
