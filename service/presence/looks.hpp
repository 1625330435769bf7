#pragma once

#include "presence/facts.hpp"
#include "presence/gather.hpp"
#include "registry/registry.hpp"

#include <optional>
#include <vector>

namespace presence {

/// A search for a clue; what it finds is evidence of the clue's kind, or of another.
struct Look {
    Search search;
    std::optional<Group> group;  ///< See Sighting::group.
};

/// How to look for a clue in calls; nothing for one that they do not show. Says in the facts when
/// it is a client that everybody has, or a domain of too many accounts.
[[nodiscard]] std::vector<Look> looks_of(const Clue& clue, const registry::Registry& registry,
                                         ClueFacts& facts);

}  // namespace presence
