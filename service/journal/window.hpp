#pragma once

#include "journal/file_system.hpp"
#include "journal/frame.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace journal {

/// A moving window over one segment's bytes below a limit, read in pieces. A sector that the disk
/// cannot read any more reads as zeros, so that only the frames in it are lost; an error means that
/// nothing of the file can be read.
class Window {
public:
    static constexpr std::size_t long_piece = 1u << 20;     ///< For those who read on.
    static constexpr std::size_t short_piece = 128 * 1024;  ///< For those who want one block.
    explicit Window(std::size_t piece_bytes = long_piece) noexcept : piece_bytes_(piece_bytes) {}

    /// Starts over with another file; the memory is used again.
    void reset(File& file, std::uint32_t seed, std::uint64_t limit);
    /// Bytes that were written since; forgets nothing.
    void raise_limit(std::uint64_t limit) noexcept { limit_ = limit; }

    struct Frame {
        std::uint64_t offset = 0;
        FrameHeader header;
        std::string_view header_bytes;
        std::string_view payload;  ///< Valid until the next call.

        [[nodiscard]] std::uint64_t end() const noexcept {
            return offset + frame_bytes(header.payload_bytes);
        }
    };

    /// The frame that stands at `offset`; nothing when there is none whose checksums are right.
    [[nodiscard]] Io<std::optional<Frame>> frame_at(std::uint64_t offset);
    /// Where the next good frame starts, at or after `from`; nothing below the limit.
    [[nodiscard]] Io<std::optional<std::uint64_t>> find_frame(std::uint64_t from);

private:
    Io<std::string_view> bytes(std::uint64_t offset, std::size_t size);
    std::error_code read_by_page(std::uint64_t offset, std::size_t size);

    std::size_t piece_bytes_;
    File* file_ = nullptr;
    std::uint32_t seed_ = 0;
    std::uint64_t limit_ = 0;
    std::uint64_t start_ = 0;  // offset of buffer_ in the file
    std::string buffer_;
};

}  // namespace journal
