#include "correlate/codec.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace correlate {

static_assert(std::endian::native == std::endian::little);

Writer::Writer(Sink sink) : sink_(std::move(sink)), buffer_(sink_ ? piece_bytes : 64, '\0') {}

void Writer::make_room_slowly(std::size_t bytes) {
    if (sink_) return hand_on();
    buffer_.resize(std::max(buffer_.size() * 2, size_ + bytes));
}

void Writer::hand_on() {
    if (blob_) end_chunk();
    sink_(text());
    size_ = 0;
    if (blob_) begin_chunk();
}

void Writer::flush() {
    BASE_ASSERT(sink_ && !blob_);
    if (size_ > 0) hand_on();
}

void Writer::signed_number(std::int64_t value) {
    number((std::bit_cast<std::uint64_t>(value) << 1) ^ std::bit_cast<std::uint64_t>(value >> 63));
}

void Writer::word(std::uint64_t value) {
    make_room(sizeof value);
    std::memcpy(buffer_.data() + size_, &value, sizeof value);
    size_ += sizeof value;
}

void Writer::real(double value) {
    word(std::bit_cast<std::uint64_t>(value));
}

void Writer::bytes(std::string_view value) {
    number(value.size());
    raw(value);
}

void Writer::raw(std::string_view value) {
    while (!value.empty()) {
        make_room(sink_ ? 1 : value.size());
        const auto part = value.substr(0, buffer_.size() - size_);
        std::memcpy(buffer_.data() + size_, part.data(), part.size());
        size_ += part.size();
        value.remove_prefix(part.size());
    }
}

void Writer::begin_blob() {
    BASE_ASSERT(!blob_);
    // An empty chunk would end the blob: something has to fit in behind the header.
    make_room(chunk_header + longest_number);
    blob_ = true;
    begin_chunk();
}

void Writer::end_blob() {
    BASE_ASSERT(blob_);
    end_chunk();
    blob_ = false;
    if (size_ == chunk_ + chunk_header) return;  // empty as it is
    make_room(chunk_header);
    begin_chunk();
    end_chunk();
}

void Writer::begin_chunk() {
    chunk_ = size_;
    size_ += chunk_header;
}

void Writer::end_chunk() {
    const auto length = static_cast<std::uint32_t>(size_ - chunk_ - chunk_header);
    std::memcpy(buffer_.data() + chunk_, &length, sizeof length);
}

bool Reader::next_piece() {
    const auto piece = source_ ? source_() : std::string_view();
    at_ = end_ = piece.data();
    piece_end_ = at_ + piece.size();
    return !piece.empty();
}

/// Reads the header of the next chunk; false when there is none.
bool Reader::next_chunk() {
    if (blob_ == Blob::over) return false;
    blob_ = Blob::none;
    std::uint32_t length = 0;
    for (unsigned shift = 0; shift < 32; shift += 8) length |= std::uint32_t{byte()} << shift;
    blob_ = good_ && length > 0 ? Blob::chunks : Blob::over;
    end_ = at_;
    chunk_left_ = length;
    return blob_ == Blob::chunks;
}

/// Called when everything up to end_ was read.
bool Reader::more() {
    if (!good_) return false;
    const bool in_blob = blob_ != Blob::none;
    if (in_blob && chunk_left_ == 0 && !next_chunk()) return false;
    if (at_ == piece_end_ && !next_piece()) return false;
    auto size = static_cast<std::uint64_t>(piece_end_ - at_);
    if (in_blob) {
        size = std::min(size, chunk_left_);
        chunk_left_ -= size;
    }
    end_ = at_ + size;
    return true;
}

unsigned char Reader::byte() {
    if (at_ != end_ || more()) return static_cast<unsigned char>(*at_++);
    good_ = false;
    return 0;
}

std::uint64_t Reader::number() {
    if (!good_ || end_ - at_ < 10) return number_slowly();
    std::uint64_t value = 0;
    const char* at = at_;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const auto next = static_cast<unsigned char>(*at++);
        value |= std::uint64_t{next & 0x7fu} << shift;
        if (next >= 0x80) continue;
        at_ = at;
        return value;
    }
    good_ = false;
    return 0;
}

std::uint64_t Reader::number_slowly() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; good_ && shift < 64; shift += 7) {
        const auto next = byte();
        value |= std::uint64_t{next & 0x7fu} << shift;
        if (next < 0x80) return good_ ? value : 0;
    }
    good_ = false;
    return 0;
}

std::int64_t Reader::signed_number() {
    const std::uint64_t value = number();
    return std::bit_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

std::uint64_t Reader::word() {
    std::uint64_t value = 0;
    const auto text = raw(sizeof value);
    if (good_) std::memcpy(&value, text.data(), sizeof value);
    return value;
}

double Reader::real() {
    return std::bit_cast<double>(word());
}

std::string_view Reader::bytes() {
    return raw(number());
}

std::string_view Reader::raw(std::uint64_t size) {
    if (!good_) return {};
    if (size <= static_cast<std::uint64_t>(end_ - at_)) {
        const char* const begin = at_;
        at_ += size;
        return {begin, size};
    }
    gathered_.clear();  // grows by what is there, whatever the size says
    while (gathered_.size() < size) {
        if (at_ == end_ && !more()) {
            good_ = false;
            return {};
        }
        const auto here = std::min(size - gathered_.size(), static_cast<std::uint64_t>(end_ - at_));
        gathered_.append(at_, here);
        at_ += here;
    }
    return gathered_;
}

void Reader::begin_blob() {
    BASE_ASSERT(blob_ == Blob::none);
    blob_ = Blob::chunks;
    chunk_left_ = 0;  // whoever reads first reads the header
    end_ = at_;
}

void Reader::end_blob() {
    if (at_ != end_ || more() || blob_ != Blob::over) good_ = false;
    blob_ = Blob::none;
    end_ = piece_end_;
}

void Reader::skip_blob() {
    do {
        at_ = end_;
    } while (more());
    end_blob();
}

void write_head(Writer& out, std::string_view magic, std::uint64_t version) {
    out.raw(magic);
    out.number(version);
}

base::Result<void> read_head(Reader& in, std::string_view magic, std::uint64_t version,
                             std::string_view what) {
    const auto refuse = [&](const std::string& why) {
        return base::fail(base::Fault::invalid, std::string(what) + " " + why);
    };
    if (in.raw(magic.size()) != magic)
        return refuse("does not begin as one; it was cut or is something else");
    const std::uint64_t found = in.number();
    if (in.good() && found == version) return {};
    return refuse("has format version " + std::to_string(found) + "; this program reads " +
                  std::to_string(version));
}

}  // namespace correlate
