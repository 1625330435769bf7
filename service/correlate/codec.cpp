#include "correlate/codec.hpp"

#include <zlib.h>

#include <bit>
#include <cstring>

namespace correlate {
namespace {

constexpr std::size_t crc_bytes = 4;

std::uint32_t checksum(std::string_view bytes) {
    return static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

}  // namespace

void Writer::number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) text_ += static_cast<char>((value & 0x7f) | 0x80);
    text_ += static_cast<char>(value);
}

void Writer::signed_number(std::int64_t value) {
    number((std::bit_cast<std::uint64_t>(value) << 1) ^ std::bit_cast<std::uint64_t>(value >> 63));
}

void Writer::real(double value) {
    char raw[8];
    std::memcpy(raw, &value, 8);
    text_.append(raw, 8);
}

void Writer::bytes(std::string_view value) {
    number(value.size());
    text_ += value;
}

std::string Writer::seal(std::string_view magic, std::uint64_t version) && {
    Writer out;
    out.text_.reserve(text_.size() + magic.size() + 16);
    out.text_ += magic;
    out.number(version);
    out.text_ += text_;
    const std::uint32_t crc = checksum(out.text_);
    for (unsigned shift = 0; shift < 32; shift += 8) {
        out.text_ += static_cast<char>((crc >> shift) & 0xff);
    }
    return std::move(out.text_);
}

std::uint64_t Reader::number() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; good_ && shift < 64; shift += 7) {
        if (text_.empty()) break;
        const auto byte = static_cast<unsigned char>(text_.front());
        text_.remove_prefix(1);
        value |= std::uint64_t{byte & 0x7fu} << shift;
        if (byte < 0x80) return value;
    }
    good_ = false;
    return 0;
}

std::int64_t Reader::signed_number() noexcept {
    const std::uint64_t value = number();
    return std::bit_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

double Reader::real() noexcept {
    if (!good_ || text_.size() < 8) {
        good_ = false;
        return 0;
    }
    double value = 0;
    std::memcpy(&value, text_.data(), 8);
    text_.remove_prefix(8);
    return value;
}

std::string_view Reader::bytes() noexcept {
    const std::uint64_t size = count();
    const auto value = text_.substr(0, size);
    text_.remove_prefix(size);
    return value;
}

std::uint64_t Reader::count(std::uint64_t each) noexcept {
    const std::uint64_t value = number();
    if (value <= text_.size() / each) return value;
    good_ = false;
    return 0;
}

base::Result<std::string_view> unseal(std::string_view sealed, std::string_view magic,
                                      std::uint64_t version, std::string_view what) {
    const auto refuse = [&](std::string_view why) {
        return base::fail(base::Fault::invalid, std::string(what) + " " + std::string(why));
    };
    if (sealed.size() < magic.size() + crc_bytes || !sealed.starts_with(magic)) {
        return refuse("does not begin as one; it was cut or is something else");
    }
    const auto body = sealed.substr(0, sealed.size() - crc_bytes);
    std::uint32_t crc = 0;
    std::memcpy(&crc, sealed.data() + body.size(), crc_bytes);
    if (crc != checksum(body)) return refuse("is damaged: its CRC-32 differs");
    Reader reader(body.substr(magic.size()));
    const std::uint64_t found = reader.number();
    if (!reader.good() || found != version) {
        return refuse("has format version " + std::to_string(found) + "; this program reads " +
                      std::to_string(version));
    }
    std::size_t header = magic.size();
    for (; (static_cast<unsigned char>(body[header]) & 0x80) != 0; ++header) {
    }
    return body.substr(header + 1);
}

}  // namespace correlate
