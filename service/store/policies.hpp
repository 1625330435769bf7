#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "store/session.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
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

/// What a policy needs to see all that it is about, for investigate.policy_blindness.
struct PolicyNeeds {
    std::string key;
    std::string title;
    std::chrono::microseconds timespan{0};  ///< How far back a window reaches; 0 of a rule.
    std::vector<std::string> sources;       ///< From which its calls may come.
    std::vector<std::string> rules;         ///< Keys of the rules that it is or counts.
};
/// Takes the place of what was saved before, as a whole.
base::Result<void> save_needs(Session& session, const std::vector<PolicyNeeds>& policies);
base::Result<std::vector<PolicyNeeds>> load_needs(Session& session);

/// The policies that judged journal blocks from one on, up to the next row's.
struct Judges {
    std::uint64_t from_block = 0;
    std::set<std::string> digests;  ///< As PolicyRow::digest.
};
/// Those of the blocks [from, to), oldest first; revisions that were not recorded are left out.
base::Result<std::vector<Judges>> judges(Session& session, std::string_view source, int partition,
                                         std::uint64_t from, std::uint64_t to);

/// What a policy's alerts in shadow were, for who decides about its promotion.
struct ShadowRecord {
    std::uint64_t alerts = 0;
    std::uint64_t days = 0;                      ///< Days of event time with an alert.
    std::optional<base::EventTime> first, last;  ///< Openings.
    std::uint64_t subjects = 0;
    std::uint64_t true_positive = 0, benign_positive = 0, false_positive = 0, undetermined = 0;
    struct Subject {
        std::string kind, subject;
        std::uint64_t alerts = 0;
    };
    std::vector<Subject> most;  ///< Up to 5, those with the most alerts first.
};
base::Result<ShadowRecord> shadow_record(Session& session, std::string_view policy_key);

/// Notes in the audit that somebody changed a policy's file. `details` is a JSON object.
base::Result<void> audit_policy(Session& session, std::string_view actor, std::string_view action,
                                std::string_view policy_key, std::string_view details);

}  // namespace store
