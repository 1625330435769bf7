#include "ingest/seen.hpp"

#include <xxhash.h>

namespace ingest {

std::uint32_t Seen::repeats(std::string_view source, std::span<const std::uint64_t> ids) {
    const std::uint64_t seed = XXH3_64bits(source.data(), source.size());
    std::uint32_t repeats = 0;
    const std::lock_guard lock(mutex_);
    for (const std::uint64_t id : ids) {
        if (id == 0) continue;
        const std::uint64_t hash = XXH3_64bits_withSeed(&id, sizeof id, seed);
        if (!seen_.insert(hash).second) {
            ++repeats;
        } else if (ring_.size() < most_) {
            ring_.push_back(hash);
        } else {
            seen_.erase(ring_[next_]);
            ring_[next_] = hash;
            next_ = (next_ + 1) % most_;
        }
    }
    return repeats;
}

}  // namespace ingest
