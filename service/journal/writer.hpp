#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "journal/block.hpp"
#include "journal/file_system.hpp"
#include "journal/index.hpp"
#include "journal/mark.hpp"
#include "journal/pool.hpp"
#include "journal/probe.hpp"
#include "journal/rewrite.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace journal {

struct Recovered;

/// Turns groups of blocks into durable segments. All of the journal's thinking about failing and
/// full disks, without its thread: one caller at a time, and the time is given, so that a test can
/// lose power between any two operations.
class Writer {
public:
    struct Options {
        std::filesystem::path folder;
        std::uint64_t segment_bytes = 0;
        std::uint64_t quota_bytes = 0;
        std::uint64_t retain_bytes = 0;
        std::chrono::seconds retain_age{0};
        std::uint64_t ballast_bytes = 0;
        std::chrono::milliseconds mark_interval{100};
        std::chrono::milliseconds retry_interval{500};
        base::WallTime (*now)() = base::WallClock::now;
    };
    using Steady = std::chrono::steady_clock::time_point;

    Writer(FileSystem& files, Options options, std::shared_ptr<Index> index, Recovered& recovered,
           std::optional<Mark> mark, Probe probe);

    /// Writes and syncs a group; the LSN of its first block once it is durable. When the sync
    /// fails, the group goes to a new segment under new LSNs. Fails with Fault::exhausted (quota or
    /// disk full) or Fault::unavailable, and then at once until `retry_interval` has passed.
    base::Result<Lsn> write(std::span<const Encoded* const> blocks, Steady now);

    /// What is due: notes the durable end, prepares the next segment, applies retention, tries a
    /// failed disk again.
    void tick(Steady now);

    /// Blocks below are not needed for recovery. Applied here and by later ticks.
    void trim(Lsn below);

    /// From now on rewrite_some gives every block that is durable now and below `below` to
    /// `change`, in order. Ends one that was begun before.
    void begin_rewrite(Lsn below, Change change);
    [[nodiscard]] bool rewriting() const noexcept { return rewriting_.has_value(); }
    /// The next segment of it. Its outcome when that was all; then no file of the folder holds what
    /// was replaced, save those that were set aside. After an error, which is as of
    /// Journal::rewrite, what was done is kept.
    std::optional<base::Result<Rewritten>> rewrite_some();

    /// Notes the durable end for the last time.
    void close();

    /// Why the next write would be refused, if it would.
    [[nodiscard]] const std::optional<base::Error>& trouble() const noexcept { return trouble_; }
    [[nodiscard]] bool idle() const noexcept;

private:
    base::Result<void> try_write(std::span<const Encoded* const> blocks, std::uint64_t bytes);
    std::error_code put_group(std::span<const Encoded* const> blocks);
    std::error_code begin_segment();
    std::error_code next_segment();
    base::Result<void> make_room(std::uint64_t bytes);
    bool quota_allows_segment();
    void seal_suspect(std::error_code error, std::size_t blocks);
    bool remove_orphans();
    base::Error fail(std::error_code error);
    void probe_disk(Steady now);
    void apply_retention();
    bool drop_oldest();
    std::error_code settle_drops();
    void note_durable_end(Steady now);
    void prepare_spare(Steady now);
    std::error_code make_ballast();
    void release_ballast();
    void restore_ballast(Steady now);
    bool room_for_ballast();
    [[nodiscard]] std::uint64_t evidence_bytes() const;
    bool make_room_again();
    bool disk_has(std::uint64_t bytes);
    base::Result<void> rewrite_begin();
    base::Result<void> rewrite_segment(const IndexRow& row);
    base::Result<void> rewrite_end();
    base::Result<void> before_copy(const Segment& segment, std::uint64_t bytes);
    base::Result<void> begin_behind(const Segment& segment);

    FileSystem& files_;
    Options options_;
    std::shared_ptr<Index> index_;
    std::optional<Mark> mark_;
    SparePool pool_;
    Probe probe_;

    std::shared_ptr<const Segment> active_;
    std::uint64_t tail_ = 0;    // where the next group goes in active_
    std::uint64_t digest_ = 0;  // running, at tail_
    Lsn next_ = 1;              // of the next block
    Lsn void_from_ = 1;         // from here to next_: written, perhaps, and never acknowledged
    Lsn trimmed_ = 0;
    bool drops_settled_ = true;  // no dropped or replaced segment comes back after a power loss
    std::optional<base::Error> trouble_;
    bool disk_full_ = false;  // until there is room for the ballast and a segment
    Steady retry_at_{};
    Steady mark_at_{};
    Steady spare_at_{};  // when another is tried, after one that found no room
    bool ballast_missing_ = false;
    Steady ballast_at_{};
    /// Files that are no segments of ours any more and could not be removed. Only what stands in
    /// the segments after them tells that nothing is missing there, so they must go first.
    struct Orphan {
        std::filesystem::path path;
        int tries = 0;
    };
    std::vector<Orphan> orphans_;
    /// A segment whose first group failed: an orphan once another one says what its header says.
    std::optional<std::filesystem::path> empty_suspect_;
    struct Rewriting {
        Lsn below = 0;
        Change change;
        bool begun = false;
        Lsn next = 0;  // the next segment begins here or above
        Rewritten done;
    };
    std::optional<Rewriting> rewriting_;
};

}  // namespace journal
