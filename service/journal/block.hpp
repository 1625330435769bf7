#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Raw batches on disk before they are acknowledged; replay after a crash. Start with journal.hpp;
/// the bytes on disk are described in docs/reference/journal.md.
namespace journal {

/// A block's place in the order of everything accepted. The first is 1; 0 is never used.
using Lsn = std::uint64_t;

inline constexpr std::size_t max_block_bytes = 1024 * 1024;  ///< Lines, before compression.
inline constexpr std::uint32_t max_block_records = 2'000;

/// Some records of one batch: what the journal keeps and replays as a unit.
struct Block {
    std::string source;         ///< Which configured source sent it.
    std::string format;         ///< Name of the format that reads it, resolved from "auto".
    std::string client;         ///< Id of the token it came with.
    std::string batch_id;       ///< Same for all blocks of one request, and never used again.
    base::WallTime received{};  ///< Arrival, stamped once; a replay sees the same.
    std::uint32_t records = 0;  ///< Lines in `lines`, at most max_block_records.
    bool rejects = false;       ///< `lines` holds refused records, as NDJSON {line, code, sample}.
    /// Hash of the client, its Idempotency-Key and the body, 0 without a key. Two batch ids with
    /// one (client, idempotency) are the same batch sent twice: the evaluator keeps the first.
    std::uint64_t idempotency = 0;
    std::string lines;  ///< Records, one a line; at most max_block_bytes.
};

/// A block as it goes to disk: compressed, checksummed, and still without its place.
struct Encoded {
    std::string payload;
    std::uint32_t checksum = 0;  ///< CRC-32C of the payload.
    std::uint32_t records = 0;
    base::WallTime received{};
};

/// Compresses a block (zstd level 1). The costly half of an append: it runs in the caller's thread,
/// so that several can compress at once. Fails with Fault::invalid above the two limits, or when a
/// name is longer than 64 KB.
[[nodiscard]] base::Result<Encoded> encode(const Block& block);

/// The block of a payload, into `out`, whose strings' memory is used again. Fails with
/// Fault::invalid on any bytes that `encode` did not write; never allocates more than the limits.
[[nodiscard]] base::Result<void> decode(std::string_view payload, Block& out);

}  // namespace journal
