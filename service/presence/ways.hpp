#pragma once

#include "presence/facts.hpp"
#include "presence/gather.hpp"
#include "registry/registry.hpp"

#include <optional>
#include <vector>

namespace presence {

/// A way in which a clue is seen in calls: what any of the searches finds shows it, once.
struct Way {
    std::optional<Group> group;  ///< See Sighting::group.
    std::vector<Search> searches;
};

/// How to look for a clue; nothing for one that calls do not show. Notes in the facts when it is a
/// client that everybody has, or a domain of too many accounts.
[[nodiscard]] std::vector<Way> ways_of(const Clue& clue, const registry::Registry& registry,
                                       ClueFacts& facts);

}  // namespace presence
