#include "journal/reader.hpp"

#include <algorithm>
#include <utility>

namespace journal {
namespace {

base::Error unreadable(const Segment& segment, const std::error_code& error) {
    return {base::Fault::unavailable,
            "cannot read " + segment.path.string() + ": " + error.message()};
}

}  // namespace

Reader::Reader(std::shared_ptr<Index> index, Lsn from, std::size_t piece_bytes)
    : index_(std::move(index)), window_(piece_bytes), next_(std::max(from, index_->first())) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

base::Result<bool> Reader::next(Entry& entry) {
    while (true) {
        if (offset_ >= limit_ && !enter()) return false;
        const base::Result<bool> taken = take(entry);
        if (!taken || *taken) return taken;
    }
}

base::Result<std::optional<Entry>> Reader::next() {
    std::optional<Entry> entry(std::in_place);
    const base::Result<bool> found = next(*entry);
    if (!found) return std::unexpected(found.error());
    if (!*found) entry.reset();
    return entry;
}

// Moves on to bytes that became durable since, or to the next segment. False when there are none.
bool Reader::enter() {
    while (true) {
        const std::optional<Index::Place> place = index_->locate(next_);
        if (!place) return false;
        if (place->segment == segment_ && place->bytes > limit_) {
            window_.raise_limit(place->bytes);
        } else if (place->segment == segment_) {
            lost_before(place->end);  // the segment ends in damage
            next_ = place->end;
            continue;
        } else {
            segment_ = place->segment;
            window_.reset(*segment_->file, segment_->seed, place->bytes);
            offset_ = place->offset;
        }
        limit_ = place->bytes;
        segment_end_ = place->end;
        return true;
    }
}

// Handles what stands at offset_; true when that was the block looked for.
base::Result<bool> Reader::take(Entry& entry) {
    const Io<std::optional<Window::Frame>> frame = window_.frame_at(offset_);
    if (!frame) return std::unexpected(unreadable(*segment_, frame.error()));
    if (!*frame) {
        const base::Result<void> stepped = step_over();
        if (!stepped) return std::unexpected(stepped.error());
        return false;
    }
    const Window::Frame& found = **frame;
    const Lsn lsn = found.header.lsn;
    offset_ = found.end();
    if (found.header.kind != FrameKind::block || lsn < next_ || lsn >= segment_end_) return false;
    lost_before(lsn);
    next_ = lsn + 1;
    if (const base::Result<void> decoded = decode(found.payload, entry.block); !decoded) {
        // Its checksum is right, so it was written like this.
        index_->report({lsn, lsn + 1, segment_->path.filename().string(), decoded.error().reason});
        return false;
    }
    entry.lsn = lsn;
    if (digests_) entry.digest = base::sha256(found.payload);
    return true;
}

// No good frame stands at offset_: goes to the next one that does. A segment that was trimmed is
// left instead, since its file may be in use again.
base::Result<void> Reader::step_over() {
    if (!index_->holds(*segment_)) {
        segment_.reset();
        offset_ = limit_ = 0;
        next_ = std::max(next_, index_->first());
        return {};
    }
    const Io<std::optional<std::uint64_t>> found = window_.find_frame(offset_ + frame_alignment);
    if (!found) return std::unexpected(unreadable(*segment_, found.error()));
    offset_ = found->value_or(limit_);
    return {};
}

void Reader::lost_before(Lsn found) {
    if (found <= next_ || !index_->holds(*segment_)) return;
    const Lsn from = std::max(next_, segment_->header.first);
    if (from < found)
        index_->report({from, found, segment_->path.filename().string(), "unreadable on disk"});
}

}  // namespace journal
