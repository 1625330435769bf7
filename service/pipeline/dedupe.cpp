#include "pipeline/dedupe.hpp"

#include <xxhash.h>

namespace pipeline {

std::uint64_t Dedupe::hash(std::string_view source, std::string_view id) const noexcept {
    if (id.empty()) return 0;
    const auto of_source = XXH3_64bits_withSeed(source.data(), source.size(), seed_);
    return XXH3_64bits_withSeed(id.data(), id.size(), of_source);
}

void Dedupe::save(correlate::Writer& out) const {
    out.number(seen_.size());
    for (const auto some : seen_.oldest_first())
        for (const std::uint64_t hash : some) out.word(hash);
}

void Dedupe::restore(correlate::Reader& in) {
    seen_.clear();
    for (std::uint64_t n = in.number(); n > 0 && in.good(); --n) {
        const std::uint64_t hash = in.word();
        if (in.good()) (void)seen_.insert(hash);  // one that is there twice was not saved by us
    }
}

}  // namespace pipeline
