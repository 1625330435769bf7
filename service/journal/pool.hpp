#pragma once

#include "journal/file_system.hpp"
#include "journal/index.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace journal {

/// Files of a segment's size that wait to become segments. Writing into blocks that were written
/// before is up to 2.7 times as fast as into new ones, so old segments come back here instead of
/// being unlinked, and when there are none one is made ahead of its use.
class SparePool {
public:
    struct Options {
        std::filesystem::path folder;
        std::uint64_t segment_bytes = 0;
        std::size_t keep = 4;  ///< More are unlinked.
    };
    SparePool(FileSystem& files, Options options, std::vector<std::filesystem::path> found);

    [[nodiscard]] std::size_t size() const noexcept { return spares_.size(); }

    /// Makes one, allocated and synced; the folder is not.
    [[nodiscard]] std::error_code prepare();
    /// Takes a segment that nobody needs any more, or removes its file when that is of another size
    /// than a new segment's; the folder is not synced. False when its name could not be taken from
    /// it.
    [[nodiscard]] bool recycle(const Segment& segment);
    /// Removes all, and every other file that holds what a segment held; the folder is not synced.
    [[nodiscard]] std::error_code clear();

    struct Taken {
        std::filesystem::path path;
        std::unique_ptr<File> file;
        bool recycled = false;
    };
    /// An allocated file under a name that recovery ignores: a spare, or a new one.
    [[nodiscard]] Io<Taken> take();

private:
    Io<std::unique_ptr<File>> make(const std::filesystem::path& path);

    struct Spare {
        std::filesystem::path path;
        bool recycled = false;
    };
    FileSystem& files_;
    Options options_;
    std::vector<Spare> spares_;
    std::uint64_t number_ = 0;  // of the next spare's name
};

}  // namespace journal
