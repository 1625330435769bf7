#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace ingest {

/// Content-Encoding: none, or exactly one of these two.
enum class Coding : std::uint8_t { identity, gzip, zstd };

/// Bounds on a body after decoding (reliability 6.3). Memory used is at most the output plus 9 MB.
struct DecompressLimits {
    std::size_t decoded_bytes = 64u << 20;
    std::size_t ratio = 100;                  ///< Output over input...
    std::size_t ratio_after_bytes = 1 << 20;  ///< ...once the output is above this.
    std::size_t members = 16;  ///< gzip members, or zstd frames, skippable and empty ones included.
};

enum class DecompressFault : std::uint8_t {
    broken,     ///< 400: not that coding, cut short, checksum wrong, or text after the end.
    too_large,  ///< 413: above decoded_bytes or the ratio.
};

/// The bytes behind one coding. Nothing of a broken body is given back: gzip checks each member's
/// CRC-32 and length, zstd its checksum when it has one and a window of 8 MB at most (RFC 9659).
/// One layer only: what was compressed twice comes back compressed once.
[[nodiscard]] std::expected<std::string, DecompressFault> decompress(
    Coding coding, std::string body, const DecompressLimits& limits);

}  // namespace ingest
