#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "registry/key_hasher.hpp"
#include "store/session.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace store {

/// A key that a clue fits.
struct KeyHit {
    std::string key;     ///< uid.
    std::string tenant;  ///< uid of the tenant it was issued to; empty when the registry has none.
    registry::KeyClue::Kind match = registry::KeyClue::Kind::key;
    std::uint8_t length = 0;  ///< Random characters that agree; 0: the whole key does.
    /// Every name its calls may go by: its uid and, where its text is known, what the scrubber
    /// writes in its place.
    std::vector<std::string> credential_uids;

    bool operator==(const KeyHit&) const = default;
};

/// Hits are cut here: a clue that fits more names nobody.
inline constexpr std::size_t max_key_hits = 1'000;

/// The keys that a clue fits, or fitted at a moment, by uid; at most `max_key_hits` + 1, which says
/// that there are more. A key that was never issued, or whose text nobody told us, has none.
/// Fault::invalid when nothing fits a clue that may be no more than what all keys of a kind begin
/// with.
base::Result<std::vector<KeyHit>> find_keys(Session& session, const registry::KeyClue& clue,
                                            std::optional<base::WallTime> as_of = std::nullopt);

/// Keys that the clue was compared with: n in the n x alphabet^-length hits expected by chance. A
/// negative says something of these only.
base::Result<std::uint64_t> indexed_keys(Session& session, const registry::KeyClue& clue,
                                         std::optional<base::WallTime> as_of = std::nullopt);

}  // namespace store
