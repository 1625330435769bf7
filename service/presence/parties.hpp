#pragma once

#include "presence/facts.hpp"
#include "registry/registry.hpp"

#include <vector>

namespace presence {

/// The parties that the clues name: by uid, by name or alias (see name_key), by domain, by a
/// network registered to them, and those that one of these owns by more than half in the period. A
/// name that only resembles is in ClueFacts::near_miss. Parties by uid.
[[nodiscard]] std::vector<NamedParty> parties_of(const Question& question,
                                                 const registry::Registry& registry,
                                                 std::vector<ClueFacts>& facts);

/// Clues that the registry has about these parties, and about a name that was asked for and that no
/// party has: networks of the parties, and the clues of claims.
[[nodiscard]] std::vector<Clue> registered_clues(const Question& question,
                                                 const std::vector<NamedParty>& parties,
                                                 const registry::Registry& registry);

}  // namespace presence
