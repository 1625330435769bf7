#include "journal/scan.hpp"

#include <algorithm>

namespace journal {
namespace {

class Scanner {
public:
    Scanner(const Segment& segment, std::uint64_t size) : digest_(segment.header.previous_digest) {
        window_.reset(*segment.file, segment.seed, size);
    }

    Io<Scan> run() {
        std::uint64_t at = segment_header_bytes;
        while (true) {
            const Io<std::optional<Window::Frame>> frame = window_.frame_at(at);
            if (!frame) return std::unexpected(frame.error());
            if (*frame) {
                add(**frame);
                at = (*frame)->end();
                continue;
            }
            const Io<std::optional<std::uint64_t>> found = window_.find_frame(at + frame_alignment);
            if (!found) return std::unexpected(found.error());
            if (!*found) return std::move(scan_);
            if (scan_.first_gap == 0) scan_.first_gap = at;
            digest_known_ = false;
            group_ = scan_.blocks.size();  // what stands before the gap cannot be completed
            at = **found;
        }
    }

private:
    void add(const Window::Frame& frame) {
        if (frame.header.kind == FrameKind::commit) {
            if (const std::optional<Commit> commit = parse_commit(frame.payload))
                close_group(*commit, frame.end());
            return;
        }
        digest_ = extend_digest(digest_, frame.header_bytes);
        scan_.blocks.push_back(
            {frame.header.lsn, frame.offset, frame.end(), frame.header.received, false, 0, 0});
    }

    void close_group(const Commit& commit, std::uint64_t end) {
        scan_.durable_upto = std::max(scan_.durable_upto, commit.durable_upto);
        bool whole = scan_.blocks.size() - group_ == commit.end - commit.first &&
                     (!digest_known_ || digest_ == commit.digest);
        for (std::size_t i = group_; whole && i < scan_.blocks.size(); ++i)
            whole = scan_.blocks[i].lsn == commit.first + (i - group_);
        for (; group_ < scan_.blocks.size(); ++group_) {
            Scan::Item& item = scan_.blocks[group_];
            item.committed = whole;
            item.group_end = end;
            item.digest = commit.digest;
        }
        digest_ = commit.digest;
        digest_known_ = true;
    }

    Window window_;
    Scan scan_;
    std::uint64_t digest_;
    bool digest_known_ = true;
    std::size_t group_ = 0;  // first block of the group not yet closed
};

}  // namespace

Io<Scan> scan(const Segment& segment, std::uint64_t size) {
    return Scanner(segment, size).run();
}

}  // namespace journal
