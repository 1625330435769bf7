#include "journal/frame.hpp"

#include "journal/bytes.hpp"
#include "journal/checksum.hpp"

#include <xxhash.h>

#include <cstring>

namespace journal {
namespace {

constexpr std::string_view segment_magic{"CPJRNL\r\n", 8};
constexpr std::string_view frame_magic{
    "\xf5"
    "CPf",
    4};  // 0xf5 is in no UTF-8 text
constexpr std::size_t header_bytes_used = 72;

std::string_view view(const Uuid& uuid) noexcept {
    return {reinterpret_cast<const char*>(uuid.data()), uuid.size()};
}

std::uint32_t frame_checksum(std::string_view after_checksum, std::uint32_t seed,
                             std::uint64_t offset) noexcept {
    char place[sizeof offset];
    std::memcpy(place, &offset, sizeof offset);
    return checksum(after_checksum, checksum({place, sizeof place}, seed));
}

}  // namespace

std::string to_bytes(const SegmentHeader& header) {
    std::string out(segment_magic);
    put(out, header.version);
    put(out, std::uint32_t{0});
    out += view(header.uuid);
    put(out, header.first);
    put(out, header.void_from);
    put(out, header.previous_digest);
    put(out, base::micros(header.created));
    put(out, checksum(out));
    put(out, std::uint32_t{0});
    static_assert(header_bytes_used == 8 + 4 + 4 + 16 + 8 + 8 + 8 + 8 + 4 + 4);
    out.resize(segment_header_bytes);
    return out;
}

ParsedHeader parse_segment_header(std::string_view bytes) {
    ParsedHeader parsed;
    parsed.fault = HeaderFault::broken;
    if (bytes.size() < segment_header_bytes || !bytes.starts_with(segment_magic)) return parsed;
    SegmentHeader& header = parsed.header;
    header.version = load<std::uint32_t>(bytes.data() + 8);
    std::memcpy(header.uuid.data(), bytes.data() + 16, header.uuid.size());
    header.first = load<Lsn>(bytes.data() + 32);
    header.void_from = load<Lsn>(bytes.data() + 40);
    header.previous_digest = load<std::uint64_t>(bytes.data() + 48);
    header.created = base::wall_time(load<std::int64_t>(bytes.data() + 56));
    // The checksum's place and reach are the same in all versions: a flipped bit in the version is
    // damage, not news.
    if (load<std::uint32_t>(bytes.data() + 64) != checksum(bytes.substr(0, 64))) return parsed;
    if (header.version > format_version) {
        parsed.fault = HeaderFault::newer;
        return parsed;
    }
    if (header.version != 0 && header.first != 0 && header.void_from <= header.first)
        parsed.fault.reset();
    return parsed;
}

std::uint32_t seed_of(const Uuid& uuid) noexcept {
    return checksum(view(uuid));
}

std::array<char, frame_header_bytes> to_bytes(const FrameHeader& header, std::uint32_t seed,
                                              std::uint64_t offset) noexcept {
    std::array<char, frame_header_bytes> out{};
    const auto set = [&](std::size_t at, auto value) {
        std::memcpy(out.data() + at, &value, sizeof value);
    };
    std::memcpy(out.data(), frame_magic.data(), frame_magic.size());
    set(8, header.payload_bytes);
    set(12, header.payload_checksum);
    set(16, header.lsn);
    set(24, base::micros(header.received));
    set(32, header.records);
    set(36, static_cast<std::uint8_t>(header.kind));
    set(4, frame_checksum({out.data() + 8, out.size() - 8}, seed, offset));
    return out;
}

std::optional<FrameHeader> parse_frame_header(std::string_view bytes, std::uint32_t seed,
                                              std::uint64_t offset) noexcept {
    if (bytes.size() < frame_header_bytes || !bytes.starts_with(frame_magic)) return std::nullopt;
    const std::string_view rest = bytes.substr(8, frame_header_bytes - 8);
    if (load<std::uint32_t>(bytes.data() + 4) != frame_checksum(rest, seed, offset))
        return std::nullopt;
    FrameHeader header;
    header.payload_bytes = load<std::uint32_t>(bytes.data() + 8);
    header.payload_checksum = load<std::uint32_t>(bytes.data() + 12);
    header.lsn = load<Lsn>(bytes.data() + 16);
    header.received = base::wall_time(load<std::int64_t>(bytes.data() + 24));
    header.records = load<std::uint32_t>(bytes.data() + 32);
    const auto kind = load<std::uint8_t>(bytes.data() + 36);
    if (kind != static_cast<std::uint8_t>(FrameKind::block) &&
        kind != static_cast<std::uint8_t>(FrameKind::commit))
        return std::nullopt;
    header.kind = static_cast<FrameKind>(kind);
    if (header.payload_bytes > max_payload_bytes || header.lsn == 0) return std::nullopt;
    return header;
}

std::string to_bytes(const Commit& commit) {
    std::string out;
    put(out, commit.first);
    put(out, commit.end);
    put(out, commit.durable_upto);
    put(out, commit.digest);
    return out;
}

std::optional<Commit> parse_commit(std::string_view payload) noexcept {
    Commit commit;
    if (payload.size() != commit_payload_bytes || !take(payload, commit.first) ||
        !take(payload, commit.end) || !take(payload, commit.durable_upto) ||
        !take(payload, commit.digest))
        return std::nullopt;
    if (commit.first == 0 || commit.first >= commit.end || commit.durable_upto > commit.first)
        return std::nullopt;
    return commit;
}

std::uint64_t extend_digest(std::uint64_t digest, std::string_view frame_header) noexcept {
    return XXH3_64bits_withSeed(frame_header.data(), frame_header.size(), digest);
}

std::size_t find_magic(std::string_view bytes, std::size_t from) noexcept {
    std::size_t at = (from + frame_alignment - 1) / frame_alignment * frame_alignment;
    while ((at = bytes.find(frame_magic, at)) != std::string_view::npos) {
        if (at % frame_alignment == 0) return at;
        ++at;
    }
    return std::string_view::npos;
}

}  // namespace journal
