#pragma once

#include "base/recent_hashes.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string_view>

namespace ingest {

/// The event ids of the records stored last, so that an answer can say how many of a batch were
/// there before. Only for answers: what counts once is decided behind the journal, in its order,
/// with a longer memory; this one starts empty with the process. Thread-safe.
class Seen {
public:
    /// The newest `most` ids, at least 1; each takes 16 bytes, 262,144 of them 4 MB.
    explicit Seen(std::size_t most) : seen_(most) {}

    /// Takes in the ids of a batch that is stored, as decode::Gate hashed them, in their order, and
    /// gives how many were there already, of earlier batches or of this one. 0 is no id and new.
    [[nodiscard]] std::uint32_t repeats(std::string_view source,
                                        std::span<const std::uint64_t> ids);

private:
    std::mutex mutex_;
    base::RecentHashes seen_;
};

}  // namespace ingest
