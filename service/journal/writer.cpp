#include "journal/writer.hpp"

#include "base/assert.hpp"
#include "base/digest.hpp"
#include "base/kill_point.hpp"
#include "base/log.hpp"
#include "journal/checksum.hpp"
#include "journal/recovery.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace journal {
namespace {

constexpr std::string_view ballast_name = "ballast";
constexpr std::array<char, frame_alignment> zeros{};

std::uint64_t group_bytes(std::span<const Encoded* const> blocks) {
    std::uint64_t total = commit_frame_bytes;
    for (const Encoded* block : blocks) total += frame_bytes(block->payload.size());
    return total;
}

base::Error quota_full() {
    return {base::Fault::exhausted,
            "the journal's quota is full of blocks that are not evaluated yet"};
}

}  // namespace

Writer::Writer(FileSystem& files, Options options, std::shared_ptr<Index> index,
               Recovered& recovered, std::optional<Mark> mark, Probe probe)
    : files_(files),
      options_(std::move(options)),
      index_(std::move(index)),
      mark_(std::move(mark)),
      pool_(files, {options_.folder, options_.segment_bytes}, std::move(recovered.spares)),
      probe_(probe),
      active_(std::move(recovered.active)),
      digest_(recovered.digest),
      next_(recovered.end),
      void_from_(recovered.void_from) {
    if (active_) {
        const std::optional<Index::Place> place = index_->locate(next_ - 1);
        const bool empty = !place || place->segment != active_;
        tail_ = empty ? segment_header_bytes : place->bytes;
    }
    probe_.disk_bytes.set(static_cast<double>(index_->segments() * options_.segment_bytes));
    probe_.end_lsn.set(static_cast<double>(next_));
    if (options_.ballast_bytes > 0 && make_ballast()) {
        base::log::warn("journal.no_ballast", {{"bytes", options_.ballast_bytes}});
        ballast_missing_ = true;
    }
}

base::Result<Lsn> Writer::write(std::span<const Encoded* const> blocks, Steady now) {
    // What the ballast left is for the others on the disk: only `probe_disk` ends a full disk.
    if (trouble_ && (disk_full_ || now < retry_at_)) return std::unexpected(*trouble_);
    const std::uint64_t bytes = group_bytes(blocks);
    base::Result<void> written = try_write(blocks, bytes);
    // A failed sync is final for its segment, not for the group: once more, elsewhere.
    if (!written && written.error().fault == base::Fault::unavailable)
        written = try_write(blocks, bytes);
    if (!written) {
        if (!trouble_) base::log::error("journal.stopped", {{"why", written.error().reason}});
        trouble_ = written.error();
        retry_at_ = now + options_.retry_interval;
        return std::unexpected(written.error());
    }
    if (trouble_) base::log::info("journal.resumed", {{"lsn", next_}});
    trouble_.reset();
    return next_ - blocks.size();
}

base::Result<void> Writer::try_write(std::span<const Encoded* const> blocks, std::uint64_t bytes) {
    if (auto room = make_room(bytes); !room) return room;
    if (const std::error_code error = put_group(blocks)) {
        seal_suspect(error, blocks.size());
        return std::unexpected(fail(error));
    }
    return {};
}

// Ends with an active segment that has room for the group.
base::Result<void> Writer::make_room(std::uint64_t bytes) {
    if (active_ && tail_ + bytes <= options_.segment_bytes) return {};
    BASE_ASSERT(segment_header_bytes + bytes <= options_.segment_bytes);
    if (!quota_allows_segment()) return std::unexpected(quota_full());
    if (const std::error_code error = next_segment()) return std::unexpected(fail(error));
    return {};
}

// What is only kept for evidence goes before a batch is refused.
std::error_code Writer::next_segment() {
    std::error_code error = begin_segment();
    while (no_room(error) && drop_oldest()) error = begin_segment();
    return error;
}

bool Writer::quota_allows_segment() {
    const std::uint64_t most = options_.quota_bytes / options_.segment_bytes;
    while (index_->segments() >= most)
        if (!drop_oldest()) return false;
    return true;
}

// Writes frames and commit frame behind the tail with one call, and syncs.
std::error_code Writer::put_group(std::span<const Encoded* const> blocks) {
    const auto begun = std::chrono::steady_clock::now();
    std::vector<std::array<char, frame_header_bytes>> headers;
    std::vector<std::string_view> pieces;
    std::vector<Index::Synced> synced;
    headers.reserve(blocks.size() + 1);  // pieces point into it
    pieces.reserve(blocks.size() * 3 + 2);
    synced.reserve(blocks.size());
    std::uint64_t at = tail_;
    std::uint64_t digest = digest_;
    Lsn lsn = next_;
    const auto add = [&](const FrameHeader& header, std::string_view payload) {
        headers.push_back(to_bytes(header, active_->seed, at));
        const std::string_view head(headers.back().data(), headers.back().size());
        if (header.kind == FrameKind::block) digest = extend_digest(digest, head);
        const std::size_t whole = frame_bytes(payload.size());
        pieces.push_back(head);
        pieces.push_back(payload);
        pieces.emplace_back(zeros.data(), whole - frame_header_bytes - payload.size());
        at += whole;
    };
    for (const Encoded* block : blocks) {
        synced.push_back({lsn, at, block->received});
        add({FrameKind::block, static_cast<std::uint32_t>(block->payload.size()), block->checksum,
             lsn++, block->received, block->records},
            block->payload);
    }
    const std::string commit = to_bytes(Commit{next_, lsn, index_->end(), digest});
    add({FrameKind::commit, commit_payload_bytes, checksum(commit), lsn, options_.now(), 0},
        commit);

    BASE_KILL_POINT("journal.group.write.before");
    if (const std::error_code error = active_->file->write(tail_, pieces)) return error;
    BASE_KILL_POINT("journal.group.write.after");
    if (const std::error_code error = active_->file->sync()) return error;
    BASE_KILL_POINT("journal.group.sync.after");
    probe_.groups.add();
    probe_.blocks.add(static_cast<double>(blocks.size()));
    probe_.bytes.add(static_cast<double>(at - tail_));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    probe_.sync_seconds.observe(took.count());
    tail_ = at;
    digest_ = digest;
    next_ = void_from_ = lsn;
    index_->extend(synced, tail_);
    probe_.end_lsn.set(static_cast<double>(next_));
    return {};
}

// After a failed write or sync nobody knows which bytes are on the disk, so the LSNs they carry are
// never used again; the next segment's header declares them void.
void Writer::seal_suspect(std::error_code error, std::size_t blocks) {
    base::log::error("journal.segment_suspect",
                     {{"file", active_->path.filename().string()}, {"why", error.message()}});
    probe_.failed_syncs.add();
    next_ += blocks;
    const bool empty = tail_ == segment_header_bytes;
    index_->drop_empty_last(active_->header.first);
    if (empty) empty_suspect_ = active_->path;
    active_.reset();
}

// False while there are any. One that stays whatever we do holds nobody up for ever: the next start
// then takes it for an old segment with a gap behind it.
bool Writer::remove_orphans() {
    std::erase_if(orphans_, [&](Orphan& one) {
        const std::error_code error = files_.remove(one.path);
        if (!error || error == std::errc::no_such_file_or_directory) return true;
        if (++one.tries < 20) return false;
        base::log::error("journal.not_removed",
                         {{"file", one.path.filename().string()}, {"why", error.message()}});
        return true;
    });
    return orphans_.empty();
}

// A segment gets its name only when its header is on the disk.
std::error_code Writer::begin_segment() {
    const std::uint64_t wanted = options_.ballast_bytes + options_.segment_bytes;
    if (ballast_missing_ && pool_.size() == 0 && !disk_has(wanted))
        return std::make_error_code(std::errc::no_space_on_device);
    // What a file held counts until the disk knows that its old name is gone.
    if (const std::error_code error = settle_drops()) return error;
    Io<SparePool::Taken> taken = pool_.take();
    if (!taken) return taken.error();
    SegmentHeader header;
    base::random_bytes(header.uuid);
    header.first = next_;
    header.void_from = void_from_;
    header.previous_digest = digest_;
    header.created = options_.now();
    const std::string bytes = to_bytes(header);
    const std::array<std::string_view, 1> pieces{bytes};
    const std::filesystem::path path = options_.folder / segment_name(next_);
    BASE_KILL_POINT("journal.header.write.before");
    if (const std::error_code error = taken->file->write(0, pieces)) return error;
    BASE_KILL_POINT("journal.header.write.after");
    if (const std::error_code error = taken->file->sync()) return error;
    // From here on the name may be on the disk, whatever is returned, and says that its LSNs are
    // not in the segment before: nothing may be written there any more.
    active_.reset();
    BASE_KILL_POINT("journal.segment.rename.before");
    if (const std::error_code error = files_.rename(taken->path, path)) return error;
    BASE_KILL_POINT("journal.segment.rename.after");
    index_->drop_empty_last(next_);  // its name is another file's now, on the disk or not
    if (const std::error_code error = files_.sync_folder(options_.folder)) return error;
    BASE_KILL_POINT("journal.segment.folder.after");
    if (taken->recycled) probe_.recycled.add();
    if (empty_suspect_) orphans_.push_back({*std::exchange(empty_suspect_, std::nullopt)});
    static_cast<void>(remove_orphans());
    active_ = std::make_shared<const Segment>(path, std::move(taken->file), header);
    index_->add(active_);
    tail_ = segment_header_bytes;
    probe_.disk_bytes.set(static_cast<double>(index_->segments() * options_.segment_bytes));
    return {};
}

base::Error Writer::fail(std::error_code error) {
    if (!no_room(error))
        return {base::Fault::unavailable, "the journal's disk fails: " + error.message()};
    disk_full_ = true;
    release_ballast();
    return {base::Fault::exhausted, "the journal's disk is full"};
}

void Writer::tick(Steady now) {
    if (trouble_ && now >= retry_at_) probe_disk(now);
    if (!trouble_ && ballast_missing_) restore_ballast(now);
    apply_retention();
    if (now >= mark_at_) note_durable_end(now);
    if (!trouble_ && !ballast_missing_ && now >= spare_at_) prepare_spare(now);
}

// Ahead of time: nobody waits for a segment to be allocated.
void Writer::prepare_spare(Steady now) {
    const std::uint64_t most = options_.quota_bytes / options_.segment_bytes;
    const bool half_full = active_ && tail_ > options_.segment_bytes / 2;
    if (!half_full || pool_.size() > 0 || index_->segments() >= most) return;
    const std::error_code error = pool_.prepare();
    if (error && spare_at_ == Steady{})  // once, until there is one
        base::log::warn("journal.no_spare", {{"why", error.message()}});
    spare_at_ = error ? now + options_.retry_interval : Steady{};
}

void Writer::probe_disk(Steady now) {
    retry_at_ = now + options_.retry_interval;
    if (disk_full_ && pool_.size() == 0 && !make_room_again() && !drop_oldest()) return;
    if (!active_) {
        if (!quota_allows_segment()) return;
        if (const std::error_code error = begin_segment()) {
            trouble_ = fail(error);
            return;
        }
    } else if (tail_ > options_.segment_bytes / 2 && !quota_allows_segment()) {
        return;
    }
    base::log::info("journal.resumed", {{"lsn", next_}});
    trouble_.reset();
    disk_full_ = false;
}

void Writer::trim(Lsn below) {
    trimmed_ = std::max(trimmed_, std::min(below, index_->end()));
    apply_retention();
    if (trouble_ && trouble_->fault == base::Fault::exhausted) retry_at_ = {};
}

void Writer::apply_retention() {
    bool dropped = false;
    while (const std::optional<IndexRow> row = index_->oldest_below(trimmed_)) {
        const bool aged = row->newest + options_.retain_age <= options_.now();
        if ((evidence_bytes() <= options_.retain_bytes && !aged) || !drop_oldest()) break;
        dropped = true;
    }
    if (!dropped) return;
    BASE_KILL_POINT("journal.trim.folder.before");
    // Not fatal: what comes back after a crash is trimmed again.
    static_cast<void>(settle_drops());
    BASE_KILL_POINT("journal.trim.folder.after");
    probe_.disk_bytes.set(static_cast<double>(index_->segments() * options_.segment_bytes));
}

// Only from the front: an older segment that stayed would look like a loss of what came after it.
// Readers must not find the segment any more when its file gets other contents.
bool Writer::drop_oldest() {
    const std::optional<IndexRow> row = index_->oldest_below(trimmed_);
    if (!row || !remove_orphans()) return false;
    BASE_KILL_POINT("journal.trim.drop.before");
    index_->remove_oldest();
    drops_settled_ = false;
    // One spare is enough while the ballast waits for room; while blocks are rewritten no file may
    // keep what it holds.
    const bool spare = !rewriting_ && (!ballast_missing_ || pool_.size() == 0);
    const bool gone = spare ? pool_.recycle(*row->segment) : !files_.remove(row->segment->path);
    if (!gone) orphans_.push_back({row->segment->path});
    return true;
}

std::error_code Writer::settle_drops() {
    if (drops_settled_) return {};
    const std::error_code error = files_.sync_folder(options_.folder);
    drops_settled_ = !error;
    return error;
}

void Writer::note_durable_end(Steady now) {
    mark_at_ = now + options_.mark_interval;
    const Lsn end = index_->end();
    if (!mark_ || mark_->durable() == end) return;
    const std::error_code error = mark_->write(end);
    if (!error) return;
    base::log::warn("journal.mark_failed", {{"why", error.message()}});
    mark_at_ = now + 50 * options_.mark_interval;  // it is a help, not a promise
}

void Writer::begin_rewrite(Lsn below, Change change) {
    rewriting_.emplace(std::min(below, index_->end()), std::move(change));
}

std::optional<base::Result<Rewritten>> Writer::rewrite_some() {
    if (!rewriting_) return std::nullopt;
    const bool first = !std::exchange(rewriting_->begun, true);
    const std::optional<IndexRow> row = index_->row_from(rewriting_->next);
    if (row && !first) rewriting_->next = row->segment->header.first + 1;
    const base::Result<void> done = first ? rewrite_begin()
                                    : row ? rewrite_segment(*row)
                                          : rewrite_end();
    if (done && (first || row)) return std::nullopt;
    const Rewritten rewritten = rewriting_->done;
    rewriting_.reset();
    if (!done) return std::unexpected(done.error());
    return rewritten;
}

// No file that is taken from now on holds what a segment held.
base::Result<void> Writer::rewrite_begin() {
    drops_settled_ = false;
    BASE_KILL_POINT("journal.rewrite.spares.before");
    if (const std::error_code error = pool_.clear())
        return std::unexpected(rewrite_error("the spare files", error));
    return {};
}

base::Result<void> Writer::rewrite_segment(const IndexRow& row) {
    const std::filesystem::path& path = row.segment->path;
    const bool empty = row.bytes == segment_header_bytes;
    if (empty && !index_->row_from(row.segment->header.first + 1)) {
        if (!holds_bytes_behind(*row.segment->file, row.bytes)) return {};
        if (auto begun = begin_behind(*row.segment); !begun) return begun;
        if (!index_->holds(*row.segment)) return {};  // the new one took its name
    }
    base::Result<Copied> copied =
        copy_changed(files_, *index_, row, rewriting_->below, rewriting_->change,
                     [&](std::uint64_t bytes) { return before_copy(*row.segment, bytes); });
    if (!copied) return std::unexpected(copied.error());
    rewriting_->done.undecodable += copied->undecodable;
    if (!copied->row) return {};
    drops_settled_ = false;
    BASE_KILL_POINT("journal.rewrite.rename.before");
    const std::filesystem::path made = options_.folder / unfinished_name;
    if (const std::error_code error = files_.rename(made, path)) {
        static_cast<void>(files_.remove(made));
        return std::unexpected(rewrite_error(path, error));
    }
    BASE_KILL_POINT("journal.rewrite.rename.after");
    index_->replace(*row.segment, *std::move(copied->row));
    if (const std::error_code error = settle_drops())
        return std::unexpected(rewrite_error(path, error));
    BASE_KILL_POINT("journal.rewrite.folder.after");
    ++rewriting_->done.segments;
    rewriting_->done.blocks += copied->blocks;
    return {};
}

// Of the newest segment's last blocks only its own frames may tell that they are durable: before
// those change there is a later segment, whose header tells it.
base::Result<void> Writer::before_copy(const Segment& segment, std::uint64_t bytes) {
    const bool newest = !index_->row_from(segment.header.first + 1);
    // The room that the ballast left is not ours to write into.
    const std::uint64_t ballast = ballast_missing_ ? options_.ballast_bytes : 0;
    if (!disk_has(ballast + bytes + (newest ? options_.segment_bytes : 0)))
        return std::unexpected(
            rewrite_error(segment.path, std::make_error_code(std::errc::no_space_on_device)));
    if (!newest) return {};
    return begin_behind(segment);
}

base::Result<void> Writer::begin_behind(const Segment& segment) {
    if (!quota_allows_segment()) return std::unexpected(quota_full());
    BASE_KILL_POINT("journal.rewrite.seal.before");
    if (const std::error_code error = next_segment())
        return std::unexpected(rewrite_error(segment.path, error));
    BASE_KILL_POINT("journal.rewrite.seal.after");
    return {};
}

base::Result<void> Writer::rewrite_end() {
    // Not a stray: with its header alone its blocks would look lost.
    if (!remove_orphans())
        return std::unexpected(rewrite_error(
            orphans_.front().path, std::make_error_code(std::errc::device_or_resource_busy)));
    const Io<std::size_t> set_aside = clean_strays(files_, options_.folder, *index_);
    if (!set_aside) return std::unexpected(rewrite_error(options_.folder, set_aside.error()));
    rewriting_->done.set_aside = *set_aside;
    drops_settled_ = false;
    BASE_KILL_POINT("journal.rewrite.end.before");
    if (const std::error_code error = settle_drops())
        return std::unexpected(rewrite_error(options_.folder, error));
    BASE_KILL_POINT("journal.rewrite.end.after");
    return {};
}

void Writer::close() {
    note_durable_end({});
}

bool Writer::idle() const noexcept {
    return !trouble_ && (!mark_ || mark_->durable() == index_->end());
}

std::error_code Writer::make_ballast() {
    if (options_.ballast_bytes == 0) return {};
    Io<std::unique_ptr<File>> file =
        files_.open(options_.folder / ballast_name, FileSystem::Open::create);
    if (!file) return file.error();
    BASE_KILL_POINT("journal.ballast.open.after");
    const std::error_code error = (*file)->allocate(options_.ballast_bytes);
    BASE_KILL_POINT("journal.ballast.allocate.after");
    if (error) static_cast<void>((*file)->resize(0));
    return error;
}

// First the ballast, then a segment: the room that the ballast kept is not ours to write into. When
// there is room for one of them only it is left to the others, who may need it just now.
bool Writer::make_room_again() {
    const std::uint64_t ballast = ballast_missing_ ? options_.ballast_bytes : 0;
    if (!disk_has(ballast + options_.segment_bytes)) return false;
    if (ballast_missing_ && make_ballast()) return false;
    ballast_missing_ = false;
    if (!pool_.prepare()) return true;
    release_ballast();
    return false;
}

// After a start on a full disk, or while spares took us on: it must be there before the disk is
// full again, and not be taken from those it was released for. What is only kept for evidence goes
// before it.
void Writer::restore_ballast(Steady now) {
    if (now < ballast_at_) return;
    ballast_at_ = now + 4 * options_.retry_interval;
    bool dropped = false;
    if (!room_for_ballast() && evidence_bytes() >= options_.ballast_bytes)
        while (!room_for_ballast() && drop_oldest()) dropped = true;
    ballast_missing_ = !room_for_ballast() || make_ballast();
    // Whoever took the room that evidence gave up is not given all of it.
    if (ballast_missing_ && dropped) ballast_at_ = now + 1'000 * options_.retry_interval;
}

bool Writer::room_for_ballast() {
    const std::uint64_t segment = pool_.size() > 0 ? 0 : options_.segment_bytes;
    return disk_has(options_.ballast_bytes + segment);
}

std::uint64_t Writer::evidence_bytes() const {
    return index_->bytes_from(0) - index_->bytes_from(trimmed_);
}

// Unless the file system cannot say.
bool Writer::disk_has(std::uint64_t bytes) {
    const Io<std::uint64_t> free = files_.free_bytes(options_.folder);
    return !free || *free >= bytes;
}

// Room for PostgreSQL and the outbox to finish what they have begun.
void Writer::release_ballast() {
    if (ballast_missing_ || options_.ballast_bytes == 0) return;
    base::log::warn("journal.ballast_released", {{"bytes", options_.ballast_bytes}});
    ballast_missing_ = true;
    static_cast<void>(files_.remove(options_.folder / ballast_name));
}

}  // namespace journal
