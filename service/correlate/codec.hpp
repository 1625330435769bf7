#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

/// How states are written: LEB128 integers, length-prefixed bytes, and blobs that can be skipped.
/// They pass in pieces, so that no state has to be in memory as one text. Whether the bytes are
/// still those that were written is for whoever keeps them to know; what is read here is checked
/// for sense.
namespace correlate {

/// Takes the next piece of what is written, which is lent for the call.
using Sink = std::function<void(std::string_view)>;
/// Gives the next piece, good until the next call; an empty one at the end.
using Source = std::function<std::string_view()>;

class Writer {
public:
    static constexpr std::size_t piece_bytes = 65'536;  ///< A piece is not larger.

    Writer() : Writer(nullptr) {}  ///< Keeps everything, for `text`.
    explicit Writer(Sink sink);    ///< Hands on piece by piece, the last one when told to `flush`.

    void number(std::uint64_t value) {
        make_room(longest_number);
        char* at = buffer_.data() + size_;
        for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>((value & 0x7f) | 0x80);
        *at++ = static_cast<char>(value);
        size_ = static_cast<std::size_t>(at - buffer_.data());
    }
    void signed_number(std::int64_t value);  ///< Zigzag.
    void word(std::uint64_t value);          ///< 8 bytes, little-endian.
    void real(double value);                 ///< All 64 bits.
    void bytes(std::string_view value);      ///< With its length.
    void raw(std::string_view value);        ///< Without.
    void flag(bool value) { number(value ? 1 : 0); }

    /// What is written until the end is one blob: chunks, each 4 bytes of length and as many bytes,
    /// and an empty one at the end, since nobody knows yet how long it will be. Blobs do not nest.
    void begin_blob();
    void end_blob();

    void flush();  ///< Not inside a blob.
    /// All of it, of a Writer without a sink.
    [[nodiscard]] std::string_view text() const noexcept { return {buffer_.data(), size_}; }

private:
    static constexpr std::size_t longest_number = 10;
    static constexpr std::size_t chunk_header = 4;

    void make_room(std::size_t bytes) {
        if (buffer_.size() - size_ < bytes) make_room_slowly(bytes);
    }
    void make_room_slowly(std::size_t bytes);
    void hand_on();
    void begin_chunk();
    void end_chunk();

    Sink sink_;
    std::string buffer_;    // its size is room; what is written ends at size_
    std::size_t size_ = 0;  // of what is not handed on yet
    std::size_t chunk_ = 0;
    bool blob_ = false;
};

/// Reads what Writer wrote. Reading past the end or a malformed number makes it bad for good; it
/// then gives zeros, so that callers check `good` once. A number of things to come may lie: make
/// room for them as they come, while the reader is good.
class Reader {
public:
    explicit Reader(std::string_view text) noexcept
        : at_(text.data()), end_(at_ + text.size()), piece_end_(end_) {}
    explicit Reader(Source source) : source_(std::move(source)) {}

    std::uint64_t number();
    std::int64_t signed_number();
    std::uint64_t word();
    double real();
    std::string_view bytes();                  ///< Good until anything else is read.
    std::string_view raw(std::uint64_t size);  ///< Good until anything else is read.
    bool flag() { return number() != 0; }

    /// Reading ends with the blob, until it is left.
    void begin_blob();
    /// Bad, unless all of the blob was read.
    void end_blob();
    void skip_blob();

    [[nodiscard]] bool good() const noexcept { return good_; }
    /// Everything was read. May ask for the next piece.
    [[nodiscard]] bool done() { return good_ && at_ == end_ && !more(); }
    void spoil() noexcept { good_ = false; }

private:
    enum class Blob : std::uint8_t { none, chunks, over };

    bool more();
    bool next_chunk();
    bool next_piece();
    unsigned char byte();
    std::uint64_t number_slowly();

    Source source_;
    const char* at_ = nullptr;
    const char* end_ = nullptr;        // of what can be read without a question
    const char* piece_end_ = nullptr;  // of the piece; a chunk may end before it
    std::uint64_t chunk_left_ = 0;     // of the chunk, behind end_
    Blob blob_ = Blob::none;
    bool good_ = true;
    std::string gathered_;  // what lay across pieces
};

/// Writes what a kind of state begins with.
void write_head(Writer& out, std::string_view magic, std::uint64_t version);
/// Fault::invalid when the state does not begin so; `what` names it in the reason.
base::Result<void> read_head(Reader& in, std::string_view magic, std::uint64_t version,
                             std::string_view what);

}  // namespace correlate
