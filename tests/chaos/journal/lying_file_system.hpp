#pragma once

#include "campaign.hpp"
#include "journal/file_system.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace journal::test {

/// Passes everything on to another file system, breaks one promise if asked to, and notes when a
/// descriptor is used for data again after one of its syncs or writes has failed.
class LyingFileSystem final : public FileSystem {
public:
    LyingFileSystem(FileSystem& below, Lie lie) : below_(below), lie_(lie) {}

    std::vector<std::string> violations;

    Io<std::unique_ptr<File>> open(const std::filesystem::path& path, Open how) override;
    std::error_code make_folder(const std::filesystem::path& folder) override {
        return below_.make_folder(folder);
    }
    Io<std::vector<std::string>> list(const std::filesystem::path& folder) override {
        return below_.list(folder);
    }
    std::error_code rename(const std::filesystem::path& from,
                           const std::filesystem::path& to) override {
        return below_.rename(from, to);
    }
    std::error_code remove(const std::filesystem::path& path) override {
        return below_.remove(path);
    }
    std::error_code sync_folder(const std::filesystem::path& folder) override {
        return lie_ == Lie::sync_folder ? std::error_code() : below_.sync_folder(folder);
    }
    Io<std::uint64_t> free_bytes(const std::filesystem::path& folder) override {
        return below_.free_bytes(folder);
    }

private:
    class Opened;
    FileSystem& below_;
    Lie lie_;
};

}  // namespace journal::test
