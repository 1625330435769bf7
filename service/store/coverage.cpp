#include "store/coverage.hpp"

#include "coverage/blindness.hpp"
#include "coverage/gaps.hpp"
#include "store/audit_entry.hpp"
#include "store/connection.hpp"
#include "store/coverage_rows.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace store {
namespace {

using base::Fault;

constexpr const char* load_declared =
    "SELECT DISTINCT ON (source) source, callerprint.micros(since),"
    " (extract(epoch FROM every) * 1000000)::bigint, configured FROM callerprint.expectations"
    " WHERE replaced_at IS NULL ORDER BY source, since DESC";
// What is written together is known from one time on, and waited for by who asks.
constexpr const char* take_record_time = "SELECT callerprint.micros(callerprint.record_time())";
constexpr const char* add_declared =
    "INSERT INTO callerprint.expectations (source, since, every, configured, declared_at,"
    " recorded_at) VALUES ($1, callerprint.at($2), $3::bigint * interval '1 microsecond', $4,"
    " callerprint.at($5), callerprint.at($6))";
// What was declared for that time or later, before somebody said otherwise.
constexpr const char* replace_later =
    "UPDATE callerprint.expectations SET replaced_at = callerprint.at($3)"
    " WHERE source = $1 AND since >= callerprint.at($2) AND replaced_at IS NULL";
constexpr const char* load_suspensions =
    "SELECT policy_key, callerprint.micros(from_time), callerprint.micros(coalesce(to_time,"
    " callerprint.at($2))) FROM callerprint.policy_suspensions WHERE from_time < callerprint.at($2)"
    " AND (to_time IS NULL OR to_time > callerprint.at($1)) ORDER BY from_time, policy_key";
constexpr const char* add_acknowledgement =
    "INSERT INTO callerprint.gap_acknowledgements (source, cause, from_time, to_time, reason,"
    " by_whom, at, recorded_at) VALUES ($1, $2, callerprint.at($3), callerprint.at($4), $5, $6,"
    " callerprint.at($7), callerprint.record_time())";
constexpr const char* overlapping_counter =
    "SELECT callerprint.micros(from_time), callerprint.micros(to_time)"
    " FROM callerprint.source_counters WHERE source = $1 AND from_time < callerprint.at($3)"
    " AND to_time > callerprint.at($2) AND replaced_at IS NULL"
    " AND (from_time <> callerprint.at($2) OR to_time <> callerprint.at($3)) LIMIT 1";
constexpr const char* add_counter =
    "INSERT INTO callerprint.source_counters (source, from_time, to_time, count, imported_at,"
    " imported_by, recorded_at) VALUES ($1, callerprint.at($2), callerprint.at($3), $4,"
    " callerprint.at($5), $6, callerprint.at($7))";
constexpr const char* replace_counter =
    "UPDATE callerprint.source_counters SET replaced_at = callerprint.at($3)"
    " WHERE source = $1 AND from_time = callerprint.at($2) AND replaced_at IS NULL";

constexpr const char* add_canary =
    "INSERT INTO callerprint.canaries (key_uid, source, sent_at, sent_by, recorded_at)"
    " VALUES ($1, $2, callerprint.at($3), $4, callerprint.at($5))";

struct Declared {
    base::EventTime since;
    std::optional<std::chrono::microseconds> every;
    bool configured = true;
};

std::map<std::string, Declared> declared(pqxx::work& tx) {
    std::map<std::string, Declared> out;
    for (const auto& row : run(tx, load_declared)) {
        Declared one{.since = base::event_time(row[1].as<long long>()),
                     .configured = row[3].as<bool>()};
        if (!row[2].is_null()) one.every = std::chrono::microseconds(row[2].as<long long>());
        out.emplace(row[0].as<std::string>(), one);
    }
    return out;
}

base::WallTime record_time(pqxx::work& tx) {
    return wall_time_of(run(tx, take_record_time)[0][0]);
}

void declare(pqxx::work& tx, const std::string& source, const Declared& one, base::WallTime now) {
    const auto recorded = record_time(tx);
    run(tx, replace_later, Params().text(source).time(one.since).time(recorded));
    Params params;
    params.text(source).time(one.since);
    if (one.every) {
        params.integer(one.every->count());
    } else {
        params.null();
    }
    run(tx, add_declared, params.boolean(one.configured).time(now).time(recorded));
}

std::string details(const coverage::Gap& gap, std::string_view reason) {
    return boost::json::serialize(boost::json::object{{"from", base::to_rfc3339(gap.from)},
                                                      {"to", base::to_rfc3339(gap.to)},
                                                      {"reason", reason}});
}

}  // namespace

base::Result<void> declare_sources(Session& session, std::span<const DeclaredSource> sources,
                                   base::WallTime now) {
    const auto present = base::event_time(base::micros(now));
    return session.connection().transaction(
        "declaring sources", [&](pqxx::work& tx) -> base::Result<void> {
            auto before = declared(tx);
            for (const auto& source : sources) {
                const auto found = before.find(source.name);
                const bool known = found != before.end() && found->second.configured &&
                                   found->second.every == source.every &&
                                   (!source.since || *source.since == found->second.since);
                if (!known)
                    declare(tx, source.name, {source.since.value_or(present), source.every}, now);
                if (found != before.end()) before.erase(found);
            }
            for (const auto& [name, one] : before)
                if (one.configured) declare(tx, name, {present, std::nullopt, false}, now);
            return {};
        });
}

base::Result<coverage::Certificate> read_coverage(Session& session, base::EventTime from,
                                                  base::EventTime to,
                                                  std::optional<base::WallTime> as_of) {
    if (from >= to) return base::fail(Fault::invalid, "the window ends before it begins");
    return session.connection().look(
        "reading coverage", [&](pqxx::work& tx) -> base::Result<coverage::Certificate> {
            tx.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
            return certificate_of(tx, {from, to}, as_of);
        });
}

namespace {

/// A time in which a rule was not tried.
struct Untried {
    std::string rule;
    coverage::Gap gap;
};

base::Result<std::vector<Untried>> untried(Session& session, base::EventTime from,
                                           base::EventTime to) {
    using Found = base::Result<std::vector<Untried>>;
    return session.connection().look("reading suspensions", [&](pqxx::work& tx) -> Found {
        std::vector<Untried> out;
        for (const auto& row : run(tx, load_suspensions, Params().time(from).time(to)))
            out.push_back({row[0].as<std::string>(),
                           {.source = {},
                            .from = base::event_time(row[1].as<std::int64_t>()),
                            .to = base::event_time(row[2].as<std::int64_t>()),
                            .cause = coverage::Cause::suspended,
                            .lost = {},
                            .note = {}}});
        return out;
    });
}

void add_untried(const std::vector<Untried>& all, const PolicyNeeds& policy,
                 std::vector<coverage::Gap>& gaps) {
    for (const auto& one : all) {
        if (std::ranges::find(policy.rules, one.rule) == policy.rules.end()) continue;
        gaps.push_back(one.gap);
        gaps.back().to += policy.timespan;
    }
}

}  // namespace

base::Result<std::vector<BlindPolicy>> blind_policies(Session& session, base::EventTime from,
                                                      base::EventTime to) {
    auto policies = load_needs(session);
    if (!policies) return std::unexpected(policies.error());
    std::chrono::microseconds reach{0};
    for (const auto& policy : *policies) reach = std::max(reach, policy.timespan);
    const auto certificate = read_coverage(session, from - reach, to);
    if (!certificate) return std::unexpected(certificate.error());
    const auto suspensions = untried(session, from - reach, to);
    if (!suspensions) return std::unexpected(suspensions.error());
    std::vector<BlindPolicy> out;
    for (auto& policy : *policies) {
        auto gaps = coverage::blinding(*certificate, {policy.sources, policy.timespan});
        add_untried(*suspensions, policy, gaps);
        std::erase_if(gaps, [&](const coverage::Gap& gap) { return gap.to <= from; });
        if (!gaps.empty()) out.push_back({std::move(policy), std::move(gaps)});
    }
    return out;
}

base::Result<void> acknowledge(Session& session, const coverage::Gap& gap, std::string_view reason,
                               std::string_view by, base::WallTime now) {
    const auto certificate = read_coverage(session, gap.from, gap.to);
    if (!certificate) return std::unexpected(certificate.error());
    bool found = false;
    for (const auto& one : certificate->gaps)
        found = found || (one.source == gap.source && one.cause == gap.cause);
    if (!found)
        return base::fail(Fault::not_found,
                          "nothing of that source is missing at that time for that cause; "
                          "`coverage gaps` lists what is");
    return session.connection().transaction("acknowledging a gap",
                                            [&](pqxx::work& tx) -> base::Result<void> {
                                                run(tx, add_acknowledgement,
                                                    Params()
                                                        .text(gap.source)
                                                        .text(name(gap.cause))
                                                        .time(gap.from)
                                                        .time(gap.to)
                                                        .text(reason)
                                                        .text(by)
                                                        .time(now));
                                                audit(session, tx, by, "coverage.acknowledge",
                                                      coverage::id_of(gap), details(gap, reason));
                                                return {};
                                            });
}

base::Result<void> import_counters(Session& session, std::span<const coverage::Counter> counters,
                                   std::string_view actor, base::WallTime now) {
    return session.connection().transaction(
        "importing counters", [&](pqxx::work& tx) -> base::Result<void> {
            const auto recorded = record_time(tx);
            for (const auto& one : counters) {
                const auto time = [&] {
                    return Params().text(one.source).time(one.span.from).time(one.span.to);
                };
                if (const auto rows = run(tx, overlapping_counter, time()); !rows.empty())
                    return base::fail(
                        Fault::conflict,
                        "line " + std::to_string(one.line) + ": overlaps a counter imported for " +
                            base::to_rfc3339(base::event_time(rows[0][0].as<long long>())) +
                            " to " +
                            base::to_rfc3339(base::event_time(rows[0][1].as<long long>())));
                run(tx, replace_counter,
                    Params().text(one.source).time(one.span.from).time(recorded));
                run(tx, add_counter,
                    time()
                        .integer(static_cast<std::int64_t>(one.count))
                        .time(now)
                        .text(actor)
                        .time(recorded));
            }
            audit(session, tx, actor, "coverage.import",
                  std::to_string(counters.size()) + " counters");
            return {};
        });
}

base::Result<void> register_canaries(Session& session, std::span<const std::string> keys,
                                     std::string_view source, std::string_view actor,
                                     base::WallTime sent) {
    return session.connection().transaction(
        "registering canaries", [&](pqxx::work& tx) -> base::Result<void> {
            const auto recorded = record_time(tx);
            for (const auto& key : keys)
                run(tx, add_canary,
                    Params().text(key).text(source).time(sent).text(actor).time(recorded));
            audit(session, tx, actor, "coverage.canary",
                  std::to_string(keys.size()) + " to " + std::string(source));
            return {};
        });
}

}  // namespace store
