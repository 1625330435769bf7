#include "base/recent_hashes.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <bit>

namespace base {
namespace {

constexpr std::size_t first_table = 1'024;

// How many inserts ahead what is to be forgotten is fetched: enough to hide a cache miss.
constexpr std::size_t ahead = 8;

// Of an entry from where it belongs; the greatest says "this or more", and then the hash is asked.
// In a table that is half full one in 10,000 is that far.
constexpr unsigned distance_bits = 5;
constexpr std::size_t farthest = (1u << distance_bits) - 1;

}  // namespace

RecentHashes::RecentHashes(std::size_t capacity)
    : capacity_(capacity),
      place_bits_(static_cast<unsigned>(std::bit_width(capacity))),
      tag_mask_(~std::uint32_t{0} << (place_bits_ + distance_bits)),
      ring_(capacity),
      table_(std::min(first_table, std::bit_ceil(2 * capacity))) {
    BASE_ASSERT(capacity >= 1 && place_bits_ + distance_bits < 32);
}

std::size_t RecentHashes::home(std::uint64_t hash) const noexcept {
    return hash & (table_.size() - 1);
}

std::uint64_t RecentHashes::hash_of(std::uint32_t entry) const noexcept {
    return ring_[(entry & ((1u << place_bits_) - 1)) - 1];
}

/// How far the entry there is from its home.
std::size_t RecentHashes::distance(std::size_t at) const noexcept {
    const std::uint32_t entry = table_[at];
    const std::size_t noted = (entry >> place_bits_) & farthest;
    if (noted < farthest) return noted;
    return (at - home(hash_of(entry))) & (table_.size() - 1);
}

std::uint32_t RecentHashes::with_distance(std::uint32_t entry, std::size_t far) const noexcept {
    const auto noted = static_cast<std::uint32_t>(std::min(far, farthest));
    return (entry & ~(std::uint32_t{farthest} << place_bits_)) | (noted << place_bits_);
}

bool RecentHashes::contains(std::uint64_t hash) const noexcept {
    const std::size_t mask = table_.size() - 1;
    const auto high = static_cast<std::uint32_t>(hash >> 32);
    for (std::size_t at = home(hash); table_[at] != 0; at = (at + 1) & mask) {
        if (((table_[at] ^ high) & tag_mask_) == 0 && hash_of(table_[at]) == hash) return true;
    }
    return false;
}

void RecentHashes::link(std::uint64_t hash, std::size_t place) noexcept {
    const std::size_t mask = table_.size() - 1;
    std::size_t at = home(hash);
    while (table_[at] != 0) at = (at + 1) & mask;
    const auto tag = static_cast<std::uint32_t>(hash >> 32) & tag_mask_;  // far from home's bits
    table_[at] =
        with_distance(tag | static_cast<std::uint32_t>(place + 1), (at - home(hash)) & mask);
}

/// Takes an entry out and moves those behind it up that would not be found any more (Knuth, The Art
/// of Computer Programming 3, 6.4, algorithm R): no tombstones, so the table never needs cleaning.
void RecentHashes::unlink(std::uint64_t hash, std::size_t place) noexcept {
    const std::size_t mask = table_.size() - 1;
    const std::uint32_t place_mask = (1u << place_bits_) - 1;
    std::size_t hole = home(hash);
    while ((table_[hole] & place_mask) != place + 1) hole = (hole + 1) & mask;
    for (std::size_t at = (hole + 1) & mask; table_[at] != 0; at = (at + 1) & mask) {
        const std::size_t gap = (at - hole) & mask;
        const std::size_t far = distance(at);
        if (far < gap) continue;
        table_[hole] = with_distance(table_[at], far - gap);
        hole = at;
    }
    table_[hole] = 0;
}

void RecentHashes::grow() {
    table_ = HugeArray<std::uint32_t>(table_.size() * 2);
    for (std::size_t place = 0; place < size_; ++place) link(ring_[place], place);
}

bool RecentHashes::insert(std::uint64_t hash) {
    if (contains(hash)) return false;
    if (size_ == capacity_) {
        unlink(ring_[next_], next_);
        if (next_ + ahead < capacity_) prefetch(ring_[next_ + ahead]);
    } else {
        if (2 * (size_ + 1) > table_.size()) grow();
        ++size_;
    }
    ring_[next_] = hash;
    link(hash, next_);
    next_ = next_ + 1 == capacity_ ? 0 : next_ + 1;
    return true;
}

void RecentHashes::prefetch(std::uint64_t hash) const noexcept {
    __builtin_prefetch(&table_[home(hash)]);
}

std::array<std::span<const std::uint64_t>, 2> RecentHashes::oldest_first() const noexcept {
    const std::span<const std::uint64_t> ring(ring_.all().data(), size_);
    const std::size_t oldest = size_ == capacity_ ? next_ : 0;
    return {ring.subspan(oldest), ring.first(oldest)};
}

void RecentHashes::clear() noexcept {
    table_.clear();
    size_ = 0;
    next_ = 0;
}

}  // namespace base
