#include "pipeline/repeats.hpp"

#include "base/assert.hpp"

#include <xxhash.h>

namespace pipeline {

Repeats::Repeats(std::uint64_t seed, std::size_t capacity) : seed_(seed), capacity_(capacity) {
    BASE_ASSERT(capacity_ > 0);
}

bool Repeats::counts(const journal::Block& block) {
    if (block.idempotency == 0) return true;
    const auto key =
        XXH3_64bits_withSeed(block.client.data(), block.client.size(), seed_ ^ block.idempotency);
    const auto batch = XXH3_64bits_withSeed(block.batch_id.data(), block.batch_id.size(), seed_);
    if (const auto found = batches_.find(key); found != batches_.end())
        return found->second == batch;
    remember(key, batch);
    return true;
}

void Repeats::remember(std::uint64_t key, std::uint64_t batch) {
    if (ring_.size() < capacity_) {
        ring_.push_back(key);
    } else {
        batches_.erase(ring_[next_]);
        ring_[next_] = key;
        next_ = (next_ + 1) % capacity_;
    }
    batches_.emplace(key, batch);
}

void Repeats::save(correlate::Writer& out) const {
    out.number(ring_.size());
    for (std::size_t i = 0; i < ring_.size(); ++i) {  // oldest first
        const auto key = ring_[(next_ + i) % ring_.size()];
        out.word(key);
        out.word(batches_.at(key));
    }
}

void Repeats::restore(correlate::Reader& in) {
    batches_.clear();
    ring_.clear();
    next_ = 0;
    for (std::uint64_t n = in.number(); n > 0; --n) {
        const auto key = in.word();
        const auto batch = in.word();
        if (!in.good()) return;
        if (!batches_.contains(key)) remember(key, batch);
    }
}

}  // namespace pipeline
