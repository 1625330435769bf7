#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "journal/block.hpp"
#include "journal/index.hpp"
#include "journal/reader.hpp"
#include "journal/rewrite.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

namespace metrics {
class Registry;
}

namespace journal {

class FileSystem;

/// Batches on disk, in the order they were accepted: an answer of 200 means that they are synced
/// here (reliability 4.1). One process and one folder; one thread writes, any number read.
///
/// A group (all blocks of all appends that were waiting) is written with one pwritev and one
/// fdatasync. When the journal is full or its disk fails, appends are refused and the journal tries
/// again by itself twice a second: nothing needs a person or a restart.
class Journal {
public:
    struct Options {
        std::filesystem::path folder;               ///< Made with mode 0700 when missing.
        std::uint64_t segment_bytes = 64ull << 20;  ///< 64 KB to 1 GB; pre-allocated and recycled.
        std::uint64_t quota_bytes = 4ull << 30;     ///< Of segments; at least two. Full: exhausted.
        std::uint64_t retain_bytes = 1ull << 30;    ///< Kept below the trim point, for evidence.
        std::chrono::seconds retain_age = std::chrono::hours(6);  ///< As above; the first to end.
        std::uint64_t ballast_bytes = 256ull
                                      << 20;  ///< Given back when the disk is full; 0 = none.
        std::size_t group_bytes = 1u << 20;   ///< A group closes above this size...
        /// ...or after waiting this long for company, 0 to 50 ms. 0 waits only while the disk is
        /// busy, which gathers as much and is faster on anything that syncs in under 2 ms.
        std::chrono::microseconds group_delay{0};
        std::size_t queue_bytes = 64u << 20;  ///< Appends not yet written; above it, exhausted.
        std::chrono::milliseconds mark_interval{100};   ///< How often the durable end is noted.
        std::chrono::milliseconds retry_interval{500};  ///< How often a failed disk is tried again.
        /// Everything below was seen by whoever reads us (PostgreSQL's position): losing it is
        /// damage, and new LSNs start above it. 0 when unknown.
        Lsn known_position = 0;
        FileSystem* files = nullptr;  ///< Borrowed; null is the operating system's.
        base::WallTime (*now)() = base::WallClock::now;
    };

    /// Runs on the journal's thread, except a refusal known at once (queue full, closed), which
    /// runs in append. Must not throw or block: every other client waits for it.
    /// The value is the LSN of the first block; the others follow by one.
    using Done = std::move_only_function<void(base::Result<Lsn>)>;

    /// Recovers what is in the folder and starts the thread. Fails with Fault::invalid on options
    /// out of range or a newer format version (nothing is written then), Fault::conflict when
    /// another process has the folder, Fault::unavailable when the folder cannot be used.
    static base::Result<std::unique_ptr<Journal>> open(Options options,
                                                       metrics::Registry* metrics = nullptr);

    /// Writes what is queued, then stops. No Reader may be in use any more.
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// Thread-safe. All blocks become durable together or not at all, with consecutive LSNs. `done`
    /// gets Fault::exhausted (quota, disk or queue full), Fault::unavailable (the disk fails,
    /// closing) or Fault::invalid (no block, one above the limits, together above a segment).
    void append(std::vector<Encoded> blocks, Done done);
    /// The same, compressing in this thread first.
    void append(const std::vector<Block>& blocks, Done done);

    /// Why the next append would be refused, or nothing. Thread-safe; for admission and /readyz.
    [[nodiscard]] base::Result<void> accepting() const;

    /// Reads from this LSN on, or from first() if that is later. Thread-safe; each Reader belongs
    /// to one thread and must not outlive the journal.
    [[nodiscard]] Reader read_from(Lsn from) const;
    /// One block, for evidence. Fault::not_found when trimmed, lost or not yet durable.
    [[nodiscard]] base::Result<Block> at(Lsn lsn) const;

    /// The lowest LSN that may still be read. Thread-safe.
    [[nodiscard]] Lsn first() const;
    /// One above the last durable LSN. Thread-safe.
    [[nodiscard]] Lsn end() const;
    /// Waits until end() > lsn; false when the deadline passed or the journal is closing.
    bool wait_for(Lsn lsn, std::chrono::steady_clock::time_point deadline) const;

    /// Nobody needs blocks below `below` for recovery any more. They go when retention, quota or a
    /// full disk says so, in whole segments, on the journal's thread. Never moves backwards.
    void trim(Lsn below);

    /// Runs on the journal's thread, or in rewrite when that refuses. Must not throw or block.
    using RewriteDone = std::move_only_function<void(base::Result<Rewritten>)>;

    /// Gives every block that is durable when it begins and below `below` to `change`, in order of
    /// the LSNs and on the journal's thread, and replaces on the disk those that it changed: they
    /// keep their LSN, their time and their number of records. Thread-safe. Appends wait for no
    /// more than one segment. Once `done` has a value, no file of the folder holds what a block was
    /// before, save those set aside; a Reader may still hold a block it has read, or read on in a
    /// file that has no name any more.
    ///
    /// `done` gets Fault::exhausted (no room on the disk for the copy of a segment, or in the quota
    /// for a new one; one rewrite is at work already), Fault::unavailable (the disk fails, closing)
    /// or Fault::invalid (a block was made larger than the limits). Then some segments may be
    /// rewritten and the others are as they were, and the same call may be made again: it gives all
    /// blocks to `change` anew.
    void rewrite(Lsn below, Change change, RewriteDone done);

    /// Bytes of blocks at or above the trim point: what is still to be evaluated.
    [[nodiscard]] std::uint64_t backlog_bytes() const;
    /// Bytes of all segments.
    [[nodiscard]] std::uint64_t disk_bytes() const;
    /// What was lost, oldest first: found at open or by a Reader since. Thread-safe copy.
    [[nodiscard]] std::vector<Damage> damage() const;

private:
    class Core;
    explicit Journal(std::unique_ptr<Core> core);
    std::unique_ptr<Core> core_;
};

}  // namespace journal
