#include "journal/rewrite.hpp"

#include "base/digest.hpp"
#include "base/kill_point.hpp"
#include "journal/checksum.hpp"
#include "journal/frame.hpp"
#include "journal/recovery.hpp"
#include "journal/window.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace journal {
namespace {

constexpr std::size_t piece_bytes = 1u << 20;

/// The new file of a segment, written group by group.
class NewSegment {
public:
    NewSegment(FileSystem& files, const IndexRow& old)
        : files_(files),
          path_(old.segment->path.parent_path() / unfinished_name),
          digest_(old.segment->header.previous_digest),
          row_{nullptr, 0, segment_header_bytes, {}, {}} {}

    std::error_code begin(const Segment& old) {
        tried_ = true;
        Io<std::unique_ptr<File>> file = files_.open(path_, FileSystem::Open::create);
        if (!file) return file.error();
        BASE_KILL_POINT("journal.rewrite.open.after");
        if (const std::error_code error = (*file)->resize(0)) return error;
        SegmentHeader header = old.header;
        header.version = format_version;
        base::random_bytes(header.uuid);  // no frame of the old file verifies in the new one
        const std::string bytes = to_bytes(header);
        const std::array<std::string_view, 1> pieces{bytes};
        if (const std::error_code error = (*file)->write(0, pieces)) return error;
        BASE_KILL_POINT("journal.rewrite.header.after");
        row_.segment = std::make_shared<const Segment>(old.path, std::move(*file), header);
        return {};
    }

    [[nodiscard]] bool begun() const noexcept { return row_.segment != nullptr; }

    std::error_code put(const FrameHeader& header, std::string_view payload) {
        if (!group_.empty() && (header.lsn != group_end_ || group_.size() >= piece_bytes))
            if (const std::error_code error = end_group()) return error;
        if (group_.empty()) group_first_ = header.lsn;
        group_end_ = header.lsn + 1;
        newest_ = header.received;
        row_.add(header.lsn, row_.bytes + group_.size(), header.received);
        add(header, payload);
        return {};
    }

    Io<IndexRow> finish(const IndexRow& old) {
        if (!group_.empty())
            if (const std::error_code error = end_group()) return std::unexpected(error);
        BASE_KILL_POINT("journal.rewrite.sync.before");
        if (const std::error_code error = row_.segment->file->sync()) return std::unexpected(error);
        BASE_KILL_POINT("journal.rewrite.sync.after");
        row_.end = old.end;  // the last blocks may be lost, and are still of this segment
        row_.newest = old.newest;
        return std::move(row_);
    }

    void give_up() {
        if (tried_) static_cast<void>(files_.remove(path_));
    }

private:
    void add(const FrameHeader& header, std::string_view payload) {
        const std::array<char, frame_header_bytes> head =
            to_bytes(header, row_.segment->seed, row_.bytes + group_.size());
        const std::string_view bytes(head.data(), head.size());
        if (header.kind == FrameKind::block) digest_ = extend_digest(digest_, bytes);
        const std::size_t end = group_.size() + frame_bytes(payload.size());
        group_ += bytes;
        group_ += payload;
        group_.resize(end);
    }

    // All that is copied is durable: a commit frame says so of everything before its group, the
    // header of a later segment of the last group.
    std::error_code end_group() {
        const std::string commit =
            to_bytes(Commit{group_first_, group_end_, group_first_, digest_});
        add({FrameKind::commit, commit_payload_bytes, checksum(commit), group_end_, newest_, 0},
            commit);
        const std::array<std::string_view, 1> pieces{group_};
        BASE_KILL_POINT("journal.rewrite.write.before");
        if (const std::error_code error = row_.segment->file->write(row_.bytes, pieces))
            return error;
        BASE_KILL_POINT("journal.rewrite.write.after");
        row_.bytes += group_.size();
        group_.clear();
        return {};
    }

    FileSystem& files_;
    const std::filesystem::path path_;
    bool tried_ = false;
    std::uint64_t digest_;
    IndexRow row_;  // its `bytes` are those written
    std::string group_;
    Lsn group_first_ = 0;
    Lsn group_end_ = 0;
    base::WallTime newest_{};
};

/// Walks the old file as a Reader does, and begins the new one at the first difference.
class Copier {
public:
    Copier(FileSystem& files, Index& index, const IndexRow& old, Lsn below, Change& change,
           BeforeCopy before)
        : index_(index),
          old_(old),
          below_(below),
          change_(change),
          before_(std::move(before)),
          next_(old.segment->header.first),
          new_(files, old) {
        window_.reset(*old.segment->file, old.segment->seed, old.bytes);
    }

    base::Result<Copied> run() {
        // A group that failed, and a file's earlier life, are read by nobody and there all the
        // same.
        strange_ = holds_bytes_behind(*old_.segment->file, old_.bytes);
        base::Result<void> walked = walk();
        if (walked && !new_.begun()) return copied_;
        if (walked) {
            Io<IndexRow> row = new_.finish(old_);
            if (row) {
                copied_.row = std::move(*row);
                return std::move(copied_);
            }
            walked = failed(row.error());
        }
        new_.give_up();
        return std::unexpected(std::move(walked).error());
    }

private:
    std::unexpected<base::Error> failed(const std::error_code& error) const {
        return std::unexpected(rewrite_error(old_.segment->path, error));
    }

    base::Result<void> walk() {
        std::uint64_t at = segment_header_bytes;
        while (at < old_.bytes) {
            if (next_ >= below_ && !new_.begun() && !strange_) return {};
            const Io<std::optional<Window::Frame>> frame = window_.frame_at(at);
            if (!frame) return failed(frame.error());
            if (!*frame) {
                const auto found = window_.find_frame(at + frame_alignment);
                if (!found) return failed(found.error());
                strange_ = true;
                at = found->value_or(old_.bytes);
                continue;
            }
            at = (*frame)->end();
            if ((*frame)->header.kind != FrameKind::block) continue;
            if (auto taken = take(**frame); !taken) return taken;
        }
        lost_before(old_.end);
        if (new_loss_) return std::unexpected(*std::move(new_loss_));
        return strange_ ? begin() : base::Result<void>();
    }

    base::Result<void> take(const Window::Frame& frame) {
        FrameHeader header = frame.header;
        if (header.lsn < next_ || header.lsn >= old_.end) {  // nobody reads it
            strange_ = true;
            return {};
        }
        lost_before(header.lsn);
        next_ = header.lsn + 1;
        base::Result<std::optional<Encoded>> changed = judge(frame);
        if (!changed) return std::unexpected(changed.error());
        if (!*changed && !strange_ && !new_.begun()) {
            same_.push_back(frame.offset);
            return {};
        }
        // `begin` reads elsewhere, with another window: the payload stays valid.
        if (auto begun = begin(); !begun) return begun;
        std::string_view payload = frame.payload;
        if (*changed) {
            payload = (*changed)->payload;
            header.payload_bytes = static_cast<std::uint32_t>(payload.size());
            header.payload_checksum = (*changed)->checksum;
        }
        if (const std::error_code error = new_.put(header, payload)) return failed(error);
        return {};
    }

    // The block's new payload, if it is to have one.
    base::Result<std::optional<Encoded>> judge(const Window::Frame& frame) {
        if (frame.header.lsn >= below_) return std::nullopt;
        if (!decode(frame.payload, block_)) {
            ++copied_.undecodable;
            return std::nullopt;
        }
        if (!change_(block_)) return std::nullopt;
        block_.records = frame.header.records;
        block_.received = frame.header.received;
        base::Result<Encoded> encoded = encode(block_);
        if (!encoded) return std::unexpected(encoded.error());
        ++copied_.blocks;
        return *std::move(encoded);
    }

    // Within a segment LSNs are missing only where blocks are lost.
    void lost_before(Lsn found) {
        if (found <= next_) return;
        const std::string file = old_.segment->path.filename().string();
        if (!index_.report({next_, found, file, "unreadable on disk"})) return;
        new_loss_ = base::Error{base::Fault::unavailable,
                                "blocks from " + std::to_string(next_) + " in " + file +
                                    " could not be read: the next rewrite gives them up"};
    }

    base::Result<void> begin() {
        if (new_.begun()) return {};
        if (auto ready = before_(old_.bytes); !ready) return ready;
        if (const std::error_code error = new_.begin(*old_.segment)) return failed(error);
        Window window;
        window.reset(*old_.segment->file, old_.segment->seed, old_.bytes);
        for (const std::uint64_t offset : same_) {
            const Io<std::optional<Window::Frame>> frame = window.frame_at(offset);
            if (!frame) return failed(frame.error());
            if (!*frame) return failed(std::make_error_code(std::errc::io_error));
            if (const std::error_code error = new_.put((*frame)->header, (*frame)->payload))
                return failed(error);
        }
        same_.clear();
        return {};
    }

    Index& index_;
    const IndexRow& old_;
    const Lsn below_;
    Change& change_;
    BeforeCopy before_;
    Window window_;
    Lsn next_;
    bool strange_ = false;  // the file holds bytes that are no block of ours
    std::optional<base::Error> new_loss_;
    std::vector<std::uint64_t> same_;  // offsets of the blocks before the first difference
    Block block_;
    Copied copied_;
    NewSegment new_;
};

// Of a segment that the index does not know the header alone. False when it has no good one: such a
// file was to be set aside, and could not be.
Io<bool> keep_header(FileSystem& files, const std::filesystem::path& path) {
    const Io<std::unique_ptr<File>> old = files.open(path, FileSystem::Open::existing);
    if (!old) return std::unexpected(old.error());
    std::string header;
    if (const std::error_code error = (*old)->read(0, segment_header_bytes, header))
        return std::unexpected(error);
    if (parse_segment_header(header).fault) return false;
    if (!holds_bytes_behind(**old, segment_header_bytes)) return true;
    const std::filesystem::path made = path.parent_path() / unfinished_name;
    const Io<std::unique_ptr<File>> file = files.open(made, FileSystem::Open::create);
    if (!file) return std::unexpected(file.error());
    const std::array<std::string_view, 1> pieces{header};
    std::error_code error = (*file)->resize(0);
    if (!error) error = (*file)->write(0, pieces);
    if (!error) error = (*file)->sync();
    if (!error) error = files.rename(made, path);
    if (error) return std::unexpected(error);
    return true;
}

}  // namespace

base::Result<Copied> copy_changed(FileSystem& files, Index& index, const IndexRow& old, Lsn below,
                                  Change& change, BeforeCopy before) {
    return Copier(files, index, old, below, change, std::move(before)).run();
}

bool holds_bytes_behind(File& file, std::uint64_t from) {
    std::string piece;
    for (;; from += piece.size()) {
        if (file.read(from, piece_bytes, piece)) return true;
        if (piece.empty()) return false;
        if (piece.find_first_not_of('\0') != std::string::npos) return true;
    }
}

Io<std::size_t> clean_strays(FileSystem& files, const std::filesystem::path& folder,
                             const Index& index) {
    const Io<std::vector<std::string>> names = files.list(folder);
    if (!names) return std::unexpected(names.error());
    std::size_t set_aside = 0;
    for (const std::string& name : *names) {
        if (name.ends_with(damaged_suffix)) ++set_aside;
        const std::optional<Lsn> first = segment_of(name);
        if (!first) continue;
        const std::optional<IndexRow> row = index.row_from(*first);
        if (row && row->segment->header.first == *first) continue;
        const Io<bool> kept = keep_header(files, folder / name);
        if (!kept) return std::unexpected(kept.error());
        if (!*kept) ++set_aside;
    }
    return set_aside;
}

base::Error rewrite_error(const std::filesystem::path& segment, const std::error_code& error) {
    const std::string file = segment.filename().string();
    if (no_room(error)) return {base::Fault::exhausted, "the disk has no room to rewrite " + file};
    return {base::Fault::unavailable, "cannot rewrite " + file + ": " + error.message()};
}

}  // namespace journal
