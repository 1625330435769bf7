#pragma once

#include "base/assert.hpp"
#include "correlate/codec.hpp"
#include "correlate/firing.hpp"

#include <compare>
#include <cstdint>

namespace correlate {

/// Records of one block that a PackedRef tells apart.
inline constexpr std::uint32_t max_block_records = 65'536;

/// A RecordRef in 8 bytes, in the same order: every hit that is kept has one.
///
/// The block is at most 2^48 - 1, the record below max_block_records. Only a file, which is block
/// 0, may have more: its records count on in the following blocks, so that no two become one.
class PackedRef {
public:
    PackedRef() = default;
    PackedRef(std::uint64_t block, std::uint32_t record) noexcept
        : bits_((block << record_bits) + record) {
        BASE_ASSERT(block <= max_block);
    }

    [[nodiscard]] RecordRef unpack() const noexcept {
        return {bits_ >> record_bits, static_cast<std::uint32_t>(bits_ & (max_block_records - 1))};
    }
    auto operator<=>(const PackedRef&) const = default;

    void save(Writer& out) const {
        out.number(unpack().block);
        out.number(unpack().record);
    }
    /// Spoils the reader when the place cannot be.
    [[nodiscard]] static PackedRef load(Reader& in) {
        const std::uint64_t block = in.number();
        const std::uint64_t record = in.number();
        if (block <= max_block && record < max_block_records) {
            return {block, static_cast<std::uint32_t>(record)};
        }
        in.spoil();
        return {};
    }

private:
    static constexpr unsigned record_bits = 16;
    static constexpr std::uint64_t max_block = (std::uint64_t{1} << 48) - 1;
    static_assert(std::uint64_t{1} << record_bits == max_block_records);

    std::uint64_t bits_ = 0;
};
static_assert(sizeof(PackedRef) == 8);

}  // namespace correlate
