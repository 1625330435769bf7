#include "store/presence_traffic.hpp"

#include "store/connection.hpp"

#include <algorithm>

namespace store {
namespace {

/// The parts of a statement that depend on the clue. Parameters from $7 on are its own.
struct Condition {
    std::string persona;  ///< Of a persona's columns.
    std::string matches;  ///< Of the columns of a row of an hour, or of a call.
    std::string exact = "true";
    Fit otherwise = Fit::exact;
    bool of_calls = false;  ///< Over the calls that were kept.
};

// A row's origin holds one network, AS and client family. What a program calls itself is no part of
// it, and calls without an origin have several of each: so an hour is judged by its example, that
// of the whole hour, whatever of it is merged.
constexpr unsigned v4_grain = 24;
constexpr unsigned v6_grain = 48;

// As known at the moment: those that were noted while merging, and those that wait for it.
constexpr const char* personas_of_period =
    "(SELECT key_uid, tenant_uid, origin, network, asn, client_family FROM callerprint.personas"
    " WHERE week >= date_trunc('week', callerprint.at($1), 'UTC') AND week < callerprint.at($2)"
    " AND seen_at <= coalesce(callerprint.at($3), 'infinity')"
    " UNION ALL SELECT key_uid, tenant_uid, origin, callerprint.network_grain(address), asn,"
    " split_part(client, ' ', 1) FROM callerprint.activity"
    " WHERE first_seen >= date_trunc('week', callerprint.at($1), 'UTC')"
    " AND date_trunc('week', first_seen, 'UTC') < callerprint.at($2)"
    " AND stored_at <= coalesce(callerprint.at($3), 'infinity')) AS known WHERE ";
constexpr const char* within_keys =
    "(cardinality($6::text[]) = 0 OR key_uid = ANY ($6::text[])) AND ";
// In a fixed order, so that the same are looked at each time when there are too many.
constexpr const char* first_found =
    " GROUP BY key_uid, tenant_uid, origin ORDER BY tenant_uid, key_uid, origin LIMIT $4";
// By the primary key, for each: hence the lateral join.
constexpr const char* hours_of_its =
    " FROM callerprint.key_origin_hour AS h WHERE h.key_uid = its.key_uid"
    " AND h.tenant_uid = its.tenant_uid AND h.origin = its.origin"
    " AND hour >= date_trunc('hour', callerprint.at($1), 'UTC') AND hour < callerprint.at($2)"
    " AND ";
// Hours of the ledger to which something came after the moment: none without one. Their rows in the
// rollups hold more than was known, so they are made anew of their parts.
constexpr const char* changed_hours =
    "SELECT DISTINCT hour, key_uid, tenant_uid, origin FROM callerprint.late_activity"
    " WHERE arrived_at > callerprint.at($3)"
    " AND hour >= date_trunc('hour', callerprint.at($1), 'UTC') AND hour < callerprint.at($2)";
constexpr const char* parts_of_hours =
    "SELECT date_trunc('hour', first_seen, 'UTC') AS hour, key_uid, tenant_uid, origin, calls, ok,"
    " failed, first_seen, last_seen, address, asn, as_name, client, record_id"
    " FROM callerprint.activity JOIN its USING (key_uid, tenant_uid, origin)"
    " WHERE first_seen >= date_trunc('hour', callerprint.at($1), 'UTC')"
    " AND date_trunc('hour', first_seen, 'UTC') < callerprint.at($2)"
    " AND stored_at <= coalesce(callerprint.at($3), 'infinity')"
    // Of the changed hours what came in time, and what came late but before the moment.
    " UNION ALL SELECT hour, key_uid, tenant_uid, origin, calls, ok, failed, first_seen, last_seen,"
    " (f).address, (f).asn, (f).as_name, (f).client, (f).record_id FROM ("
    "SELECT i.hour, i.key_uid, i.tenant_uid, i.origin, calls, ok, failed, first_seen, last_seen,"
    " first_call AS f FROM callerprint.in_time AS i JOIN changed USING (hour, key_uid, tenant_uid,"
    " origin) UNION ALL SELECT hour, key_uid, tenant_uid, origin, calls, ok, failed, first_seen,"
    " last_seen, first_call FROM callerprint.late_activity JOIN changed USING (hour, key_uid,"
    " tenant_uid, origin) WHERE arrived_at <= callerprint.at($3) AND first_seen IS NOT NULL) AS e"
    " JOIN its USING (key_uid, tenant_uid, origin)";
constexpr const char* kept_calls =
    "SELECT date_trunc('hour', time, 'UTC') AS hour, coalesce(key_uid, '') AS key_uid,"
    " coalesce(tenant_uid, '') AS tenant_uid, coalesce(origin, '') AS origin, 1::bigint AS calls,"
    " (status_id = 1)::int::bigint AS ok, (status_id = 2)::int::bigint AS failed,"
    " time AS first_seen, time AS last_seen, address, asn, as_name,"
    " concat_ws(' ', client_family, client_version) AS client, call_id AS record_id"
    " FROM callerprint.calls WHERE time >= date_trunc('hour', callerprint.at($1), 'UTC')"
    " AND time < date_trunc('hour', callerprint.at($2) + interval '3599.999999 s', 'UTC')"
    " AND (callerprint.at($3) IS NULL OR block < (SELECT to_offset FROM callerprint.batch_chain"
    " WHERE source = 'main' AND partition = 0 AND stored_at <= callerprint.at($3)"
    " ORDER BY stored_at DESC, n DESC LIMIT 1)) AND ";
// Two ways to the sums of a persona. Most have neither calls that wait to be merged nor changed
// hours: their hours are rows, which are added up where they are found, in about 1.5 us a row. The
// others are put together by the hour first, ten times as long.
constexpr const char* not_plain =
    "SELECT key_uid, tenant_uid, origin FROM parts UNION"
    " SELECT key_uid, tenant_uid, origin FROM changed JOIN its USING (key_uid, tenant_uid, origin)";
constexpr const char* not_changed =
    " WHERE NOT EXISTS (SELECT FROM changed AS c WHERE c.hour = h.hour AND c.key_uid = h.key_uid"
    " AND c.tenant_uid = h.tenant_uid AND c.origin = h.origin)";
constexpr const char* sums_of_hours =
    "sum(calls) AS calls, sum(ok) AS ok, sum(failed) AS failed, min(first_seen) AS first_seen,"
    " max(last_seen) AS last_seen, count(DISTINCT date_trunc('day', hour, 'UTC')) AS days,"
    " count(*) AS sessions";
// Rows that are not added up yet, by the hour. The example is that of the earliest call, as the
// merge keeps it. Sorting each group costs ten times the rest, so rollup rows do not go this way.
constexpr const char* added_up =
    "SELECT hour, key_uid, tenant_uid, origin, callerprint.whole(sum(calls)) AS calls,"
    " callerprint.whole(sum(ok)) AS ok, callerprint.whole(sum(failed)) AS failed,"
    " min(first_seen) AS first_seen, max(last_seen) AS last_seen, (example).address, (example).asn,"
    " (example).as_name, (example).client, first_id AS record_id FROM (SELECT *,"
    " first_value((address, asn, as_name, '', client)::callerprint.example) OVER w AS example,"
    " first_value(record_id) OVER w AS first_id FROM parts WINDOW w AS (PARTITION BY hour, key_uid,"
    " tenant_uid, origin ORDER BY first_seen, record_id)) AS p GROUP BY 1, 2, 3, 4, example, "
    "first_id";
constexpr const char* both =
    "SELECT key_uid, tenant_uid, hour, origin,"
    " callerprint.plus(coalesce(f.calls, 0), coalesce(w.calls, 0)) AS calls,"
    " callerprint.plus(coalesce(f.ok, 0), coalesce(w.ok, 0)) AS ok,"
    " callerprint.plus(coalesce(f.failed, 0), coalesce(w.failed, 0)) AS failed,"
    " least(f.first_seen, w.first_seen) AS first_seen,"
    " greatest(f.last_seen, w.last_seen) AS last_seen,"
    " CASE WHEN o.f_first THEN f.address ELSE w.address END AS address,"
    " CASE WHEN o.f_first THEN f.asn ELSE w.asn END AS asn,"
    " CASE WHEN o.f_first THEN f.as_name ELSE w.as_name END AS as_name,"
    " CASE WHEN o.f_first THEN f.client ELSE w.client END AS client"
    " FROM found AS f FULL JOIN waiting AS w USING (key_uid, tenant_uid, hour, origin),"
    " LATERAL (SELECT coalesce((f.first_seen, f.record_id) <= (w.first_seen, w.record_id),"
    " w.calls IS NULL) AS f_first) AS o";
// For tables of hashes of as many rows as are scanned. The planner takes the parts to be small, and
// for a thousand personas of many hours a nested loop was nine tenths of the time. It also takes
// the lateral joins to be dear enough to compile, which takes longer than to run them.
constexpr const char* hashes_only =
    "SET LOCAL work_mem = '64MB'; SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = "
    "off; SET LOCAL jit = off";
// By day and then by persona: count(DISTINCT) would sort what a hash table adds up.
constexpr const char* by_day =
    "SELECT key_uid, tenant_uid, origin, date_trunc('day', hour, 'UTC') AS day,"
    " sum(calls) AS calls, sum(ok) AS ok, sum(failed) AS failed, min(first_seen) AS first_seen,"
    " max(last_seen) AS last_seen, count(*) AS sessions, bool_or(exact) AS exact,"
    " min(first_seen) FILTER (WHERE exact) AS first_exact FROM marked GROUP BY 1, 2, 3, 4";
constexpr const char* by_persona =
    "SELECT key_uid, tenant_uid, origin, sum(calls) AS calls, sum(ok) AS ok,"
    " sum(failed) AS failed, min(first_seen) AS first_seen, max(last_seen) AS last_seen,"
    " count(*) AS days, sum(sessions)::bigint AS sessions, bool_or(exact) AS exact,"
    " min(first_exact) AS first_exact, false AS plain FROM days GROUP BY 1, 2, 3"
    " UNION ALL SELECT *, true FROM plain";
constexpr const char* first_personas =
    "SELECT *, coalesce(first_exact, first_seen) AS first_example FROM personas"
    " ORDER BY exact DESC, calls DESC, key_uid, tenant_uid, origin LIMIT $5";
// A row with the numbers of all comes also when there is no persona. A persona's hours do not
// overlap, so its first call of an hour names the hour.
constexpr const char* shown =
    "SELECT p.key_uid, p.tenant_uid, p.origin,"
    " coalesce(text(callerprint.network_grain(e.address)), ''), coalesce(host(e.address), ''),"
    " coalesce(e.asn, 0), coalesce(e.as_name, ''), coalesce(e.client, ''),"
    " callerprint.micros(p.first_seen), callerprint.micros(p.last_seen),"
    " callerprint.whole(p.calls), callerprint.whole(p.ok), callerprint.whole(p.failed),"
    " p.days, p.sessions, p.exact, personas,"
    " greatest(tenants, (SELECT tenants FROM of_weeks)), exact_tenants, looked_at"
    " FROM (SELECT (SELECT count(*) FROM personas) AS personas,"
    " (SELECT count(*) FROM (SELECT FROM personas WHERE tenant_uid <> '' GROUP BY tenant_uid) AS "
    "t) AS tenants,"
    " (SELECT count(*) FROM (SELECT FROM personas WHERE tenant_uid <> '' AND exact"
    " GROUP BY tenant_uid) AS t) AS exact_tenants,"
    " (SELECT count(*) FROM its) AS looked_at) AS n"
    " LEFT JOIN first_personas AS p ON true"
    " LEFT JOIN marked AS m ON m.key_uid = p.key_uid AND m.tenant_uid = p.tenant_uid"
    " AND m.origin = p.origin AND m.first_seen = p.first_example"
    " LEFT JOIN LATERAL (SELECT address, asn, as_name, client FROM callerprint.key_origin_hour"
    " WHERE p.plain AND key_uid = p.key_uid AND tenant_uid = p.tenant_uid AND origin = p.origin"
    " AND hour = date_trunc('hour', p.first_example, 'UTC') OFFSET 0) AS h ON true,"
    " LATERAL (SELECT CASE WHEN p.plain THEN h.address ELSE m.address END AS address,"
    " CASE WHEN p.plain THEN h.asn ELSE m.asn END AS asn,"
    " CASE WHEN p.plain THEN h.as_name ELSE m.as_name END AS as_name,"
    " CASE WHEN p.plain THEN h.client ELSE m.client END AS client) AS e"
    " ORDER BY p.exact DESC, p.calls DESC, p.key_uid, p.tenant_uid, p.origin";

/// Reads a clue into a condition, and its values into the parameters.
struct Reader {
    Params& params;

    Condition operator()(const ByNetwork& clue) const {
        const unsigned grain = clue.network.start.v6 ? v6_grain : v4_grain;
        const auto wide = clue.network.prefix <= grain
                              ? clue.network
                              : call::network_of(clue.network.start, grain);
        params.text(call::to_text(wide)).text(call::to_text(clue.network));
        return {.persona = "network <<= $7::inet",
                .matches = "address <<= $7::inet",
                .exact = "coalesce(address <<= $8::inet, false)",
                .otherwise = Fit::network_only};
    }
    Condition operator()(const ByAs& clue) const {
        std::vector<std::string> numbers;
        for (const auto number : clue.numbers) numbers.push_back(std::to_string(number));
        params.texts(numbers);
        return same("asn = ANY ($7::bigint[])");
    }
    Condition operator()(const ByClient& clue) const {
        params.text(clue.family);
        Condition out{.persona = "client_family = $7",
                      .matches = "split_part(client, ' ', 1) = $7"};
        if (clue.version.empty()) return out;
        params.text(clue.family + " " + clue.version);
        out.exact = "client = $8";
        out.otherwise = Fit::family_only;
        return out;
    }
    Condition operator()(const ByResource& clue) const {
        params.text(clue.uid);
        return {.persona = "false", .matches = "resource_uid = $7", .of_calls = true};
    }
    Condition operator()(const ByTenants& clue) const {
        params.texts(clue.uids);
        return same("tenant_uid = ANY ($7)");
    }
    Condition operator()(const ByKeys& clue) const {
        params.texts(clue.uids);
        return same("key_uid = ANY ($7)");
    }

    static Condition same(const char* text) { return {.persona = text, .matches = text}; }
};

bool says_nothing(const TrafficClue& clue) {
    struct Empty {
        bool operator()(const ByNetwork&) const { return false; }
        bool operator()(const ByAs& one) const { return one.numbers.empty(); }
        bool operator()(const ByClient& one) const { return one.family.empty(); }
        bool operator()(const ByResource& one) const { return one.uid.empty(); }
        bool operator()(const ByTenants& one) const { return one.uids.empty(); }
        bool operator()(const ByKeys& one) const { return one.uids.empty(); }
    };
    return std::visit(Empty{}, clue);
}

std::string statement(const Condition& condition) {
    std::string sql = "WITH ";
    const auto part = [&](const char* name, const std::string& query) {
        if (sql.size() > 5) sql += ", ";
        sql += std::string(name) + " AS MATERIALIZED (" + query + ")";
    };
    const std::string marked = ", " + condition.exact + " AS exact";
    const std::string hours = std::string(hours_of_its) + condition.matches + " OFFSET 0";
    part("its", "SELECT key_uid, tenant_uid, origin FROM " + std::string(personas_of_period) +
                    within_keys + condition.persona + first_found);
    part("changed", changed_hours);
    part("parts",
         condition.of_calls ? kept_calls + (within_keys + condition.matches) : parts_of_hours);
    part("not_plain", not_plain);
    part("plain",
         "SELECT key_uid, tenant_uid, origin, calls, ok, failed, s.first_seen, last_seen, days,"
         " sessions, exact, first_exact FROM its, LATERAL (SELECT " +
             std::string(sums_of_hours) +
             ", bool_or(exact) AS exact, min(first_seen) FILTER (WHERE exact) AS first_exact"
             " FROM (SELECT *" +
             marked + (condition.of_calls ? hours_of_its + std::string("false") : hours) +
             ") AS h) AS s WHERE sessions > 0 AND NOT EXISTS"
             " (SELECT FROM not_plain AS n WHERE n.key_uid = its.key_uid"
             " AND n.tenant_uid = its.tenant_uid AND n.origin = its.origin)");
    part("found", "SELECT h.* FROM not_plain AS its, LATERAL (SELECT *" +
                      std::string(hours_of_its) + (condition.of_calls ? "false" : "true") +
                      " OFFSET 0) AS h" + not_changed);
    part("waiting", added_up);
    part("hours", both);
    part("marked", "SELECT *" + marked + " FROM hours" +
                       (condition.of_calls ? "" : " WHERE " + condition.matches));
    // Of the weeks, when not all were looked at: rather too many than too few, since they are those
    // that make a clue weak.
    part("of_weeks", "SELECT count(DISTINCT tenant_uid) AS tenants FROM " +
                         std::string(personas_of_period) + condition.persona +
                         " AND tenant_uid <> '' AND (SELECT count(*) FROM its) >= $4");
    part("days", by_day);
    part("personas", by_persona);
    part("first_personas", first_personas);
    return sql + " " + shown;
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
    " bool_or(week >= start AND week + interval '168 hours' <= stop) AS inside"
    " FROM callerprint.tenant_weeks, period"
    " WHERE week >= date_trunc('week', callerprint.at($1), 'UTC')"
    " AND week < callerprint.at($2) GROUP BY 1),"
    " active AS (SELECT tenant_uid FROM its, period WHERE inside"
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
    " UNION SELECT asn, as_name FROM callerprint.activity WHERE asn IS NOT NULL"
    " AND as_name IS NOT NULL AND stored_at <= coalesce(callerprint.at($1), 'infinity')"
    " ORDER BY 1, 2";

constexpr const char* sum_operations =
    "WITH hours AS (SELECT key_uid, tenant_uid, service, operation, hour, sum(calls) AS calls,"
    " sum(ok) AS ok FROM callerprint.key_operation_parts WHERE key_uid = ANY ($4)"
    " AND hour >= date_trunc('hour', callerprint.at($1), 'UTC') AND hour < callerprint.at($2)"
    " GROUP BY 1, 2, 3, 4, 5), late AS (SELECT key_uid, tenant_uid, service, operation, hour,"
    " sum(calls) AS calls, sum(ok) AS ok FROM callerprint.late_parts WHERE key_uid = ANY ($4)"
    " AND arrived_at > callerprint.at($3) GROUP BY 1, 2, 3, 4, 5)"
    " SELECT key_uid, tenant_uid, service, operation, (SELECT count(*) FROM unnest($5::bigint[])"
    " AS m (at) WHERE date_trunc('hour', callerprint.at(m.at), 'UTC') <= hour) AS stretch,"
    " callerprint.whole(sum(h.calls - coalesce(l.calls, 0))),"
    " callerprint.whole(sum(h.ok - coalesce(l.ok, 0))), callerprint.micros(min(hour)),"
    " callerprint.micros(max(hour)) FROM hours AS h LEFT JOIN late AS l"
    " USING (key_uid, tenant_uid, service, operation, hour)"
    " WHERE h.calls > coalesce(l.calls, 0) GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5";

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
    const auto condition = std::visit(Reader{params}, clue);
    const auto sql = statement(condition);
    return session.connection().transaction(
        "looking for traffic", [&](pqxx::work& tx) -> base::Result<Traffic> {
            Traffic out;
            tx.exec(hashes_only);
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
