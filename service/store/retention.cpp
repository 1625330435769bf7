#include "store/retention.hpp"

#include "base/log.hpp"
#include "store/connection.hpp"

#include <array>

namespace store {
namespace {

// Both clocks must have run out: the week's, and that of the partition's making.
constexpr const char* old_partitions =
    "SELECT week::text, week - date '1970-01-01' FROM callerprint.partitions WHERE parent = $1"
    " AND (week + 7)::timestamp AT TIME ZONE 'UTC' <= callerprint.at($2)"
    " AND created_at <= callerprint.at($2) ORDER BY week";
constexpr const char* drop_partition =
    "SELECT callerprint.drop_partition($1, date '1970-01-01' + $2::integer)";

struct Table {
    const char* parent;
    const char* sweep;  // what the default partition holds
    std::chrono::days Retention::* kept;
};
constexpr std::array tables{
    Table{"calls",
          "SELECT FROM callerprint.sweep('calls_other', 'received', callerprint.at($1), 'calls', "
          "'time')",
          &Retention::calls},
    Table{"key_minute",
          "DELETE FROM callerprint.key_minute_other WHERE minute < callerprint.at($1)",
          &Retention::minutes},
    Table{"key_operation_hour",
          "SELECT FROM callerprint.sweep_hours('key_operation_hour', callerprint.at($1))",
          &Retention::hours},
    Table{"key_origin_hour",
          "SELECT FROM callerprint.sweep_hours('key_origin_hour', callerprint.at($1))",
          &Retention::hours},
    Table{"tenant_operation_hour",
          "SELECT FROM callerprint.sweep_hours('tenant_operation_hour', callerprint.at($1))",
          &Retention::hours},
    Table{"personas",
          "DELETE FROM callerprint.personas_other"
          " WHERE week < callerprint.at($1) - interval '7 days'",
          &Retention::hours},
    Table{"dead_letters",
          "DELETE FROM callerprint.dead_letters_other WHERE written_at < callerprint.at($1)",
          &Retention::dead_letters},
};
constexpr const char* sweep_coverage =
    "SELECT FROM callerprint.sweep('coverage', 'minute', callerprint.at($1), 'coverage', 'minute')";
constexpr const char* sweep_late_coverage =
    "SELECT FROM callerprint.sweep('late_coverage', 'arrived_at', callerprint.at($1),"
    " 'late_coverage', 'arrived_at')";
constexpr const char* sweep_silences =
    "DELETE FROM callerprint.silences WHERE declared_at < callerprint.at($1)";
constexpr const char* sweep_suspensions =
    "DELETE FROM callerprint.policy_suspensions WHERE to_time < callerprint.at($1)";
constexpr const char* sweep_holes =
    "SELECT FROM callerprint.sweep('sequence_holes', 'to_time', callerprint.at($1), 'coverage',"
    " 'to_time')";
constexpr const char* sweep_counters =
    "SELECT FROM callerprint.sweep('source_counters', 'to_time', callerprint.at($1), 'coverage',"
    " 'to_time')";
constexpr const char* sweep_canaries =
    "SELECT FROM callerprint.sweep('canaries', 'sent_at', callerprint.at($1), 'coverage',"
    " 'sent_at')";
constexpr const char* sweep_chain =
    "SELECT FROM callerprint.sweep('batch_chain', 'at', callerprint.at($1), 'batch_chain',"
    " 'stored_at')";
// By arrival, which the table is in the order of, and which is never before the hour.
constexpr const char* sweep_late =
    "SELECT FROM callerprint.sweep('late_activity', 'arrived_at', callerprint.at($1),"
    " 'late_activity', 'arrived_at')";
// Not before the week of the rollups that they belong to.
constexpr const char* sweep_in_time =
    "DELETE FROM callerprint.in_time WHERE hour < callerprint.at($1) - interval '8 days'";
constexpr const char* sweep_moments =
    "DELETE FROM callerprint.moments WHERE at < callerprint.at($1)";
constexpr const char* sweep_tenant_weeks =
    "DELETE FROM callerprint.tenant_weeks WHERE week < callerprint.at($1) - interval '7 days'";
// The moment plays no part: a name is kept as long as somebody is who called from its AS.
constexpr const char* sweep_as_names =
    "DELETE FROM callerprint.as_names AS n WHERE callerprint.at($1) IS NOT NULL"
    " AND NOT EXISTS (SELECT FROM callerprint.personas AS p WHERE p.asn = n.asn)";
constexpr const char* sweep_deliveries =
    "DELETE FROM callerprint.outbox WHERE state <> 'ready' AND finished_at < callerprint.at($1)";

base::Result<void> drop_old(Connection& connection, const Table& table, base::WallTime before,
                            Expired& out) {
    std::vector<long long> weeks;
    auto found = connection.transaction(
        "looking for old partitions", [&](pqxx::work& tx) -> base::Result<void> {
            for (const auto& row :
                 run(tx, old_partitions, Params().text(table.parent).time(before))) {
                weeks.push_back(row[1].as<long long>());
            }
            return {};
        });
    if (!found) return found;
    for (const auto week : weeks) {
        // One at a time: each drop takes the parent's lock for a moment only.
        auto dropped = connection.transaction(
            "dropping a partition", [&](pqxx::work& tx) -> base::Result<void> {
                run(tx, drop_partition, Params().text(table.parent).integer(week));
                return {};
            });
        if (!dropped) return dropped;
        connection.partition_dropped(table.parent, week);
        ++out.partitions;
        base::log::info("store.partition_dropped",
                        {{"table", table.parent}, {"week", static_cast<std::int64_t>(week)}});
    }
    return {};
}

base::Result<void> sweep(Connection& connection, const char* statement, base::WallTime before,
                         Expired& out) {
    return connection.transaction("deleting old rows", [&](pqxx::work& tx) -> base::Result<void> {
        out.rows += run(tx, statement, Params().time(before)).affected_rows();
        return {};
    });
}

}  // namespace

base::Result<Expired> expire(Session& session, const Retention& retention, base::WallTime now) {
    Expired out;
    auto& connection = session.connection();
    for (const auto& table : tables) {
        const auto kept = retention.*table.kept;
        if (kept.count() == 0) continue;
        if (auto done = drop_old(connection, table, now - kept, out); !done) {
            return std::unexpected(done.error());
        }
        if (auto done = sweep(connection, table.sweep, now - kept, out); !done) {
            return std::unexpected(done.error());
        }
    }
    for (const auto& [statement, kept] : {std::pair{sweep_coverage, retention.coverage},
                                          {sweep_silences, retention.calls},
                                          {sweep_suspensions, retention.coverage},
                                          {sweep_holes, retention.coverage},
                                          {sweep_counters, retention.coverage},
                                          {sweep_canaries, retention.coverage},
                                          {sweep_chain, retention.coverage},
                                          {sweep_late, retention.hours},
                                          {sweep_tenant_weeks, retention.hours},
                                          {sweep_as_names, retention.hours},
                                          {sweep_late_coverage, retention.coverage},
                                          {sweep_in_time, retention.hours},
                                          {sweep_moments, retention.hours},
                                          {sweep_deliveries, retention.deliveries}}) {
        if (kept.count() == 0) continue;
        if (auto done = sweep(connection, statement, now - kept, out); !done) {
            return std::unexpected(done.error());
        }
    }
    return out;
}

}  // namespace store
