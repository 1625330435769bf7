#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "store/session.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace store {

/// A policy of a revision, for investigate.policies.
struct PolicyRow {
    std::string id;
    std::string name;
    std::string title;
    std::string kind;  ///< rule, correlation.
    std::string level;
    std::string status;
    std::string family;
    std::string clause;
    std::string subject;  ///< key, tenant, origin, operator, custom.
    std::string author;
    std::string description;
    std::string digest;  ///< SHA-256 hex of its text.
    std::string file;
};

/// Records the policies that are loaded under a revision (the set's digest); those of the revision
/// before are marked as replaced. Nothing changes when it is the current one already.
base::Result<void> save_policies(Session& session, std::string_view revision,
                                 const std::vector<PolicyRow>& policies, base::WallTime now);

}  // namespace store
