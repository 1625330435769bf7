#include "pipeline/dedupe.hpp"

#include "base/assert.hpp"

#include <xxhash.h>

#include <cstring>

namespace pipeline {

Dedupe::Dedupe(std::uint64_t seed, std::size_t capacity) : seed_(seed), capacity_(capacity) {
    BASE_ASSERT(capacity_ > 0);
}

bool Dedupe::first(std::string_view source, std::string_view id) {
    if (id.empty()) return true;
    const auto of_source = XXH3_64bits_withSeed(source.data(), source.size(), seed_);
    const auto hash = XXH3_64bits_withSeed(id.data(), id.size(), of_source);
    if (seen_.contains(hash)) return false;
    remember(hash);
    return true;
}

void Dedupe::remember(std::uint64_t hash) {
    if (ring_.size() < capacity_) {
        ring_.push_back(hash);
    } else {
        seen_.erase(ring_[next_]);
        ring_[next_] = hash;
        next_ = (next_ + 1) % capacity_;
    }
    seen_.insert(hash);
}

std::string Dedupe::save() const {
    std::string out(ring_.size() * sizeof(std::uint64_t), '\0');
    for (std::size_t i = 0; i < ring_.size(); ++i) {  // oldest first
        const auto hash = ring_[(next_ + i) % ring_.size()];
        std::memcpy(out.data() + i * sizeof hash, &hash, sizeof hash);
    }
    return out;
}

base::Result<void> Dedupe::restore(std::string_view saved) {
    if (saved.size() % sizeof(std::uint64_t) != 0) {
        return base::fail(base::Fault::invalid, "the saved list of event ids is damaged");
    }
    seen_.clear();
    ring_.clear();
    next_ = 0;
    for (std::size_t at = 0; at < saved.size(); at += sizeof(std::uint64_t)) {
        std::uint64_t hash = 0;
        std::memcpy(&hash, saved.data() + at, sizeof hash);
        if (!seen_.contains(hash)) remember(hash);
    }
    return {};
}

}  // namespace pipeline
