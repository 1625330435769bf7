#include "store/presence_traffic.hpp"

#include "store/connection.hpp"
#include "store/traffic_statement.hpp"

#include <algorithm>

namespace store {
namespace {

bool says_nothing(const TrafficClue& clue) {
    struct Empty {
        bool operator()(const ByNetwork&) const { return false; }
        bool operator()(const ByAs& one) const { return one.numbers.empty(); }
        bool operator()(const ByHolder& one) const {
            return one.numbers.empty() || one.names.empty();
        }
        bool operator()(const ByClient& one) const { return one.family.empty(); }
        bool operator()(const ByDomain& one) const { return one.domain.empty(); }
        bool operator()(const ByResource& one) const { return one.uid.empty(); }
        bool operator()(const ByTenants& one) const { return one.uids.empty(); }
        bool operator()(const ByKeys& one) const { return one.uids.empty(); }
    };
    return std::visit(Empty{}, clue);
}

TrafficRow row_of(const pqxx::row& row, Fit otherwise) {
    TrafficRow out;
    out.key = row[0].as<std::string>();
    out.tenant = row[1].as<std::string>();
    out.origin = row[2].as<std::string>();
    out.network = row[3].as<std::string>();
    out.address = row[4].as<std::string>();
    out.asn = row[5].as<std::int64_t>();
    out.as_name = row[6].as<std::string>();
    out.client = row[7].as<std::string>();
    out.first_seen = base::event_time(row[8].as<std::int64_t>());
    out.last_seen = base::event_time(row[9].as<std::int64_t>());
    out.calls = row[10].as<std::uint64_t>();
    out.ok = row[11].as<std::uint64_t>();
    out.failed = row[12].as<std::uint64_t>();
    out.active_days = row[13].as<std::uint32_t>();
    out.sessions = row[14].as<std::uint32_t>();
    out.fit = row[15].as<bool>() ? Fit::exact : otherwise;
    return out;
}

// Whoever was seen in a week that is whole within the period was active; of the others their hours
// are looked at. Those of which all calls came after the moment are taken off again.
constexpr const char* count_tenants =
    "WITH period AS (SELECT date_trunc('hour', callerprint.at($1), 'UTC') AS start,"
    " callerprint.at($2) AS stop), its AS MATERIALIZED (SELECT tenant_uid,"
    " max(week) FILTER (WHERE week <= callerprint.at($2) - interval '168 hours') AS last_whole"
    " FROM callerprint.tenant_weeks"
    " WHERE week >= date_trunc('week', callerprint.at($1), 'UTC') AND week < callerprint.at($2)"
    " AND seen_at <= coalesce(callerprint.at($3), 'infinity') GROUP BY 1),"
    " active AS (SELECT tenant_uid FROM its, period WHERE last_whole >= start"
    " OR EXISTS (SELECT FROM callerprint.tenant_operation_hour AS t"
    " WHERE t.tenant_uid = its.tenant_uid AND t.hour >= start AND t.hour < stop)"
    " UNION SELECT tenant_uid FROM callerprint.activity, period WHERE tenant_uid <> ''"
    " AND first_seen >= start AND date_trunc('hour', first_seen, 'UTC') < stop),"
    " late AS (SELECT tenant_uid, sum(calls) AS calls FROM callerprint.late_parts, period"
    " WHERE arrived_at > callerprint.at($3) AND hour >= start AND hour < stop GROUP BY 1)"
    " SELECT count(*) FROM active LEFT JOIN late USING (tenant_uid)"
    " WHERE tenant_uid <> '(canary)' AND (late.calls IS NULL OR late.calls < (SELECT sum(p.calls) "
    "FROM callerprint.tenant_operation_parts AS p, period"
    " WHERE p.tenant_uid = active.tenant_uid AND p.hour >= start AND p.hour < stop))";

constexpr const char* list_networks =
    "SELECT asn, as_name FROM callerprint.as_names"
    " WHERE seen_at <= coalesce(callerprint.at($1), 'infinity')"
    " UNION SELECT asn, as_name FROM callerprint.activity WHERE asn IS NOT NULL AND as_name <> ''"
    " AND stored_at <= coalesce(callerprint.at($1), 'infinity') ORDER BY 1, 2";

// Hours to which something came after the moment are put together by the hour first; the others are
// added up where they are found.
constexpr const char* sum_operations =
    "WITH period AS (SELECT date_trunc('hour', callerprint.at($1), 'UTC') AS start,"
    " callerprint.at($2) AS stop), late AS MATERIALIZED (SELECT key_uid, tenant_uid, service,"
    " operation, hour, sum(calls) AS calls, sum(ok) AS ok FROM callerprint.late_parts, period"
    " WHERE key_uid = ANY ($4) AND arrived_at > callerprint.at($3) AND hour >= start AND hour < "
    "stop"
    " GROUP BY 1, 2, 3, 4, 5), hours AS (SELECT key_uid, tenant_uid, service, operation, hour,"
    " calls, ok FROM callerprint.key_operation_parts AS p WHERE key_uid = ANY ($4)"
    " AND hour >= date_trunc('hour', callerprint.at($1), 'UTC') AND hour < callerprint.at($2)"
    " AND NOT EXISTS (SELECT FROM late AS l WHERE l.key_uid = p.key_uid"
    " AND l.tenant_uid = p.tenant_uid AND l.service = p.service AND l.operation = p.operation"
    " AND l.hour = p.hour) UNION ALL SELECT key_uid, tenant_uid, service, operation, hour,"
    " p.calls - l.calls, p.ok - l.ok FROM late AS l, LATERAL (SELECT sum(p.calls) AS calls,"
    " sum(p.ok) AS ok FROM callerprint.key_operation_parts AS p WHERE p.key_uid = l.key_uid"
    " AND p.tenant_uid = l.tenant_uid AND p.service = l.service AND p.operation = l.operation"
    " AND p.hour = l.hour) AS p WHERE p.calls > l.calls)"
    " SELECT key_uid, tenant_uid, service, operation, width_bucket(hour, ARRAY(SELECT"
    " date_trunc('hour', callerprint.at(m.at), 'UTC') FROM unnest($5::bigint[]) AS m (at)"
    " ORDER BY 1)) AS stretch, callerprint.whole(sum(calls)), callerprint.whole(sum(ok)),"
    " callerprint.micros(min(hour)), callerprint.micros(max(hour)) FROM hours"
    " GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5";

base::Result<void> check(base::EventTime from, base::EventTime to) {
    if (from < to) return {};
    return base::fail(base::Fault::invalid, "the period is empty: its end is not after its start");
}

}  // namespace

base::Result<Traffic> find_traffic(Session& session, const TrafficClue& clue, base::EventTime from,
                                   base::EventTime to, std::optional<base::WallTime> as_of,
                                   const std::vector<std::string>& within,
                                   const TrafficLimits& limits) {
    if (auto fine = check(from, to); !fine) return std::unexpected(fine.error());
    if (says_nothing(clue))
        return base::fail(base::Fault::invalid, "a clue about traffic has no value");
    const auto looked_at = static_cast<std::int64_t>(limits.max_personas);
    Params params;
    params.time(from).time(to).time(as_of).integer(looked_at);
    params.integer(static_cast<std::int64_t>(limits.max_rows)).texts(within);
    const auto persona = persona_condition(clue, params);
    const auto condition = condition_of(clue, params);
    const auto sql = traffic_statement(persona, condition);
    return session.connection().transaction(
        "looking for traffic", [&](pqxx::work& tx) -> base::Result<Traffic> {
            Traffic out;
            tx.exec(traffic_settings);
            for (const auto& row : run(tx, sql.c_str(), params)) {
                out.personas = row[16].as<std::uint64_t>();
                out.tenants = row[17].as<std::uint64_t>();
                out.exact_tenants = row[18].as<std::uint64_t>();
                out.some = row[19].as<std::int64_t>() == looked_at;
                if (!row[0].is_null()) out.rows.push_back(row_of(row, condition.otherwise));
            }
            return out;
        });
}

base::Result<std::vector<std::string>> keys_of_both(Session& session, const TrafficClue& one,
                                                    const TrafficClue& other, base::EventTime from,
                                                    base::EventTime to,
                                                    std::optional<base::WallTime> as_of,
                                                    std::size_t most) {
    if (auto fine = check(from, to); !fine) return std::unexpected(fine.error());
    Params params;
    params.time(from).time(to).time(as_of).integer(static_cast<std::int64_t>(most));
    const auto first = persona_condition(one, params);
    const auto sql = shared_keys_statement(first, persona_condition(other, params));
    return session.connection().transaction(
        "looking for keys of two clues",
        [&](pqxx::work& tx) -> base::Result<std::vector<std::string>> {
            std::vector<std::string> out;
            tx.exec(traffic_settings);
            for (const auto& row : run(tx, sql.c_str(), params))
                out.push_back(row[0].as<std::string>());
            if (out.size() > most) out.clear();
            return out;
        });
}

base::Result<std::uint64_t> active_tenants(Session& session, base::EventTime from,
                                           base::EventTime to,
                                           std::optional<base::WallTime> as_of) {
    if (auto fine = check(from, to); !fine) return std::unexpected(fine.error());
    return session.connection().transaction(
        "counting active tenants", [&](pqxx::work& tx) -> base::Result<std::uint64_t> {
            return run(tx, count_tenants, Params().time(from).time(to).time(as_of))[0][0]
                .as<std::uint64_t>();
        });
}

base::Result<std::vector<NamedAs>> seen_networks(Session& session,
                                                 std::optional<base::WallTime> as_of) {
    return session.connection().transaction(
        "listing networks", [&](pqxx::work& tx) -> base::Result<std::vector<NamedAs>> {
            std::vector<NamedAs> out;
            for (const auto& row : run(tx, list_networks, Params().time(as_of)))
                out.push_back({row[0].as<std::int64_t>(), row[1].as<std::string>()});
            return out;
        });
}

base::Result<std::vector<KeyOperation>> key_operations(Session& session,
                                                       const std::vector<std::string>& keys,
                                                       base::EventTime from, base::EventTime to,
                                                       const std::vector<base::EventTime>& moments,
                                                       std::optional<base::WallTime> as_of) {
    if (auto fine = check(from, to); !fine) return std::unexpected(fine.error());
    std::vector<std::string> at;
    for (const auto moment : moments) at.push_back(std::to_string(base::micros(moment)));
    const auto params = Params().time(from).time(to).time(as_of).texts(keys).texts(at);
    return session.connection().transaction(
        "adding up operations", [&](pqxx::work& tx) -> base::Result<std::vector<KeyOperation>> {
            std::vector<KeyOperation> out;
            for (const auto& row : run(tx, sum_operations, params)) {
                KeyOperation one;
                one.key = row[0].as<std::string>();
                one.tenant = row[1].as<std::string>();
                one.service = row[2].as<std::string>();
                one.operation = row[3].as<std::string>();
                one.stretch = row[4].as<std::uint32_t>();
                one.calls = row[5].as<std::uint64_t>();
                one.ok = row[6].as<std::uint64_t>();
                one.first = base::event_time(row[7].as<std::int64_t>());
                one.last = base::event_time(row[8].as<std::int64_t>());
                out.push_back(std::move(one));
            }
            return out;
        });
}

}  // namespace store
