#include "journal/mark.hpp"

#include "base/kill_point.hpp"
#include "journal/bytes.hpp"
#include "journal/checksum.hpp"

#include <array>
#include <string>

namespace journal {
namespace {

constexpr std::uint64_t slot_bytes = 4096;  // each in its own page and sectors
constexpr std::size_t used_bytes = 8 + 8 + 4;
constexpr std::uint32_t seed = 0x4b52414d;  // "MARK": zeros never verify

std::string slot(std::uint64_t turn, Lsn durable) {
    std::string out;
    put(out, turn);
    put(out, durable);
    put(out, checksum(out, seed));
    return out;
}

}  // namespace

Io<Mark> Mark::open(FileSystem& files, const std::filesystem::path& path) {
    Io<std::unique_ptr<File>> file = files.open(path, FileSystem::Open::create);
    if (!file) return std::unexpected(file.error());
    BASE_KILL_POINT("journal.mark.open.after");
    // Its room is taken now: on a full disk it is wanted as well.
    static_cast<void>((*file)->allocate(2 * slot_bytes));
    Mark mark(std::move(*file));
    for (std::uint64_t i = 0; i < 2; ++i) {
        std::string bytes;
        if (const std::error_code error = mark.file_->read(i * slot_bytes, used_bytes, bytes))
            return std::unexpected(error);
        if (bytes.size() != used_bytes) continue;
        const auto turn = load<std::uint64_t>(bytes.data());
        const auto durable = load<Lsn>(bytes.data() + 8);
        if (bytes != slot(turn, durable) || turn < mark.turn_) continue;
        mark.turn_ = turn;
        mark.durable_ = durable;
    }
    return mark;
}

std::error_code Mark::write(Lsn durable) {
    const std::string bytes = slot(turn_ + 1, durable);
    const std::array<std::string_view, 1> pieces{bytes};
    BASE_KILL_POINT("journal.mark.write.before");
    if (const std::error_code error = file_->write((turn_ + 1) % 2 * slot_bytes, pieces))
        return error;
    BASE_KILL_POINT("journal.mark.write.after");
    if (const std::error_code error = file_->sync()) return error;
    BASE_KILL_POINT("journal.mark.sync.after");
    ++turn_;
    durable_ = durable;
    return {};
}

}  // namespace journal
