#pragma once

#include "base/result.hpp"
#include "coverage/audit_chain.hpp"
#include "store/session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace store {

/// Whether the chain has a keyed entry.
base::Result<bool> audit_begun(Session& session);

/// Begins the chain of the audit with a first keyed entry, which binds those of before the chain;
/// later calls only see that the session's key is the one it was begun with. Without a key and
/// with a chain it does nothing: such a session reads, and writes nothing that is audited.
/// Fault::not_found when there is neither chain nor key, Fault::conflict for another key.
base::Result<void> begin_audit(Session& session);

struct AuditFindings {
    std::uint64_t entries = 0;
    std::uint64_t plain = 0;     ///< Of them, older than the chain.
    std::uint64_t erased = 0;    ///< Of them, changed by an erasure.
    coverage::AuditAnchor last;  ///< The last good entry.
    std::optional<coverage::AuditWalk::Fault> fault;
};

/// Computes each entry's mac again, from the first or from `since` on, of one moment of the
/// database. `anchors` are places that the chain must pass through. Needs the session's key:
/// Fault::invalid without.
base::Result<AuditFindings> walk_audit(Session& session, std::optional<coverage::AuditAnchor> since,
                                       std::vector<coverage::AuditAnchor> anchors);

}  // namespace store
