#include "store/policies.hpp"

#include "store/connection.hpp"

namespace store {
namespace {

constexpr const char* load_current =
    "SELECT revision FROM callerprint.policy_revisions WHERE replaced_at IS NULL FOR UPDATE";
constexpr const char* replace_current =
    "UPDATE callerprint.policy_revisions SET replaced_at = callerprint.at($1) WHERE replaced_at IS "
    "NULL";
constexpr const char* add_revision =
    "INSERT INTO callerprint.policy_revisions (revision, activated_at)"
    " VALUES ($1, callerprint.at($2)) ON CONFLICT (revision)"
    " DO UPDATE SET activated_at = excluded.activated_at, replaced_at = NULL";
constexpr const char* clear_policies = "DELETE FROM callerprint.policies WHERE revision = $1";
constexpr const char* add_policy =
    "INSERT INTO callerprint.policies (revision, position, id, name, title, kind, level, status, "
    "family,"
    " clause, subject, author, description, digest, file)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

}  // namespace

base::Result<void> save_policies(Session& session, std::string_view revision,
                                 const std::vector<PolicyRow>& policies, base::WallTime now) {
    return session.connection().transaction(
        "saving policies", [&](pqxx::work& tx) -> base::Result<void> {
            const auto current = run(tx, load_current);
            if (!current.empty() && current[0][0].as<std::string>() == revision) return {};
            run(tx, replace_current, Params().time(now));
            run(tx, add_revision, Params().text(revision).time(now));
            run(tx, clear_policies, Params().text(revision));
            std::int64_t position = 0;
            for (const auto& policy : policies) {
                run(tx, add_policy,
                    Params()
                        .text(revision)
                        .integer(position++)
                        .text(policy.id)
                        .text(policy.name)
                        .text(policy.title)
                        .text(policy.kind)
                        .text(policy.level)
                        .text(policy.status)
                        .text(policy.family)
                        .text(policy.clause)
                        .text(policy.subject)
                        .text(policy.author)
                        .text(policy.description)
                        .text(policy.digest)
                        .text(policy.file));
            }
            return {};
        });
}

}  // namespace store
