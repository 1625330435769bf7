#include "journal/block.hpp"

#include "journal/bytes.hpp"
#include "journal/checksum.hpp"

#include <zstd.h>

#include <limits>
#include <memory>

namespace journal {
namespace {

constexpr std::uint8_t payload_version = 1;
constexpr std::uint8_t flag_rejects = 1;
constexpr std::uint8_t flag_compressed = 2;
constexpr std::size_t max_name_bytes = std::numeric_limits<std::uint16_t>::max();
constexpr int level = 1;  // faster and smaller than 3 on logs (docs/reference/journal.md)

struct Free {
    void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

// A context costs more to set up than a small block to compress. One a thread, never held across
// a suspension, since both functions here are plain ones.
ZSTD_CCtx* compressor() {
    thread_local std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
    return context.get();
}
ZSTD_DCtx* decompressor() {
    thread_local std::unique_ptr<ZSTD_DCtx, Free> context(ZSTD_createDCtx());
    return context.get();
}

void put_name(std::string& out, std::string_view name) {
    put(out, static_cast<std::uint16_t>(name.size()));
    out += name;
}

bool take_name(std::string_view& in, std::string& name) {
    std::uint16_t size = 0;
    std::string_view text;
    if (!take(in, size) || !take(in, size, text)) return false;
    name.assign(text);
    return true;
}

std::string head(const Block& block, std::uint8_t flags) {
    std::string out;
    put(out, payload_version);
    put(out, flags);
    put(out, std::uint16_t{0});
    put(out, block.records);
    put(out, base::micros(block.received));
    put(out, block.idempotency);
    put(out, static_cast<std::uint32_t>(block.lines.size()));
    put_name(out, block.source);
    put_name(out, block.format);
    put_name(out, block.client);
    put_name(out, block.batch_id);
    return out;
}

// Appends the lines compressed; false when that would not make them shorter.
bool append_compressed(std::string& out, const std::string& lines) {
    const std::size_t before = out.size();
    std::size_t written = 0;
    out.resize_and_overwrite(before + lines.size(), [&](char* data, std::size_t) {
        written = ZSTD_compressCCtx(compressor(), data + before, lines.size(), lines.data(),
                                    lines.size(), level);
        return ZSTD_isError(written) != 0 ? before : before + written;
    });
    return ZSTD_isError(written) == 0;
}

}  // namespace

base::Result<Encoded> encode(const Block& block) {
    if (block.lines.size() > max_block_bytes || block.records > max_block_records)
        return base::fail(base::Fault::invalid,
                          "a journal block has more than 1 MB or 2,000 records: split it");
    for (const std::string* name : {&block.source, &block.format, &block.client, &block.batch_id})
        if (name->size() > max_name_bytes)
            return base::fail(base::Fault::invalid, "a name in a journal block is above 64 KB");
    const std::uint8_t rejects = block.rejects ? flag_rejects : 0;
    Encoded out;
    out.payload = head(block, static_cast<std::uint8_t>(rejects | flag_compressed));
    if (!append_compressed(out.payload, block.lines))
        out.payload = head(block, rejects) + block.lines;
    out.checksum = checksum(out.payload);
    out.records = block.records;
    out.received = block.received;
    return out;
}

base::Result<void> decode(std::string_view payload, Block& out) {
    const auto broken = [](const char* what) {
        return base::fail(base::Fault::invalid, std::string("a journal block's ") + what);
    };
    std::uint8_t version = 0;
    std::uint8_t flags = 0;
    std::uint16_t reserved = 0;
    std::int64_t received = 0;
    std::uint32_t size = 0;
    if (!take(payload, version) || version != payload_version) return broken("version is unknown");
    if (!take(payload, flags) || !take(payload, reserved) || !take(payload, out.records) ||
        !take(payload, received) || !take(payload, out.idempotency) || !take(payload, size) ||
        !take_name(payload, out.source) || !take_name(payload, out.format) ||
        !take_name(payload, out.client) || !take_name(payload, out.batch_id))
        return broken("header is cut short");
    if (size > max_block_bytes || out.records > max_block_records)
        return broken("size is above the limit");
    out.received = base::wall_time(received);
    out.rejects = (flags & flag_rejects) != 0;
    if ((flags & flag_compressed) == 0) {
        if (payload.size() != size) return broken("length is wrong");
        out.lines.assign(payload);
        return {};
    }
    std::size_t written = 0;
    out.lines.resize_and_overwrite(size, [&](char* data, std::size_t) {
        written = ZSTD_decompressDCtx(decompressor(), data, size, payload.data(), payload.size());
        return ZSTD_isError(written) != 0 ? 0 : written;
    });
    if (written != size) return broken("compressed lines are broken");
    return {};
}

}  // namespace journal
