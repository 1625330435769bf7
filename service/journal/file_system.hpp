#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace journal {

template <class T>
using Io = std::expected<T, std::error_code>;

/// One open file. Reads may come from several threads at once; the rest from one.
class File {
public:
    virtual ~File() = default;

    /// Up to `size` bytes from `offset` into `out`, replacing it; fewer only at the file's end.
    [[nodiscard]] virtual std::error_code read(std::uint64_t offset, std::size_t size,
                                               std::string& out) = 0;
    /// All pieces one after the other from `offset` on. After an error any part may be written.
    [[nodiscard]] virtual std::error_code write(std::uint64_t offset,
                                                std::span<const std::string_view> pieces) = 0;
    /// Returns once everything written is on the disk. An error is final: nothing written since
    /// the last good sync may be trusted, whatever a later call says.
    [[nodiscard]] virtual std::error_code sync() = 0;
    /// Makes room on the disk for `bytes` from the start, so that writing there cannot run out.
    [[nodiscard]] virtual std::error_code allocate(std::uint64_t bytes) = 0;
    /// Cuts, or extends with zeros.
    [[nodiscard]] virtual std::error_code resize(std::uint64_t bytes) = 0;
    [[nodiscard]] virtual Io<std::uint64_t> size() = 0;
    /// An exclusive lock until closed; false when another process (or File) holds it.
    [[nodiscard]] virtual Io<bool> lock() = 0;
};

/// What the journal needs of a file system, so that tests can lose power, fill the disk and damage
/// files at a chosen operation. Paths are whole.
class FileSystem {
public:
    virtual ~FileSystem() = default;

    enum class Open : std::uint8_t { existing, create };
    [[nodiscard]] virtual Io<std::unique_ptr<File>> open(const std::filesystem::path& path,
                                                         Open how) = 0;
    /// Creates the folder with its parents, or corrects its mode, so that only we can enter.
    [[nodiscard]] virtual std::error_code make_folder(const std::filesystem::path& folder) = 0;
    /// Names of the files, in any order.
    [[nodiscard]] virtual Io<std::vector<std::string>> list(
        const std::filesystem::path& folder) = 0;
    /// Replaces `to`.
    [[nodiscard]] virtual std::error_code rename(const std::filesystem::path& from,
                                                 const std::filesystem::path& to) = 0;
    [[nodiscard]] virtual std::error_code remove(const std::filesystem::path& path) = 0;
    /// Returns once creations, renames and removals in the folder are on the disk.
    [[nodiscard]] virtual std::error_code sync_folder(const std::filesystem::path& folder) = 0;
    /// What the disk under the folder could still take; a hint, since others write too.
    [[nodiscard]] virtual Io<std::uint64_t> free_bytes(const std::filesystem::path& folder) = 0;
};

/// The disk is full, or its owner's part of it.
[[nodiscard]] bool no_room(const std::error_code& error);

/// The operating system's.
[[nodiscard]] FileSystem& operating_system();

}  // namespace journal
