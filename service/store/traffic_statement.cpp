#include "store/traffic_statement.hpp"

namespace store {
namespace {

// An origin holds one network, AS and client family. What a program calls itself is no part of it,
// and calls without an origin share one: of an hour the first call decides.
constexpr unsigned v4_grain = 24;
constexpr unsigned v6_grain = 48;

constexpr const char* of_period =
    " WHERE week >= date_trunc('week', callerprint.at($1), 'UTC') AND week < callerprint.at($2)"
    " AND seen_at <= coalesce(callerprint.at($3), 'infinity') AND ";
constexpr const char* within_keys =
    "(cardinality($6::text[]) = 0 OR key_uid = ANY ($6::text[])) AND ";
// In a fixed order, so that the same are looked at each time when there are too many. Of these a
// few are shown as examples, since they are no better than any others.
constexpr const char* first_found =
    " GROUP BY key_uid, tenant_uid, origin ORDER BY tenant_uid, key_uid, origin LIMIT $4";
constexpr const char* looked_at =
    "SELECT * FROM first_found ORDER BY tenant_uid, key_uid, origin"
    " LIMIT CASE WHEN (SELECT count(*) FROM first_found) < $4 THEN $4 ELSE least(100, $4) END";
// Hours of the ledger to which something came after the moment: none without one. Their rows in the
// rollups hold more than was known, so they are made anew of their parts.
constexpr const char* changed_hours =
    "SELECT DISTINCT hour, key_uid, tenant_uid, origin FROM callerprint.late_activity"
    " WHERE arrived_at > callerprint.at($3)"
    " AND hour >= date_trunc('hour', callerprint.at($1), 'UTC') AND hour < callerprint.at($2)";
constexpr const char* waiting_rows =
    "SELECT date_trunc('hour', first_seen, 'UTC') AS hour, key_uid, tenant_uid, origin, calls, ok,"
    " failed, first_seen, last_seen, address, asn, as_name, client, record_id"
    " FROM callerprint.activity JOIN its USING (key_uid, tenant_uid, origin)"
    " WHERE first_seen >= date_trunc('hour', callerprint.at($1), 'UTC')"
    " AND date_trunc('hour', first_seen, 'UTC') < callerprint.at($2)"
    " AND stored_at <= coalesce(callerprint.at($3), 'infinity')";
// Of the changed hours: what came in time, and what came late but before the moment.
constexpr const char* earlier_rows =
    "SELECT hour, key_uid, tenant_uid, origin, calls, ok, failed, first_seen, last_seen,"
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

// Two ways to the sums of a persona. Most have neither calls that wait to be merged nor hours that
// something came to after the moment: their hours are rows, which are added up where they are
// found, in about 1.5 us a row. The others are put together by the hour first, ten times as long.
constexpr const char* not_plain =
    "SELECT key_uid, tenant_uid, origin FROM parts UNION"
    " SELECT key_uid, tenant_uid, origin FROM changed JOIN its USING (key_uid, tenant_uid, origin)";
constexpr const char* hours_of_persona =
    " FROM callerprint.key_origin_hour AS h WHERE h.key_uid = p.key_uid"
    " AND h.tenant_uid = p.tenant_uid AND h.origin = p.origin"
    " AND hour >= date_trunc('hour', callerprint.at($1), 'UTC') AND hour < callerprint.at($2)";
// By the primary key for each persona, hence the lateral join.
constexpr const char* plain_sums =
    "SELECT key_uid, tenant_uid, origin, s.* FROM its AS p, LATERAL (SELECT sum(calls) AS calls,"
    " sum(ok) AS ok, sum(failed) AS failed, min(first_seen) AS first_seen,"
    " max(last_seen) AS last_seen, count(DISTINCT date_trunc('day', hour, 'UTC')) AS days,"
    " count(*) AS sessions, bool_or(exact) AS exact,"
    " min(first_seen) FILTER (WHERE exact) AS first_exact FROM (SELECT *, ";
constexpr const char* unless_not_plain =
    ") AS h) AS s WHERE sessions > 0 AND NOT EXISTS (SELECT FROM not_plain AS n"
    " WHERE n.key_uid = p.key_uid AND n.tenant_uid = p.tenant_uid AND n.origin = p.origin)";
constexpr const char* unchanged =
    " AND NOT EXISTS (SELECT FROM changed AS c WHERE c.hour = h.hour AND c.key_uid = h.key_uid"
    " AND c.tenant_uid = h.tenant_uid AND c.origin = h.origin)";

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
    " (SELECT count(*) FROM first_found) AS looked_at) AS n"
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

std::vector<std::string> texts_of(const std::vector<std::int64_t>& numbers) {
    std::vector<std::string> out;
    for (const auto number : numbers) out.push_back(std::to_string(number));
    return out;
}

/// For a regular expression; a domain has no other character that means something there.
std::string escaped(std::string_view domain) {
    std::string out;
    for (const char c : domain) out += c == '.' ? std::string("[.]") : std::string(1, c);
    return out;
}

/// Puts values at the end of the parameters, and gives their places there.
struct Placing {
    Params& params;

    [[nodiscard]] std::string text(std::string_view value) const {
        return "$" + std::to_string(params.text(value).size());
    }
    [[nodiscard]] std::string texts(const std::vector<std::string>& values) const {
        return "$" + std::to_string(params.texts(values).size());
    }
};

call::Network with_grain(const call::Network& network) {
    const unsigned grain = network.start.v6 ? v6_grain : v4_grain;
    return network.prefix <= grain ? network : call::network_of(network.start, grain);
}

/// Of a persona's columns.
struct PersonaReader : Placing {
    std::string operator()(const ByNetwork& clue) const {
        return "network <<= " + text(call::to_text(with_grain(clue.network))) + "::inet";
    }
    std::string operator()(const ByAs& clue) const {
        return "asn = ANY (" + texts(texts_of(clue.numbers)) + "::bigint[])";
    }
    std::string operator()(const ByHolder& clue) const { return (*this)(ByAs{clue.numbers}); }
    std::string operator()(const ByClient& clue) const {
        return "client_family = " + text(clue.family);
    }
    std::string operator()(const ByResource&) const { return "false"; }
    std::string operator()(const ByDomain&) const { return "false"; }
    std::string operator()(const ByTenants& clue) const {
        return "tenant_uid = ANY (" + texts(clue.uids) + ")";
    }
    std::string operator()(const ByKeys& clue) const {
        return "key_uid = ANY (" + texts(clue.uids) + ")";
    }
};

/// Of the columns of an hour that was added up, or of a call.
struct Reader : Placing {
    TrafficCondition operator()(const ByNetwork& clue) const {
        const auto exactly = text(call::to_text(clue.network)) + "::inet";
        return {
            .matches = "address <<= " + text(call::to_text(with_grain(clue.network))) + "::inet",
            .exact = "coalesce(address <<= " + exactly + ", false)",
            .otherwise = Fit::network_only};
    }
    TrafficCondition operator()(const ByHolder& clue) const {
        return {.matches = PersonaReader{*this}(clue) + " AND coalesce(as_name, '') = ANY (" +
                           texts(clue.names) + ")"};
    }
    TrafficCondition operator()(const ByClient& clue) const {
        TrafficCondition out{.matches = "split_part(client, ' ', 1) = " + text(clue.family)};
        if (clue.version.empty()) return out;
        out.exact = "client = " + text(clue.family + " " + clue.version);
        out.otherwise = Fit::family_only;
        return out;
    }
    TrafficCondition operator()(const ByResource& clue) const {
        return {.matches = "resource_uid = " + text(clue.uid), .of_calls = true};
    }
    TrafficCondition operator()(const ByDomain& clue) const {
        // The plain search is many times faster than the expressions, and most calls end there.
        const std::string name = "([a-z0-9-]+[.])*" + escaped(clue.domain);
        const auto domain = text(clue.domain);
        const auto shows = [&](const char* column, const std::string& expression) {
            const auto lower = "lower(" + std::string(column) + ")";
            return "(position(" + domain + " in " + lower + ") > 0 AND " + lower + " ~ " +
                   expression + ")";
        };
        const auto in_agent = text("(^|[^a-z0-9.-])" + name + "([.]?$|[.]?[^a-z0-9.-])");
        const auto of_user = text("@" + name + "$");
        const auto of_host = text("^" + name + "[.]?$");
        return {.matches = "(" + shows("user_agent", in_agent) + " OR " +
                           shows("user_name", of_user) + " OR " + shows("user_uid", of_user) +
                           " OR " + shows("address_text", of_host) + ")",
                .of_calls = true};
    }
    /// What a persona's columns say, an hour's say, too.
    template <class Clue>
    TrafficCondition operator()(const Clue& clue) const {
        return {.matches = PersonaReader{*this}(clue)};
    }
};

/// One named part of a statement after another.
class With {
public:
    void part(const char* name, const std::string& query) {
        sql_ += (sql_.empty() ? "WITH " : ", ") + std::string(name) + " AS MATERIALIZED (" + query +
                ")";
    }
    [[nodiscard]] std::string select(const char* query) const { return sql_ + " " + query; }

private:
    std::string sql_;
};

}  // namespace

std::string persona_condition(const TrafficClue& clue, Params& params) {
    return std::visit(PersonaReader{{params}}, clue);
}

TrafficCondition condition_of(const TrafficClue& clue, Params& params) {
    return std::visit(Reader{{params}}, clue);
}

std::string shared_keys_statement(const std::string& one, const std::string& other) {
    return std::string("SELECT key_uid FROM callerprint.persona_parts") + of_period + one +
           " AND " + other + " GROUP BY 1 ORDER BY 1 LIMIT $4 + 1";
}

std::string traffic_statement(const std::string& persona, const TrafficCondition& condition) {
    With with;
    const std::string from = std::string(" FROM callerprint.persona_parts") + of_period;
    const std::string marked = condition.exact + " AS exact";
    with.part("first_found",
              "SELECT key_uid, tenant_uid, origin" + from + within_keys + persona + first_found);
    with.part("its", looked_at);
    with.part("changed", std::string(changed_hours) + (condition.of_calls ? " AND false" : ""));
    with.part("earlier", earlier_rows);
    with.part("parts", condition.of_calls
                           ? std::string(kept_calls) + within_keys + condition.matches
                           : waiting_rows + std::string(" UNION ALL SELECT * FROM earlier"));
    with.part("not_plain", not_plain);
    with.part("plain", plain_sums + marked + hours_of_persona +
                           (condition.of_calls ? " AND false" : " AND " + condition.matches) +
                           unless_not_plain);
    with.part("found", std::string("SELECT h.* FROM not_plain AS p, LATERAL (SELECT *") +
                           hours_of_persona + (condition.of_calls ? " AND false" : unchanged) +
                           " OFFSET 0) AS h");
    with.part("waiting", added_up);
    with.part("hours", both);
    with.part("marked", "SELECT *, " + marked + " FROM hours" +
                            (condition.of_calls ? "" : " WHERE " + condition.matches));
    // Of the weeks, when not all were looked at: rather too many than too few, since they are those
    // that make a clue weak.
    with.part("of_weeks", "SELECT count(*) AS tenants FROM (SELECT" + from + persona +
                              " AND tenant_uid <> '' AND (SELECT count(*) FROM first_found) >= $4"
                              " GROUP BY tenant_uid) AS t");
    with.part("days", by_day);
    with.part("personas", by_persona);
    with.part("first_personas", first_personas);
    return with.select(shown);
}

}  // namespace store
