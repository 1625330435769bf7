#pragma once

#include "registry/registry.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace presence {

/// What the registry has under a domain. An account there is evidence and no customer record: who
/// opens one says who they are.
struct DomainRecord {
    std::vector<std::string>
        tenants;                    ///< uid or name is the domain, below it, or an address there.
    std::vector<std::string> keys;  ///< uid likewise, as those of service accounts are.
    /// By name_key(): how a network of the domain's may be called. The domain itself, and names and
    /// aliases of parties that have it.
    std::vector<std::string> names;
};

[[nodiscard]] DomainRecord look_up_domain(std::string_view domain,
                                          const registry::Registry& registry);

/// True for the domain, a name below it, and a mail address at either, whatever their case. The
/// domain is in lower case.
[[nodiscard]] bool at_domain(std::string_view text, std::string_view domain);

}  // namespace presence
