#include "journal/window.hpp"

#include "journal/checksum.hpp"

#include <algorithm>

namespace journal {
namespace {

constexpr std::size_t page = 4096;  // what a bad sector takes with it
constexpr int attempts = 3;

std::error_code read_again(File& file, std::uint64_t offset, std::size_t size, std::string& out) {
    std::error_code error;
    for (int i = 0; i < attempts; ++i)
        if (!(error = file.read(offset, size, out))) break;
    return error;
}

}  // namespace

void Window::reset(File& file, std::uint32_t seed, std::uint64_t limit) {
    file_ = &file;
    seed_ = seed;
    limit_ = limit;
    start_ = 0;
    buffer_.clear();
}

// Fewer bytes than asked for only at the limit, or at the end of a file that was cut.
Io<std::string_view> Window::bytes(std::uint64_t offset, std::size_t size) {
    if (offset >= limit_) return std::string_view();
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, limit_ - offset));
    const bool held = offset >= start_ && offset + size <= start_ + buffer_.size();
    if (!held) {
        const std::size_t want = static_cast<std::size_t>(
            std::min<std::uint64_t>(std::max(size, piece_bytes_), limit_ - offset));
        std::error_code error = file_->read(offset, want, buffer_);
        if (error) error = read_by_page(offset, want);
        if (error) {
            buffer_.clear();
            return std::unexpected(error);
        }
        start_ = offset;
    }
    return std::string_view(buffer_).substr(static_cast<std::size_t>(offset - start_), size);
}

std::error_code Window::read_by_page(std::uint64_t offset, std::size_t size) {
    buffer_.clear();
    std::string piece;
    if (const std::error_code error = read_again(*file_, 0, page, piece)) return error;
    while (size > 0) {
        const std::size_t want = std::min(size, page - static_cast<std::size_t>(offset % page));
        if (read_again(*file_, offset, want, piece)) piece.assign(want, '\0');
        buffer_ += piece;
        if (piece.size() < want) break;  // the file's end
        offset += want;
        size -= want;
    }
    return {};
}

Io<std::optional<Window::Frame>> Window::frame_at(std::uint64_t offset) {
    const Io<std::string_view> head = bytes(offset, frame_header_bytes);
    if (!head) return std::unexpected(head.error());
    const std::optional<FrameHeader> header = parse_frame_header(*head, seed_, offset);
    if (!header) return std::nullopt;
    const std::size_t size = frame_header_bytes + header->payload_bytes;
    const Io<std::string_view> whole = bytes(offset, size);
    if (!whole) return std::unexpected(whole.error());
    if (whole->size() != size) return std::nullopt;
    Frame frame{offset, *header, whole->substr(0, frame_header_bytes),
                whole->substr(frame_header_bytes)};
    if (checksum(frame.payload) != header->payload_checksum) return std::nullopt;
    return frame;
}

Io<std::optional<std::uint64_t>> Window::find_frame(std::uint64_t from) {
    std::uint64_t at = (from + frame_alignment - 1) / frame_alignment * frame_alignment;
    while (at < limit_) {
        const Io<std::string_view> piece = bytes(at, piece_bytes_);
        if (!piece) return std::unexpected(piece.error());
        if (piece->size() < frame_header_bytes) return std::nullopt;
        const std::size_t found = find_magic(*piece, 0);
        if (found == std::string_view::npos) {
            // A magic never straddles two pieces: it starts at a multiple of 8 and is 4 long.
            at += piece->size() / frame_alignment * frame_alignment;
            continue;
        }
        at += found;
        const Io<std::optional<Frame>> frame = frame_at(at);
        if (!frame) return std::unexpected(frame.error());
        if (*frame) return at;
        at += frame_alignment;
    }
    return std::nullopt;
}

}  // namespace journal
