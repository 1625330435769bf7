#include "pipeline/repeats.hpp"

#include "base/assert.hpp"

#include <xxhash.h>

#include <cstring>

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

std::string Repeats::save() const {
    std::string out;
    for (std::size_t i = 0; i < ring_.size(); ++i) {  // oldest first
        const auto key = ring_[(next_ + i) % ring_.size()];
        const std::uint64_t pair[2] = {key, batches_.at(key)};
        out.append(reinterpret_cast<const char*>(pair), sizeof pair);
    }
    return out;
}

base::Result<void> Repeats::restore(std::string_view saved) {
    std::uint64_t pair[2] = {};
    if (saved.size() % sizeof pair != 0) {
        return base::fail(base::Fault::invalid, "the saved list of batches is damaged");
    }
    batches_.clear();
    ring_.clear();
    next_ = 0;
    for (; !saved.empty(); saved.remove_prefix(sizeof pair)) {
        std::memcpy(pair, saved.data(), sizeof pair);
        if (!batches_.contains(pair[0])) remember(pair[0], pair[1]);
    }
    return {};
}

}  // namespace pipeline
