#pragma once

#include "base/time.hpp"
#include "journal/block.hpp"
#include "journal/file_system.hpp"
#include "journal/frame.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace journal {

/// LSNs that were acknowledged and cannot be read any more: first <= lost < end.
struct Damage {
    Lsn first = 0;
    Lsn end = 0;
    std::string file;  ///< Where they were, as far as is known.
    std::string what;  ///< One sentence for the alarm.
};

/// One file of frames. Immutable, so that readers may keep it while the writer goes on; the file is
/// read from several threads and written by the writer only.
class Segment {
public:
    Segment(std::filesystem::path where, std::unique_ptr<File> opened, const SegmentHeader& start)
        : path(std::move(where)),
          file(std::move(opened)),
          header(start),
          seed(seed_of(start.uuid)) {}

    const std::filesystem::path path;
    const std::unique_ptr<File> file;
    const SegmentHeader header;
    const std::uint32_t seed;
};

/// Where in a segment an LSN stands; one for each 64 KB or so.
struct IndexPoint {
    Lsn lsn = 0;
    std::uint64_t offset = 0;
};
inline constexpr std::uint64_t index_spacing_bytes = 64 * 1024;

/// A segment and how much of it is durable.
struct IndexRow {
    std::shared_ptr<const Segment> segment;
    Lsn end = 0;              ///< One above its last durable LSN; header.first while empty.
    std::uint64_t bytes = 0;  ///< Durable part, from the start of the file.
    base::WallTime newest{};
    std::vector<IndexPoint> points;  ///< Ascending.

    /// Notes a durable frame, in order.
    void add(Lsn lsn, std::uint64_t offset, base::WallTime received);
};

/// What is durable and where: the one thing that writer and readers share. Thread-safe.
class Index {
public:
    Index(std::deque<IndexRow> rows, Lsn end, std::vector<Damage> damage);

    struct Place {
        std::shared_ptr<const Segment> segment;
        std::uint64_t offset = 0;  ///< Of a frame at or before the LSN.
        std::uint64_t bytes = 0;
        Lsn end = 0;
    };
    /// The first segment that holds an LSN at or above `lsn`; nothing at the durable end.
    [[nodiscard]] std::optional<Place> locate(Lsn lsn) const;
    [[nodiscard]] bool holds(const Segment& segment) const;
    /// The first row whose segment begins at or above `first`, without its points.
    [[nodiscard]] std::optional<IndexRow> row_from(Lsn first) const;
    [[nodiscard]] Lsn first() const;
    [[nodiscard]] Lsn end() const;
    bool wait_for(Lsn lsn, std::chrono::steady_clock::time_point deadline) const;
    [[nodiscard]] std::vector<Damage> damage() const;
    /// Adds what is not yet covered by an entry, and logs it; false when it is.
    bool report(Damage damage);
    [[nodiscard]] std::uint64_t bytes_from(Lsn lsn) const;
    [[nodiscard]] std::size_t segments() const;
    [[nodiscard]] bool closing() const;

    // The writer's half.

    /// A new segment at the end, with nothing in it.
    void add(std::shared_ptr<const Segment> segment);
    struct Synced {
        Lsn lsn = 0;
        std::uint64_t offset = 0;
        base::WallTime received{};
    };
    /// A group is durable in the newest segment, and readers wake.
    void extend(const std::vector<Synced>& blocks, std::uint64_t bytes);
    /// `row` holds the same LSNs in a new file. Readers go on in the old one, which they own, and
    /// come to the new one at their next entry.
    void replace(const Segment& old, IndexRow row);
    /// Takes the newest segment out if it starts at `first` and nothing in it is durable.
    void drop_empty_last(Lsn first);
    /// The oldest segment if it ends at or below `below` and is not the newest.
    [[nodiscard]] std::optional<IndexRow> oldest_below(Lsn below) const;
    void remove_oldest();
    void close();

private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    std::deque<IndexRow> rows_;  // ascending by LSN; the last is written to
    Lsn end_;
    std::vector<Damage> damage_;
    bool closing_ = false;
};

}  // namespace journal
