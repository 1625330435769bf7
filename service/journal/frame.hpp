#pragma once

#include "base/time.hpp"
#include "journal/block.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The bytes of a segment: a header of 4 KB, then frames at multiples of 8. Pure.
///
/// A frame's own checksum is seeded with the segment's UUID and the frame's place in the file, so
/// that bytes left from an earlier life of a recycled file, or moved, never verify. The payload's
/// checksum stands in the frame's header, which lets the caller's thread compute it beforehand.
namespace journal {

using Uuid = std::array<std::uint8_t, 16>;

inline constexpr std::uint32_t format_version = 1;
inline constexpr std::size_t segment_header_bytes = 4096;
inline constexpr std::size_t frame_header_bytes = 40;
inline constexpr std::size_t frame_alignment = 8;
inline constexpr std::size_t commit_payload_bytes = 32;
/// Lines that zstd could not shrink, their names and some room.
inline constexpr std::size_t max_payload_bytes = max_block_bytes + 512 * 1024;

/// Bytes of a frame in the file, its padding included.
[[nodiscard]] constexpr std::size_t frame_bytes(std::size_t payload) noexcept {
    return (frame_header_bytes + payload + frame_alignment - 1) / frame_alignment * frame_alignment;
}
inline constexpr std::size_t commit_frame_bytes = frame_bytes(commit_payload_bytes);

struct SegmentHeader {
    std::uint32_t version = format_version;
    Uuid uuid{};
    Lsn first = 0;  ///< LSN of the first block.
    /// LSNs from here up to `first` are void: their sync failed, and what was not acknowledged was
    /// written again under new LSNs. Equals `first` when there are none.
    Lsn void_from = 0;
    std::uint64_t previous_digest = 0;  ///< Running digest at the end of the segment before.
    base::WallTime created{};
};
[[nodiscard]] std::string to_bytes(const SegmentHeader& header);
enum class HeaderFault : std::uint8_t { broken, newer };
/// Reads the version of a newer header, too, so that it can be named.
struct ParsedHeader {
    SegmentHeader header;
    std::optional<HeaderFault> fault;
};
[[nodiscard]] ParsedHeader parse_segment_header(std::string_view bytes);

enum class FrameKind : std::uint8_t { block = 1, commit = 2 };

struct FrameHeader {
    FrameKind kind = FrameKind::block;
    std::uint32_t payload_bytes = 0;
    std::uint32_t payload_checksum = 0;
    Lsn lsn = 0;  ///< Of a block; of a commit, the end of its group.
    base::WallTime received{};
    std::uint32_t records = 0;
};

/// Ends a group: everything in it is durable when the sync after it returns.
struct Commit {
    Lsn first = 0;
    Lsn end = 0;
    Lsn durable_upto = 0;  ///< Everything below was synced before this group was written.
    std::uint64_t digest = 0;
};

/// Start value of the checksums of one segment's frames.
[[nodiscard]] std::uint32_t seed_of(const Uuid& uuid) noexcept;

/// The 40 bytes that stand before the payload at `offset`.
[[nodiscard]] std::array<char, frame_header_bytes> to_bytes(const FrameHeader& header,
                                                            std::uint32_t seed,
                                                            std::uint64_t offset) noexcept;
[[nodiscard]] std::string to_bytes(const Commit& commit);
[[nodiscard]] std::optional<Commit> parse_commit(std::string_view payload) noexcept;

/// The header at the front of `bytes`, which lie at `offset` of the segment; nothing unless its
/// checksum and all its fields are right. Says nothing of the payload.
[[nodiscard]] std::optional<FrameHeader> parse_frame_header(std::string_view bytes,
                                                            std::uint32_t seed,
                                                            std::uint64_t offset) noexcept;

/// The digest that runs through a segment: of the one before and the bytes of a frame's header,
/// which hold the payload's checksum.
[[nodiscard]] std::uint64_t extend_digest(std::uint64_t digest,
                                          std::string_view frame_header) noexcept;

/// The next multiple of 8 at or after `from` in `bytes` where a frame may start, or npos. `bytes`
/// begin at a multiple of 8.
[[nodiscard]] std::size_t find_magic(std::string_view bytes, std::size_t from) noexcept;

}  // namespace journal
