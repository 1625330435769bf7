#pragma once

#include "base/digest.hpp"
#include "base/result.hpp"
#include "journal/block.hpp"
#include "journal/index.hpp"
#include "journal/window.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace journal {

struct Entry {
    Lsn lsn = 0;
    Block block;
    base::Digest digest{};  ///< SHA-256 of its payload as it stands on disk; where asked for.
};

/// Reads blocks in order while the journal grows, never beyond its durable end. Steps over what was
/// trimmed, declared void or damaged; a step in the LSNs shows where. Belongs to one thread.
class Reader {
public:
    Reader(std::shared_ptr<Index> index, Lsn from, std::size_t piece_bytes = Window::long_piece);
    ~Reader();
    Reader(Reader&&) noexcept;
    Reader& operator=(Reader&&) noexcept;

    /// From now on entries come with their digest. The payload is compressed: several times less
    /// to hash than its lines.
    void want_digests() noexcept { digests_ = true; }

    /// The next block into `entry`, whose memory is used again; false at the durable end (then
    /// Journal::wait_for). Fails with Fault::unavailable when the disk cannot be read; calling
    /// again tries again.
    base::Result<bool> next(Entry& entry);
    /// The same by value; nothing at the durable end.
    base::Result<std::optional<Entry>> next();

    /// The LSN that next() looks for.
    [[nodiscard]] Lsn position() const noexcept { return next_; }

private:
    bool enter();
    base::Result<bool> take(Entry& entry);
    base::Result<void> step_over();
    void lost_before(Lsn found);

    std::shared_ptr<Index> index_;
    std::shared_ptr<const Segment> segment_;  // owns the file that window_ reads
    Window window_;
    Lsn next_;
    bool digests_ = false;
    Lsn segment_end_ = 0;       // LSNs of segment_ at or above it are not durable
    std::uint64_t offset_ = 0;  // of the next frame in segment_
    std::uint64_t limit_ = 0;   // durable bytes of segment_, as last seen
};

}  // namespace journal
