#pragma once

#include "journal/block.hpp"
#include "journal/file_system.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace journal {

/// A small file that notes how far the journal was durable. Two slots are written in turn, so that
/// one is always whole. It lags behind by the mark interval: it is what tells damage from a torn
/// tail when the newest group is hit, and never what makes anything durable.
class Mark {
public:
    /// Opens or creates the file and reads it.
    static Io<Mark> open(FileSystem& files, const std::filesystem::path& path);

    [[nodiscard]] Lsn durable() const noexcept { return durable_; }
    /// Notes it and syncs.
    [[nodiscard]] std::error_code write(Lsn durable);

private:
    explicit Mark(std::unique_ptr<File> file) : file_(std::move(file)) {}
    std::unique_ptr<File> file_;
    Lsn durable_ = 0;
    std::uint64_t turn_ = 0;
};

}  // namespace journal
