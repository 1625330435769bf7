#include "pipeline/dedupe.hpp"

#include <xxhash.h>

namespace pipeline {

std::uint64_t Dedupe::hash(std::string_view source, std::string_view id) const noexcept {
    if (id.empty()) return 0;
    const auto of_source = XXH3_64bits_withSeed(source.data(), source.size(), seed_);
    return XXH3_64bits_withSeed(id.data(), id.size(), of_source);
}

}  // namespace pipeline
