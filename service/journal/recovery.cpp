#include "journal/recovery.hpp"

#include "base/kill_point.hpp"
#include "base/log.hpp"
#include "journal/scan.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

namespace journal {
namespace {

constexpr std::string_view suffix = ".log";
constexpr std::size_t digits = 20;
constexpr Lsn no_lsn = std::numeric_limits<Lsn>::max();

std::string padded(std::uint64_t number, std::size_t width) {
    const std::string text = std::to_string(number);
    return std::string(width - std::min(width, text.size()), '0') + text;
}

base::Error unusable(const std::filesystem::path& path, const std::error_code& error) {
    return {base::Fault::unavailable, path.string() + ": " + error.message()};
}

// One segment on its way from a file name to a row of the index.
struct Found {
    std::string name;
    std::unique_ptr<File> file;
    SegmentHeader header;
    std::uint64_t size = 0;
    std::shared_ptr<const Segment> segment;
    Scan scan;
    std::vector<Scan::Item> accepted;
};

// A disk may refuse one read and take the next.
std::error_code read_again(File& file, std::uint64_t offset, std::string& out) {
    std::error_code error;
    for (int i = 0; i < 3; ++i)
        if (!(error = file.read(offset, segment_header_bytes, out))) break;
    return error;
}

// The header is checksummed and the name is not: where they differ (files swapped by hand, a
// recycled file whose new name was lost with the power), the header is right. Unless it is one that
// the file had in an earlier life: then the frames behind it are of another.
bool header_fits(const std::string& name, File& file, std::uint64_t size,
                 const SegmentHeader& header) {
    const std::optional<Lsn> named = segment_of(name);
    if (!named || *named <= header.first) return true;
    Window window(Window::short_piece);
    window.reset(file, seed_of(header.uuid), size);
    const auto frame = window.frame_at(segment_header_bytes);
    return frame && *frame && (*frame)->header.lsn == header.first;
}

class Recovery {
public:
    Recovery(FileSystem& files, const RecoveryOptions& options)
        : files_(files), options_(options) {}

    base::Result<Recovered> run() {
        if (auto done = find(); !done) return std::unexpected(done.error());
        if (!options_.look_only) {
            if (auto done = name_by_header(); !done) return std::unexpected(done.error());
        }
        if (auto done = read(); !done) return std::unexpected(done.error());
        accept();
        if (!options_.look_only) {
            name_lost();
            if (auto done = settle_tail(); !done) return std::unexpected(done.error());
        }
        for (Found& one : found_) out_.rows.push_back(row_of(one));
        return std::move(out_);
    }

private:
    // Reads all names and headers; writes nothing until every version is known to be ours.
    base::Result<void> find() {
        const Io<std::vector<std::string>> names = files_.list(options_.folder);
        if (!names) return std::unexpected(unusable(options_.folder, names.error()));
        for (const std::string& name : *names) {
            if (name.starts_with(spare_prefix)) out_.spares.push_back(options_.folder / name);
            if (name.ends_with(damaged_suffix)) {  // named at each start until a person removes it
                const std::string_view whole = name;
                note_broken(whole.substr(0, whole.size() - damaged_suffix.size()));
            }
            if (!segment_of(name) && !name.starts_with(renaming_prefix)) continue;
            Found one;
            one.name = name;
            if (auto done = open(one); !done) return done;
        }
        if (!options_.look_only) tidy(*names);
        std::ranges::sort(out_.spares);
        std::ranges::sort(found_, {}, [](const Found& one) { return one.header.first; });
        return {};
    }

    void tidy(const std::vector<std::string>& names) {
        for (const auto& [name, what] : broken_) {
            set_aside(name, what);
            note_broken(name);
        }
        if (std::ranges::find(names, unfinished_name) != names.end())
            static_cast<void>(files_.remove(options_.folder / unfinished_name));
    }

    base::Result<void> open(Found& one) {
        Io<std::unique_ptr<File>> file =
            files_.open(options_.folder / one.name, FileSystem::Open::existing);
        if (!file && options_.look_only && file.error() == std::errc::no_such_file_or_directory)
            return {};  // recycled since it was listed
        if (!file) return std::unexpected(unusable(options_.folder / one.name, file.error()));
        one.file = std::move(*file);
        std::string bytes;
        const Io<std::uint64_t> size = one.file->size();
        if (!size) return std::unexpected(unusable(options_.folder / one.name, size.error()));
        one.size = *size;
        if (const std::error_code error = read_again(*one.file, 0, bytes)) {
            // A bad sector, or a disk that is away? Files of the latter are left as they are.
            if (read_again(*one.file, segment_header_bytes, bytes))
                return std::unexpected(unusable(options_.folder / one.name, error));
            broken_.emplace_back(one.name, "its header cannot be read");
            return {};
        }
        const ParsedHeader parsed = parse_segment_header(bytes);
        if (parsed.fault == HeaderFault::newer)
            return base::fail(base::Fault::invalid,
                              (options_.folder / one.name).string() + " is of journal format " +
                                  std::to_string(parsed.header.version) +
                                  ", this program knows up to " + std::to_string(format_version) +
                                  ": start the newer program on this folder");
        if (parsed.fault || !header_fits(one.name, *one.file, one.size, parsed.header)) {
            broken_.emplace_back(one.name, "its header is damaged");
            return {};
        }
        one.header = parsed.header;
        found_.push_back(std::move(one));
        return {};
    }

    void note_broken(std::string_view name) {
        oldest_broken_ = std::min(oldest_broken_, segment_of(name).value_or(no_lsn));
    }

    // Keeps a file for a person under a name that we never read again. What is lost with it shows
    // as a gap in the LSNs.
    void set_aside(const std::string& name, std::string_view what) {
        base::log::error("journal.set_aside", {{"file", name}, {"what", what}});
        const std::filesystem::path path = options_.folder / name;
        if (const std::error_code error = files_.rename(path, path.string().append(damaged_suffix)))
            base::log::error("journal.set_aside_failed", {{"why", error.message()}});
    }

    // In two steps, since the right name may be held by another wrong one.
    base::Result<void> name_by_header() {
        for (std::size_t i = 1; i < found_.size();) {
            if (found_[i].header.first != found_[i - 1].header.first) {
                ++i;
                continue;
            }
            const bool first_is_right =
                found_[i - 1].name == segment_name(found_[i - 1].header.first);
            const std::size_t copy = first_is_right ? i : i - 1;
            note_broken(found_[copy].name);  // by its name it may have held other blocks
            set_aside(found_[copy].name, "another segment starts at the same LSN");
            found_.erase(found_.begin() + static_cast<std::ptrdiff_t>(copy));
        }
        std::vector<Found*> wrong;
        for (Found& one : found_)
            if (one.name != segment_name(one.header.first)) wrong.push_back(&one);
        for (Found* one : wrong)
            if (auto done =
                    rename(*one, std::string(renaming_prefix) + segment_name(one->header.first));
                !done)
                return done;
        for (Found* one : wrong)
            if (auto done = rename(*one, segment_name(one->header.first)); !done) return done;
        if (wrong.empty()) return {};
        if (const std::error_code error = files_.sync_folder(options_.folder))
            return std::unexpected(unusable(options_.folder, error));
        return {};
    }

    base::Result<void> rename(Found& one, std::string to) {
        if (const std::error_code error =
                files_.rename(options_.folder / one.name, options_.folder / to))
            return std::unexpected(unusable(options_.folder / one.name, error));
        one.name = std::move(to);
        return {};
    }

    base::Result<void> read() {
        for (Found& one : found_) {
            one.segment = std::make_shared<const Segment>(options_.folder / one.name,
                                                          std::move(one.file), one.header);
            durable_ = std::max(durable_, one.header.void_from);
            Io<Scan> scanned = scan(*one.segment, one.size);
            if (!scanned) return std::unexpected(unusable(one.segment->path, scanned.error()));
            one.scan = std::move(*scanned);
            durable_ = std::max(durable_, one.scan.durable_upto);
        }
        durable_ = std::max(durable_, options_.known_durable);
        return {};
    }

    // Blocks below durable_ were synced, so they count wherever they are. Above it stands at most
    // the group that was being written (or the last one, if the mark lags): it counts when whole.
    void accept() {
        Lsn next = found_.empty() ? 1 : found_.front().header.first;
        for (std::size_t i = 0; i < found_.size(); ++i) {
            Lsn ceiling = no_lsn;  // void, or written again, in a later segment
            for (std::size_t j = i + 1; j < found_.size(); ++j)
                ceiling = std::min(ceiling, found_[j].header.void_from);
            next = std::max(next, found_[i].header.first);
            for (const Scan::Item& item : found_[i].scan.blocks) {
                if (item.lsn < next || item.lsn >= ceiling) continue;
                // What is proven ends where the unproven begins, damaged or not.
                const Lsn unproven = std::max(next, durable_);
                if (item.lsn >= durable_ && (item.lsn != unproven || !item.committed)) break;
                found_[i].accepted.push_back(item);
                next = item.lsn + 1;
            }
        }
        for (const Found& one : found_) {
            out_.end = std::max(out_.end, one.header.first);
            if (!one.accepted.empty()) out_.end = std::max(out_.end, one.accepted.back().lsn + 1);
        }
    }

    // Every LSN from the oldest segment's first up to durable_ is accepted, void or lost.
    void name_lost() {
        Lsn next = std::min(oldest_broken_, found_.empty() ? no_lsn : found_.front().header.first);
        if (next == no_lsn) next = 1;  // not one file is left
        std::string file;
        for (const Found& one : found_) {
            lost(next, std::min(one.header.void_from, durable_), file);
            next = std::max(next, one.header.first);
            file = one.name;
            for (const Scan::Item& item : one.accepted) {
                lost(next, item.lsn, file);
                next = item.lsn + 1;
            }
        }
        lost(next, durable_, file);
        out_.end = std::max(out_.end, durable_);
        // An empty last segment may be replaced by one of the same name, which then has to say what
        // it said.
        const bool replaceable = !found_.empty() && found_.back().accepted.empty() &&
                                 found_.back().header.first == out_.end;
        out_.void_from = replaceable ? found_.back().header.void_from : out_.end;
    }

    void lost(Lsn first, Lsn end, const std::string& file) {
        if (first >= end) return;
        out_.damage.push_back({first, end, file, "acknowledged blocks cannot be read any more"});
    }

    // The last segment is written on when nothing in it is damaged: cut behind the last good group,
    // so that no frame of a torn one can verify later.
    base::Result<void> settle_tail() {
        if (found_.empty()) return {};
        Found& last = found_.back();
        File& file = *last.segment->file;
        const Lsn last_end =
            last.accepted.empty() ? last.header.first : last.accepted.back().lsn + 1;
        const std::uint64_t tail = tail_of(last);
        out_.digest =
            last.accepted.empty() ? last.header.previous_digest : last.accepted.back().digest;
        const bool whole = last_end == out_.end && tail != 0 &&
                           (last.scan.first_gap == 0 || last.scan.first_gap >= tail);
        BASE_KILL_POINT("journal.recovery.cut.before");
        if (whole && !file.resize(tail)) {
            BASE_KILL_POINT("journal.recovery.cut.after");
            if (!file.allocate(std::max(options_.segment_bytes, tail)))
                out_.active = last.segment;
            else
                base::log::warn("journal.tail_not_allocated", {{"file", last.name}});
        }
        BASE_KILL_POINT("journal.recovery.sync.before");
        if (const std::error_code error = write_unproven_again(last))
            return std::unexpected(unusable(last.segment->path, error));
        BASE_KILL_POINT("journal.recovery.sync.after");
        // A name that is seen may not be on the disk: the process before may have died between the
        // two, and what is written into the file from now on must be found.
        if (const std::error_code error = files_.sync_folder(options_.folder))
            return std::unexpected(unusable(options_.folder, error));
        return {};
    }

    // A whole group that nothing proves to be synced counts from now on. Its sync may have failed
    // just before the process died; then its pages are clean in memory and lost on the disk, and
    // syncing alone would do nothing. Written again, they are dirty again.
    std::error_code write_unproven_again(const Found& last) const {
        File& file = *last.segment->file;
        for (const Scan::Item& item : last.accepted) {
            if (item.lsn < durable_) continue;
            const std::uint64_t end = last.accepted.back().group_end;
            std::string bytes;
            const auto size = static_cast<std::size_t>(end - item.offset);
            if (const std::error_code error = file.read(item.offset, size, bytes)) return error;
            const std::array<std::string_view, 1> pieces{bytes};
            BASE_KILL_POINT("journal.recovery.rewrite.before");
            if (const std::error_code error = file.write(item.offset, pieces)) return error;
            BASE_KILL_POINT("journal.recovery.rewrite.after");
            break;
        }
        return file.sync();
    }

    // Where the next group goes; 0 when the last block's group has lost its commit frame.
    static std::uint64_t tail_of(const Found& one) {
        if (one.accepted.empty()) return segment_header_bytes;
        return one.accepted.back().committed ? one.accepted.back().group_end : 0;
    }

    static IndexRow row_of(const Found& one) {
        IndexRow row{one.segment, one.header.first, segment_header_bytes, {}, {}};
        for (const Scan::Item& item : one.accepted) row.add(item.lsn, item.offset, item.received);
        if (!one.accepted.empty())
            row.bytes = std::max(one.accepted.back().end, one.accepted.back().group_end);
        return row;
    }

    static constexpr std::string_view renaming_prefix = "renaming-";

    FileSystem& files_;
    const RecoveryOptions& options_;
    Recovered out_;
    std::vector<Found> found_;
    std::vector<std::pair<std::string, std::string>> broken_;
    Lsn oldest_broken_ = no_lsn;
    Lsn durable_ = 1;
};

}  // namespace

base::Result<Recovered> recover(FileSystem& files, const RecoveryOptions& options) {
    return Recovery(files, options).run();
}

std::optional<Lsn> segment_of(std::string_view name) {
    if (name.size() != digits + suffix.size() || !name.ends_with(suffix)) return std::nullopt;
    Lsn first = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + digits, first);
    if (error != std::errc() || end != name.data() + digits) return std::nullopt;
    return first;
}

std::string segment_name(Lsn first) {
    return padded(first, digits).append(suffix);
}

std::string spare_name(std::uint64_t number) {
    return std::string(spare_prefix) + padded(number, 8);
}

}  // namespace journal
