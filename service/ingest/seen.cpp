#include "ingest/seen.hpp"

#include <xxhash.h>

#include <vector>

namespace ingest {

std::uint32_t Seen::repeats(std::string_view source, std::span<const std::uint64_t> ids) {
    constexpr std::size_t ahead = 8;  // enough to hide a cache miss
    const std::uint64_t seed = XXH3_64bits(source.data(), source.size());
    std::vector<std::uint64_t> hashes;
    hashes.reserve(ids.size());
    for (const std::uint64_t id : ids)
        if (id != 0) hashes.push_back(XXH3_64bits_withSeed(&id, sizeof id, seed));
    std::uint32_t repeats = 0;
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < hashes.size(); ++i) {
        if (i + ahead < hashes.size()) seen_.prefetch(hashes[i + ahead]);
        if (!seen_.insert(hashes[i])) ++repeats;
    }
    return repeats;
}

}  // namespace ingest
