#pragma once

#include "base/result.hpp"

#include <boost/unordered/unordered_flat_set.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pipeline {

/// The event ids seen last, so that a record sent again changes nothing. Remembers the newest
/// `capacity` ids in the order of the journal and forgets the oldest, which makes it a function of
/// the journal alone. Ids are kept as 64-bit keyed hashes: among 2,000,000 the chance that any two
/// collide is 1e-7.
class Dedupe {
public:
    /// capacity: 1 to 10,000,000 ids, 24 to 40 bytes each. The seed should be secret, so that
    /// nobody can choose an id that hides another.
    explicit Dedupe(std::uint64_t seed, std::size_t capacity = 2'000'000);

    /// True when (source, id) was not seen yet; remembers it. An empty id is always new.
    [[nodiscard]] bool first(std::string_view source, std::string_view id);

    [[nodiscard]] std::size_t size() const noexcept { return seen_.size(); }
    [[nodiscard]] std::string save() const;
    base::Result<void> restore(std::string_view saved);

private:
    void remember(std::uint64_t hash);

    std::uint64_t seed_;
    std::size_t capacity_;
    boost::unordered_flat_set<std::uint64_t> seen_;
    std::vector<std::uint64_t> ring_;  // in order of arrival; full: next_ is the oldest
    std::size_t next_ = 0;
};

}  // namespace pipeline
