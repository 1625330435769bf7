#include "journal/probe.hpp"

#include <array>

namespace journal {
namespace {
constexpr std::array<double, 12> sync_bounds{0.0001, 0.0002, 0.0004, 0.0008, 0.0016, 0.0032,
                                             0.0064, 0.0128, 0.0256, 0.1,    0.5,    2.0};
}

Probe::Probe(metrics::Registry& registry)
    : groups(registry.counter("callerprint_journal_groups_total", "Groups made durable.")),
      blocks(registry.counter("callerprint_journal_blocks_total", "Blocks made durable.")),
      bytes(registry.counter("callerprint_journal_bytes_total", "Bytes made durable.")),
      failed_syncs(registry.counter("callerprint_journal_failed_syncs_total",
                                    "Segments closed because a write or sync failed.")),
      refused(registry.counter("callerprint_journal_refused_total",
                               "Appends refused because the journal was full or failing.")),
      damaged_blocks(registry.counter("callerprint_journal_damaged_blocks_total",
                                      "Acknowledged blocks found lost at start.")),
      recycled(registry.counter("callerprint_journal_recycled_segments_total",
                                "Segments begun in a file that was written before.")),
      sync_seconds(registry.histogram("callerprint_journal_sync_seconds",
                                      "Time to write and sync a group.", sync_bounds)),
      disk_bytes(registry.gauge("callerprint_journal_disk_bytes", "Bytes of all segments.")),
      end_lsn(registry.gauge("callerprint_journal_end_lsn",
                             "One above the last durable log sequence number.")) {}

}  // namespace journal
