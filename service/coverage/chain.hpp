#pragma once

#include "base/digest.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <string_view>

namespace coverage {

/// One committed batch in the chain: what an entry says, and the digest that ties it to all before.
struct Link {
    std::uint64_t from = 0;  ///< Journal blocks [from, to).
    std::uint64_t to = 0;
    std::uint64_t records = 0;  ///< 0: nothing came until `at`.
    base::WallTime at;          ///< Arrival of the last block: all up to then is evaluated.
    base::Digest root{};        ///< Of the Merkle tree over the batch's leaves.
    base::Digest head{};

    bool operator==(const Link&) const = default;
};

/// The head of the entry: SHA-256(previous head || from || to || records || root || at), numbers as
/// 8 bytes, the greatest first, `at` in microseconds. Before the first entry stand 32 zero bytes.
[[nodiscard]] base::Digest head_of(const base::Digest& previous, const Link& link);

/// The leaf of a whole journal block: merkle::leaf("B" || lsn || SHA-256 of its payload, as it
/// stands in the journal).
[[nodiscard]] base::Digest block_leaf(std::uint64_t lsn, const base::Digest& payload);

/// The leaf of one record of a block: merkle::leaf("R" || lsn || index || SHA-256 of its bytes as
/// journalled), index as 4 bytes. Only records that are kept have one, behind that of their block.
[[nodiscard]] base::Digest record_leaf(std::uint64_t lsn, std::uint32_t index,
                                       std::string_view record);
/// The same of a record of which only the SHA-256 is known.
[[nodiscard]] base::Digest record_leaf_of(std::uint64_t lsn, std::uint32_t index,
                                          const base::Digest& sha256);

}  // namespace coverage
