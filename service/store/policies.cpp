#include "store/policies.hpp"

#include "store/audit_entry.hpp"
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

constexpr const char* clear_needs = "DELETE FROM callerprint.policy_needs";
constexpr const char* add_needs =
    "INSERT INTO callerprint.policy_needs (position, policy_key, title, timespan, sources, rules)"
    " VALUES ($1, $2, $3, $4::bigint * interval '1 microsecond', $5, $6)";
constexpr const char* select_needs =
    "SELECT policy_key, title, (extract(epoch FROM timespan) * 1000000)::bigint, sources, rules"
    " FROM callerprint.policy_needs ORDER BY position";
constexpr const char* load_judges =
    "SELECT a.from_block, p.digest FROM callerprint.policy_activations a"
    " JOIN callerprint.policy_revisions r ON r.revision = a.revision"
    " LEFT JOIN callerprint.policies p ON p.revision = a.revision"
    " WHERE a.source = $1 AND a.partition = $2 AND a.from_block < $4 AND a.from_block >= coalesce("
    "(SELECT max(from_block) FROM callerprint.policy_activations"
    " WHERE source = $1 AND partition = $2 AND from_block <= $3), 0) ORDER BY a.from_block";

constexpr const char* sum_shadow =
    "SELECT count(*), count(DISTINCT (opened AT TIME ZONE 'UTC')::date),"
    " callerprint.micros(min(opened)), callerprint.micros(max(opened)),"
    " count(DISTINCT (subject_kind, subject)),"
    " count(*) FILTER (WHERE disposition = 'true-positive'),"
    " count(*) FILTER (WHERE disposition = 'benign-positive'),"
    " count(*) FILTER (WHERE disposition = 'false-positive'),"
    " count(*) FILTER (WHERE disposition = 'undetermined')"
    " FROM callerprint.alerts WHERE policy_key = $1 AND shadow";
constexpr const char* most_shadowed =
    "SELECT subject_kind, subject, count(*) FROM callerprint.alerts WHERE policy_key = $1 AND "
    "shadow"
    " GROUP BY subject_kind, subject ORDER BY count(*) DESC, subject_kind, subject LIMIT 5";

}  // namespace

base::Result<std::vector<Judges>> judges(Session& session, std::string_view source, int partition,
                                         std::uint64_t from, std::uint64_t to) {
    using Found = base::Result<std::vector<Judges>>;
    return session.connection().look("reading who judged", [&](pqxx::work& tx) -> Found {
        std::vector<Judges> out;
        for (const auto& row : run(tx, load_judges,
                                   Params()
                                       .text(source)
                                       .integer(partition)
                                       .integer(static_cast<std::int64_t>(from))
                                       .integer(static_cast<std::int64_t>(to)))) {
            const auto block = static_cast<std::uint64_t>(row[0].as<long long>());
            if (out.empty() || out.back().from_block != block) out.push_back({block, {}});
            if (!row[1].is_null()) out.back().digests.insert(row[1].as<std::string>());
        }
        return out;
    });
}

base::Result<ShadowRecord> shadow_record(Session& session, std::string_view policy_key) {
    using Found = base::Result<ShadowRecord>;
    return session.connection().look("adding up alerts in shadow", [&](pqxx::work& tx) -> Found {
        ShadowRecord out;
        const auto sums = run(tx, sum_shadow, Params().text(policy_key))[0];
        out.alerts = sums[0].as<std::uint64_t>();
        out.days = sums[1].as<std::uint64_t>();
        out.first = maybe_event_time(sums[2]);
        out.last = maybe_event_time(sums[3]);
        out.subjects = sums[4].as<std::uint64_t>();
        out.true_positive = sums[5].as<std::uint64_t>();
        out.benign_positive = sums[6].as<std::uint64_t>();
        out.false_positive = sums[7].as<std::uint64_t>();
        out.undetermined = sums[8].as<std::uint64_t>();
        for (const auto& row : run(tx, most_shadowed, Params().text(policy_key))) {
            out.most.push_back(
                {row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::uint64_t>()});
        }
        return out;
    });
}

base::Result<void> audit_policy(Session& session, std::string_view actor, std::string_view action,
                                std::string_view policy_key, std::string_view details) {
    return session.connection().transaction(
        "writing the audit", [&](pqxx::work& tx) -> base::Result<void> {
            audit(session, tx, actor, action, policy_key, details);
            return {};
        });
}

base::Result<void> save_needs(Session& session, const std::vector<PolicyNeeds>& policies) {
    return session.connection().transaction("saving what policies need",
                                            [&](pqxx::work& tx) -> base::Result<void> {
                                                run(tx, clear_needs);
                                                std::int64_t position = 0;
                                                for (const auto& policy : policies) {
                                                    run(tx, add_needs,
                                                        Params()
                                                            .integer(position++)
                                                            .text(policy.key)
                                                            .text(policy.title)
                                                            .integer(policy.timespan.count())
                                                            .texts(policy.sources)
                                                            .texts(policy.rules));
                                                }
                                                return {};
                                            });
}

base::Result<std::vector<PolicyNeeds>> load_needs(Session& session) {
    using Found = base::Result<std::vector<PolicyNeeds>>;
    return session.connection().look("reading what policies need", [](pqxx::work& tx) -> Found {
        std::vector<PolicyNeeds> out;
        for (const auto& row : run(tx, select_needs)) {
            out.push_back({.key = row[0].as<std::string>(),
                           .title = row[1].as<std::string>(),
                           .timespan = std::chrono::microseconds(row[2].as<std::int64_t>()),
                           .sources = elements(row[3]),
                           .rules = elements(row[4])});
        }
        return out;
    });
}

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
