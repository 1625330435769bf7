#pragma once

#include <cstdint>
#include <string_view>

namespace journal {

/// CRC-32C (RFC 3720, Castagnoli) of the bytes, continuing `before`: checksum(b, checksum(a)) is
/// checksum(a + b).
[[nodiscard]] std::uint32_t checksum(std::string_view bytes, std::uint32_t before = 0) noexcept;

}  // namespace journal
