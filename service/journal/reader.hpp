#pragma once

#include "base/result.hpp"
#include "journal/block.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace journal {

class Index;
class Segment;

struct Entry {
    Lsn lsn = 0;
    Block block;
};

/// Reads blocks in order while the journal grows, never beyond its durable end. Steps over what was
/// trimmed, declared void or damaged; a step in the LSNs shows where. Belongs to one thread.
class Reader {
public:
    Reader(std::shared_ptr<Index> index, Lsn from);
    ~Reader();
    Reader(Reader&&) noexcept;
    Reader& operator=(Reader&&) noexcept;

    /// The next block into `entry`, whose memory is used again; false at the durable end (then
    /// Journal::wait_for). Fails with Fault::unavailable when the disk cannot be read; calling
    /// again tries again.
    base::Result<bool> next(Entry& entry);
    /// The same by value; nothing at the durable end.
    base::Result<std::optional<Entry>> next();

    /// The LSN that next() looks for.
    [[nodiscard]] Lsn position() const noexcept { return next_; }

private:
    bool refill(std::uint64_t bytes);

    std::shared_ptr<Index> index_;
    std::shared_ptr<const Segment> segment_;
    Lsn next_;
    std::uint64_t offset_ = 0;  // of the next frame in segment_
    std::uint64_t limit_ = 0;   // durable bytes of segment_, as last seen
    std::string buffer_;        // bytes of the segment from buffered_from_ on
    std::uint64_t buffered_from_ = 0;
};

}  // namespace journal
