#pragma once

#include "base/result.hpp"
#include "journal/file_system.hpp"
#include "journal/index.hpp"

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace journal {

/// What a folder of segments holds after a stop of any kind.
struct Recovered {
    std::deque<IndexRow> rows;
    Lsn end = 1;               ///< The next LSN; everything readable is below.
    Lsn void_from = 1;         ///< What the next segment must declare void, up to `end`.
    std::uint64_t digest = 0;  ///< Running digest at the end.
    std::vector<Damage> damage;
    /// The last segment when it may be written on, cut behind its last good group; else a new one
    /// is begun.
    std::shared_ptr<const Segment> active;
    std::vector<std::filesystem::path> spares;
};

struct RecoveryOptions {
    std::filesystem::path folder;
    std::uint64_t segment_bytes = 0;
    Lsn known_durable = 0;  ///< From the mark file and from whoever reads us.
    /// Only look: write, rename and remove nothing, since another process may have the folder. What
    /// it takes away meanwhile is not found.
    bool look_only = false;
};

/// Reads every segment, tells a torn tail from damage (reliability 5.5 rule 4), and leaves the
/// folder so that a crash at any moment can be recovered again. Fails with Fault::invalid, before
/// anything is written, when a segment is of a newer format version; with Fault::unavailable when
/// the folder cannot be used.
[[nodiscard]] base::Result<Recovered> recover(FileSystem& files, const RecoveryOptions& options);

/// "00000000000000000042.log"
[[nodiscard]] std::string segment_name(Lsn first);
/// The LSN in a segment's name; nothing for other names.
[[nodiscard]] std::optional<Lsn> segment_of(std::string_view name);
/// A file of a segment's size that waits to become one, or is being made.
[[nodiscard]] std::string spare_name(std::uint64_t number);
inline constexpr std::string_view spare_prefix = "spare-";
/// A segment that is being made, or made anew.
inline constexpr std::string_view unfinished_name = "new.tmp";
/// Behind the name of a segment that was set aside for a person.
inline constexpr std::string_view damaged_suffix = ".damaged";

}  // namespace journal
