#pragma once

#include "base/result.hpp"
#include "journal/block.hpp"
#include "journal/file_system.hpp"
#include "journal/index.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <system_error>

/// How blocks that are durable get other contents: what Writer's rewrite does with one segment. A
/// segment is never changed in place, since nobody knows what a failed sync leaves; it is copied to
/// a new file that takes the old one's name once it is on the disk.
namespace journal {

/// Changes a block and returns true, or returns false, and what it did to the block is forgotten.
/// `records` and `received` stay what they were, whatever it sets. Must not throw.
using Change = std::move_only_function<bool(Block&)>;

/// What a rewrite did, and what it could not judge.
struct Rewritten {
    std::size_t segments = 0;     ///< Copied: blocks changed, or there was more than good blocks.
    std::size_t blocks = 0;       ///< Changed.
    std::size_t undecodable = 0;  ///< Blocks that nobody can read, kept as they are.
    std::size_t set_aside = 0;    ///< Files (*.damaged) that only a person can judge, or remove.
};

/// Runs before the first byte of a copy of about so many bytes is written; an error gives it up.
using BeforeCopy = std::move_only_function<base::Result<void>(std::uint64_t bytes)>;

struct Copied {
    /// The new file, synced and still under `unfinished_name`; its segment has the path of the old
    /// one. Nothing when all blocks stay as they are.
    std::optional<IndexRow> row;
    std::size_t blocks = 0;
    std::size_t undecodable = 0;
};

/// Gives the segment's blocks below `below` to `change`, in order. When one changes all are copied,
/// under their LSNs. Bytes that are no block of the segment are a reason to copy, too, and are left
/// behind: the LSNs of damaged blocks stay lost. A loss that the index does not know yet is
/// reported there and fails once with Fault::unavailable, since what could not be read now may be
/// readable later. Fails with Fault::invalid when a changed block is above the limits, with
/// Fault::exhausted when the disk is full, with Fault::unavailable when it fails; then there is no
/// new file.
[[nodiscard]] base::Result<Copied> copy_changed(FileSystem& files, Index& index,
                                                const IndexRow& old, Lsn below, Change& change,
                                                BeforeCopy before);

/// Whether a file holds more than zeros from this place on, or cannot be read there.
[[nodiscard]] bool holds_bytes_behind(File& file, std::uint64_t from);

/// Segments that are in the folder and not in the index keep their header only, which the next
/// start may need. The number of files set aside, which are left as they are.
[[nodiscard]] Io<std::size_t> clean_strays(FileSystem& files, const std::filesystem::path& folder,
                                           const Index& index);

/// What a failed operation on a segment means for who asked for the rewrite.
[[nodiscard]] base::Error rewrite_error(const std::filesystem::path& segment,
                                        const std::error_code& error);

}  // namespace journal
