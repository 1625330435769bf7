#pragma once

#include "base/huge_array.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace base {

/// The newest `capacity` distinct hashes, for telling what came before: a new one replaces the
/// oldest. The hashes must be of a good, keyed hash; their bits are used as they are.
///
/// A ring holds the hashes in order of arrival and is the only place that does. The table beside it
/// holds places in the ring, 32 bits each, and in the bits that are left how far the entry is from
/// where it belongs and a tag of the hash. So a new hash is told from the others, and the oldest
/// taken out, by the table alone: one cache line each as a rule. 16 to 17 bytes a hash, where a set
/// of hashes beside a ring took 24 to 41.
class RecentHashes {
public:
    /// capacity: 1 to 2^26 - 1. The memory of the ring is touched as it fills, and the table grows.
    explicit RecentHashes(std::size_t capacity);

    /// True when the hash is none of the newest; it then becomes the newest.
    [[nodiscard]] bool insert(std::uint64_t hash);

    /// Fetches what `insert` will read, to be called some inserts ahead.
    void prefetch(std::uint64_t hash) const noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// All of them, in two pieces that are lent until the next change.
    [[nodiscard]] std::array<std::span<const std::uint64_t>, 2> oldest_first() const noexcept;
    void clear() noexcept;

private:
    [[nodiscard]] std::size_t home(std::uint64_t hash) const noexcept;
    [[nodiscard]] std::uint64_t hash_of(std::uint32_t entry) const noexcept;
    [[nodiscard]] std::size_t distance(std::size_t at) const noexcept;
    [[nodiscard]] std::uint32_t with_distance(std::uint32_t entry, std::size_t far) const noexcept;
    [[nodiscard]] bool contains(std::uint64_t hash) const noexcept;
    void link(std::uint64_t hash, std::size_t place) noexcept;
    void unlink(std::uint64_t hash, std::size_t place) noexcept;
    void grow();

    std::size_t capacity_;
    // An entry of the table, from the lowest bit: place_bits_ of the place, which counts from 1;
    // then the distance; then the tag.
    unsigned place_bits_;
    std::uint32_t tag_mask_;
    HugeArray<std::uint64_t> ring_;   // in order of arrival; full: next_ is the oldest
    HugeArray<std::uint32_t> table_;  // linear probing, at most half full; 0 is empty
    std::size_t size_ = 0;
    std::size_t next_ = 0;
};

}  // namespace base
