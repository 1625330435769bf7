#pragma once

#include "base/recent_hashes.hpp"
#include "correlate/codec.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pipeline {

/// The event ids seen last, so that a record sent again changes nothing. Remembers the newest
/// `capacity` ids in the order of the journal and forgets the oldest, which makes it a function of
/// the journal alone. Ids are kept as 64-bit keyed hashes: among 2,000,000 the chance that any two
/// collide is 1e-7.
class Dedupe {
public:
    /// capacity: 1 to 10,000,000 ids, 16 to 17 bytes each. The seed should be secret, so that
    /// nobody can choose an id that hides another.
    explicit Dedupe(std::uint64_t seed, std::size_t capacity = 2'000'000)
        : seed_(seed), seen_(capacity) {}

    /// Of an id within its source; 0 for none.
    [[nodiscard]] std::uint64_t hash(std::string_view source, std::string_view id) const noexcept;
    /// Fetches what `first` will read, to be called some ids ahead.
    void prefetch(std::uint64_t hash) const noexcept { seen_.prefetch(hash); }
    /// True when the id was not seen yet; remembers it. No id is always new.
    [[nodiscard]] bool first(std::uint64_t hash) { return hash == 0 || seen_.insert(hash); }
    [[nodiscard]] bool first(std::string_view source, std::string_view id) {
        return first(hash(source, id));
    }

    [[nodiscard]] std::size_t size() const noexcept { return seen_.size(); }
    /// 8 bytes an id, oldest first.
    void save(correlate::Writer& out) const;
    /// Takes in what was saved, under this capacity or another.
    void restore(correlate::Reader& in);

private:
    std::uint64_t seed_;
    base::RecentHashes seen_;
};

}  // namespace pipeline
