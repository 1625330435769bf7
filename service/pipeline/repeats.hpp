#pragma once

#include "correlate/codec.hpp"
#include "journal/block.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pipeline {

/// Whole batches that were sent twice under one Idempotency-Key, because the answer to the first
/// was lost: the first in the journal counts. Remembers the newest `capacity` keys, in the order of
/// the journal.
class Repeats {
public:
    /// capacity: 1 to 10,000,000 keys, about 50 bytes each. The seed should be secret.
    explicit Repeats(std::uint64_t seed, std::size_t capacity = 100'000);

    /// True when the block belongs to a batch that counts. All blocks of one batch get one answer.
    [[nodiscard]] bool counts(const journal::Block& block);

    void save(correlate::Writer& out) const;
    /// Spoils the reader when it cannot be read.
    void restore(correlate::Reader& in);

private:
    void remember(std::uint64_t key, std::uint64_t batch);

    std::uint64_t seed_;
    std::size_t capacity_;
    boost::unordered_flat_map<std::uint64_t, std::uint64_t> batches_;  // by key
    std::vector<std::uint64_t> ring_;  // keys in order; full: next_ is the oldest
    std::size_t next_ = 0;
};

}  // namespace pipeline
