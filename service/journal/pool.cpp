#include "journal/pool.hpp"

#include "base/kill_point.hpp"
#include "journal/recovery.hpp"

#include <algorithm>

namespace journal {

SparePool::SparePool(FileSystem& files, Options options, std::vector<std::filesystem::path> found)
    : files_(files), options_(std::move(options)) {
    for (std::filesystem::path& path : found) {
        if (spares_.size() >= options_.keep) {
            static_cast<void>(files_.remove(path));
            continue;
        }
        // New names start above those found, whatever stands there.
        const std::string name = path.filename().string();
        const std::size_t dash = name.find('-');
        std::uint64_t number = 0;
        for (const char c : name.substr(dash + 1))
            if (c >= '0' && c <= '9')
                number = number % 1'000'000'000 * 10 + static_cast<std::uint64_t>(c - '0');
        number_ = std::max(number_, number + 1);
        spares_.push_back({std::move(path), true});
    }
}

std::error_code SparePool::prepare() {
    const std::filesystem::path path = options_.folder / spare_name(number_++);
    if (const Io<std::unique_ptr<File>> made = make(path); !made) return made.error();
    spares_.push_back({path, false});
    return {};
}

bool SparePool::recycle(const Segment& segment) {
    const std::filesystem::path path = options_.folder / spare_name(number_++);
    const Io<std::uint64_t> size = segment.file->size();
    const bool fits = size && *size == options_.segment_bytes;
    BASE_KILL_POINT("journal.recycle.rename.before");
    if (fits && spares_.size() < options_.keep && !files_.rename(segment.path, path)) {
        BASE_KILL_POINT("journal.recycle.rename.after");
        spares_.push_back({path, true});
        return true;
    }
    const bool gone = !files_.remove(segment.path);
    BASE_KILL_POINT("journal.recycle.remove.after");
    return gone;
}

// By the folder's list: a start, or a segment that could not be begun, may leave one that is not
// ours.
std::error_code SparePool::clear() {
    const Io<std::vector<std::string>> names = files_.list(options_.folder);
    if (!names) return names.error();
    spares_.clear();
    for (const std::string& name : *names) {
        if (!name.starts_with(spare_prefix) && name != unfinished_name) continue;
        const std::error_code error = files_.remove(options_.folder / name);
        if (error && error != std::errc::no_such_file_or_directory) return error;
        BASE_KILL_POINT("journal.rewrite.spare.after");
    }
    return {};
}

Io<SparePool::Taken> SparePool::take() {
    while (!spares_.empty()) {
        const Spare spare = std::move(spares_.back());
        spares_.pop_back();
        Io<std::unique_ptr<File>> file = files_.open(spare.path, FileSystem::Open::existing);
        // One that was cut when there was no room is none: to fill it up would take room anew.
        const Io<std::uint64_t> size = file ? (*file)->size() : std::unexpected(file.error());
        if (size && *size >= options_.segment_bytes && !(*file)->allocate(options_.segment_bytes))
            return Taken{spare.path, std::move(*file), spare.recycled};
        static_cast<void>(files_.remove(spare.path));
    }
    const std::filesystem::path path = options_.folder / unfinished_name;
    Io<std::unique_ptr<File>> file = make(path);
    if (!file) return std::unexpected(file.error());
    return Taken{path, std::move(*file), false};
}

Io<std::unique_ptr<File>> SparePool::make(const std::filesystem::path& path) {
    Io<std::unique_ptr<File>> file = files_.open(path, FileSystem::Open::create);
    if (!file) return file;
    BASE_KILL_POINT("journal.spare.open.after");
    std::error_code error = (*file)->allocate(options_.segment_bytes);
    BASE_KILL_POINT("journal.spare.allocate.after");
    if (!error) error = (*file)->sync();
    BASE_KILL_POINT("journal.spare.sync.after");
    if (!error) return file;
    static_cast<void>(files_.remove(path));
    return std::unexpected(error);
}

}  // namespace journal
