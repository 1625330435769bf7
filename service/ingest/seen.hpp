#pragma once

#include <boost/unordered/unordered_flat_set.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

namespace ingest {

/// The event ids of the records stored last, so that an answer can say how many of a batch were
/// there before. Only for answers: what counts once is decided behind the journal, in its order,
/// with a longer memory; this one starts empty with the process. Thread-safe.
class Seen {
public:
    /// The newest `most` ids, at least 1; each takes 16 to 26 bytes, 262,144 of them 4 to 7 MB.
    explicit Seen(std::size_t most) : most_(most) {}

    /// Takes in the ids of a batch that is stored, as decode::Gate hashed them, in their order, and
    /// gives how many were there already, of earlier batches or of this one. 0 is no id and new.
    [[nodiscard]] std::uint32_t repeats(std::string_view source,
                                        std::span<const std::uint64_t> ids);

private:
    std::size_t most_;
    std::mutex mutex_;
    boost::unordered_flat_set<std::uint64_t> seen_;
    std::vector<std::uint64_t> ring_;  // in order of arrival; full: next_ is the oldest
    std::size_t next_ = 0;
};

}  // namespace ingest
