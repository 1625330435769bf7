#include "store/coverage_rows.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace store {
namespace {

using base::EventTime;
using coverage::Cause;
using coverage::Certificate;
using coverage::Expectation;
using coverage::Gap;
using coverage::Span;
using std::chrono::microseconds;
using std::chrono::minutes;

// As far behind the present as evaluation may be without a word: the chain goes on every minute.
constexpr minutes not_evaluated_after{5};

// Behind everything that is stamped, and a time that PostgreSQL has.
constexpr auto far_future = base::event_time(253'402'300'799'000'000);

constexpr const char* load_expectations =
    "SELECT source, callerprint.micros(since), (extract(epoch FROM every) * 1000000)::bigint,"
    " configured FROM callerprint.expectations WHERE recorded_at <= callerprint.at($1)"
    " AND coalesce(replaced_at > callerprint.at($1), true) ORDER BY source, since";
constexpr const char* load_lines =
    "SELECT source, callerprint.whole(sum(received - set_aside)), callerprint.whole(sum(parsed)),"
    " callerprint.whole(sum(attributed)), callerprint.whole(sum(late)),"
    " callerprint.whole(sum(rejected - set_aside)), callerprint.whole(sum(ahead))"
    " FROM callerprint.coverage_then(callerprint.at($3))"
    " WHERE minute > callerprint.at($1) - interval '1 minute'"
    " AND minute < callerprint.at($2) GROUP BY source ORDER BY source";
// Times between two signs of life that are longer than the source's shortest rhythm, and those
// before the first and behind the last one, looked for as far outside as its longest.
constexpr const char* load_quiet =
    "WITH rhythm AS (SELECT source, min(every) AS shortest,"
    " max(every) + interval '2 minutes' AS around FROM callerprint.expectations"
    " WHERE every IS NOT NULL AND recorded_at <= callerprint.at($3)"
    " AND coalesce(replaced_at > callerprint.at($3), true) GROUP BY source),"
    " signs AS (SELECT c.source, c.minute, c.minute + interval '1 minute' AS again, r.shortest,"
    " lag(c.minute + interval '1 minute') OVER (PARTITION BY c.source ORDER BY c.minute) AS before"
    " FROM rhythm r JOIN callerprint.coverage_then(callerprint.at($3)) c ON c.source = r.source"
    " AND c.minute >= callerprint.at($1) - r.around AND c.minute < callerprint.at($2) + r.around"
    " WHERE c.received + c.heartbeats > 0)"
    " SELECT source, callerprint.micros(before), callerprint.micros(minute) FROM signs"
    " WHERE before IS NULL OR minute - before > shortest"
    " UNION ALL SELECT source, callerprint.micros(max(again)), NULL FROM signs GROUP BY source"
    " ORDER BY 1, 2 NULLS FIRST";
constexpr const char* load_holes =
    "SELECT source, callerprint.micros(from_time), callerprint.micros(to_time),"
    " CASE WHEN records THEN last - first + 1 END, 'producer ' || producer ||"
    " CASE WHEN records THEN ': records ' ELSE ': batches ' END || first || ' to ' || last"
    " FROM callerprint.sequence_holes WHERE from_time < callerprint.at($2)"
    " AND to_time > callerprint.at($1) AND recorded_at <= callerprint.at($3)"
    " AND coalesce(replaced_at > callerprint.at($3), true)"
    " ORDER BY source, from_time, producer, first";
constexpr const char* load_producers =
    "SELECT DISTINCT source FROM callerprint.producers WHERE recorded_at <= callerprint.at($1)"
    " ORDER BY source";
constexpr const char* load_counters =
    "SELECT k.source, callerprint.micros(k.from_time), callerprint.micros(k.to_time), k.count,"
    " coalesce((SELECT callerprint.whole(sum(c.received - c.set_aside)) FROM"
    " callerprint.coverage_then(callerprint.at($3)) c WHERE c.source = k.source AND c.minute >= "
    "k.from_time AND c.minute < k.to_time), 0)"
    " FROM callerprint.source_counters k WHERE k.from_time < callerprint.at($2)"
    " AND k.to_time > callerprint.at($1) AND k.recorded_at <= callerprint.at($3)"
    " AND coalesce(k.replaced_at > callerprint.at($3), true) ORDER BY k.source, k.from_time";
constexpr const char* load_refused =
    "SELECT source, callerprint.micros(hour), callerprint.micros(hour + interval '1 hour'), "
    "refused,"
    " 'refused ' || refused || ', read ' || parsed FROM (SELECT source,"
    " date_trunc('hour', minute, 'UTC') AS hour, callerprint.whole(sum(parsed)) AS parsed,"
    " callerprint.whole(sum(rejected - set_aside)) AS refused"
    " FROM callerprint.coverage_then(callerprint.at($3)) WHERE minute >= date_trunc('hour', "
    "callerprint.at($1), 'UTC') AND minute <"
    " callerprint.at($2) + interval '1 hour' GROUP BY 1, 2) AS hours WHERE refused > parsed"
    " AND hour < callerprint.at($2) ORDER BY source, hour";
constexpr const char* load_ahead =
    "SELECT source, callerprint.micros(minute), callerprint.micros(minute + interval '1 minute'),"
    " ahead, 'stamped with a future time' FROM callerprint.coverage_then(callerprint.at($3))"
    " WHERE ahead > 0"
    " AND minute > callerprint.at($1) - interval '1 minute' AND minute < callerprint.at($2)"
    " ORDER BY source, minute";
constexpr const char* load_retained =
    "SELECT callerprint.micros(max(before)) FROM callerprint.dropped"
    " WHERE parent IN ('key_operation_hour', 'key_origin_hour', 'tenant_operation_hour')"
    " AND noted_at <= callerprint.at($1)";
constexpr const char* load_acknowledgements =
    "SELECT source, cause, callerprint.micros(from_time), callerprint.micros(to_time),"
    " 'acknowledged by ' || by_whom || ': ' || reason FROM callerprint.gap_acknowledgements"
    " WHERE from_time < callerprint.at($2) AND to_time > callerprint.at($1)"
    " AND recorded_at <= callerprint.at($3) ORDER BY n";
constexpr const char* load_now = "SELECT callerprint.micros(now())";
constexpr const char* load_chain =
    "SELECT callerprint.micros(at), encode(head, 'hex') FROM callerprint.batch_chain"
    " WHERE source = 'main' AND partition = 0 AND stored_at <= callerprint.at($1)"
    " ORDER BY stored_at DESC, n DESC LIMIT 1";
// The rollups are looked at only when there is something to look for: activity has no index. The
// calls of a canary that came after the moment are taken off again.
constexpr const char* load_canaries =
    "WITH sent AS MATERIALIZED (SELECT key_uid FROM callerprint.canaries"
    " WHERE sent_at >= callerprint.at($1) AND sent_at < callerprint.at($2)"
    " AND recorded_at <= callerprint.at($3)),"
    " calls AS (SELECT key_uid, calls FROM callerprint.activity WHERE tenant_uid = '(canary)'"
    " AND stored_at <= callerprint.at($3) AND (SELECT count(*) FROM sent) > 0"
    " UNION ALL SELECT r.key_uid, r.calls FROM sent s JOIN callerprint.key_operation_hour r"
    " ON r.key_uid = s.key_uid WHERE r.tenant_uid = '(canary)'"
    " UNION ALL SELECT l.key_uid, -l.calls FROM sent s JOIN callerprint.late_activity l"
    " ON l.key_uid = s.key_uid WHERE l.tenant_uid = '(canary)'"
    " AND l.arrived_at > callerprint.at($3)),"
    " found AS (SELECT key_uid FROM calls GROUP BY key_uid HAVING sum(calls) > 0)"
    " SELECT (SELECT count(*) FROM sent),"
    " (SELECT count(*) FROM sent s WHERE EXISTS (SELECT FROM found f WHERE f.key_uid = s.key_uid))";

EventTime time_of(const pqxx::field& micros) {
    return base::event_time(micros.as<long long>());
}
std::uint64_t count_of(const pqxx::field& field) {
    return static_cast<std::uint64_t>(std::max(field.as<long long>(), 0LL));
}

class Reading {
public:
    Reading(pqxx::work& tx, Span window, std::optional<base::WallTime> as_of)
        : tx_(tx),
          window_(window),
          now_(as_of ? base::event_time(base::micros(*as_of)) : time_of(run(tx, load_now)[0][0])),
          known_at_(as_of ? now_ : far_future) {
        out_.from = window.from;
        out_.to = window.to;
    }

    Certificate certificate() {
        read_present();
        read_expectations();
        read_lines();
        add_counted();
        add_silence();
        add_rows(load_refused, Cause::dead_letters);
        add_rows(load_ahead, Cause::clock);
        add_retention();
        add_canaries();
        for (auto& [name, line] : lines_) {
            line.lost += std::max(counter_lost_[name], sequence_lost_[name]);
            if (counted_.contains(name)) line.expected = line.received + line.lost;
            out_.sources.push_back(std::move(line));
        }
        if (out_.sources.empty())
            add({.from = window_.from,
                 .to = window_.to,
                 .cause = Cause::no_expectation,
                 .note = "there was no source"});
        out_.gaps = coverage::acknowledged(std::move(out_.gaps), acknowledgements());
        coverage::measure(out_);
        return std::move(out_);
    }

private:
    pqxx::result rows(const char* sql) {
        return run(tx_, sql, Params().time(window_.from).time(window_.to).time(known_at_));
    }

    pqxx::result known(const char* sql) { return run(tx_, sql, Params().time(known_at_)); }

    /// Cuts the gap to the window; what is outside is not asked.
    void add(Gap gap) {
        gap.from = std::max(gap.from, window_.from);
        gap.to = std::min(gap.to, window_.to);
        if (gap.from < gap.to) out_.gaps.push_back(std::move(gap));
    }

    /// Of (source, from, to, lost, note). Those that touch are one, or an hour would be sixty.
    void add_rows(const char* sql, Cause cause) {
        std::optional<Gap> open;
        for (const auto& row : rows(sql)) {
            Gap gap{.source = row[0].as<std::string>(),
                    .from = time_of(row[1]),
                    .to = time_of(row[2]),
                    .cause = cause,
                    .lost = count_of(row[3]),
                    .note = row[4].as<std::string>()};
            if (cause == Cause::clock && open && open->source == gap.source &&
                open->to == gap.from) {
                open->to = gap.to;
                *open->lost += *gap.lost;
                continue;
            }
            if (open) add(*std::move(open));
            open = std::move(gap);
        }
        if (open) add(*std::move(open));
    }

    coverage::SourceLine& line(const std::string& source) {
        auto& line = lines_[source];
        line.source = source;
        return line;
    }

    void read_present() {
        const auto chain = known(load_chain);
        if (chain.empty()) return;
        out_.chain_head = chain[0][1].as<std::string>();
        const auto evaluated = time_of(chain[0][0]);
        if (now_ - evaluated > not_evaluated_after)
            add({.from = evaluated,
                 .to = now_,
                 .cause = Cause::clock,
                 .note = "not evaluated yet"});
    }

    void read_expectations() {
        for (const auto& row : known(load_expectations)) {
            Expectation one{.since = time_of(row[1]), .configured = row[3].as<bool>()};
            if (!row[2].is_null()) one.every = microseconds(row[2].as<long long>());
            expected_[row[0].as<std::string>()].push_back(one);
        }
        for (const auto& [source, all] : expected_) {
            for (std::size_t i = 0; i < all.size(); ++i) {
                const auto until = i + 1 < all.size() ? all[i + 1].since : EventTime::max();
                // One that was first heard of later has sent nothing that could be seen.
                if (all[i].configured && until > window_.from) line(source);
            }
        }
    }

    void read_lines() {
        for (const auto& row : rows(load_lines)) {
            auto& one = line(row[0].as<std::string>());
            one.received = count_of(row[1]);
            one.parsed = count_of(row[2]);
            one.attributed = count_of(row[3]);
            one.late = count_of(row[4]);
            one.rejected = count_of(row[5]);
            one.lost = count_of(row[6]);  // stamped with another time: not where they belong
        }
    }

    /// What somebody else counted: producers by their numbers, gateways by their counters.
    void add_counted() {
        for (const auto& row : known(load_producers)) counted_.insert(row[0].as<std::string>());
        for (const auto& row : rows(load_holes)) {
            Gap gap{.source = row[0].as<std::string>(),
                    .from = time_of(row[1]),
                    .to = time_of(row[2]),
                    .cause = Cause::sequence,
                    .note = row[4].as<std::string>()};
            line(gap.source);
            if (!row[3].is_null()) {
                gap.lost = count_of(row[3]);
                sequence_lost_[gap.source] += *gap.lost;
            }
            add(std::move(gap));
        }
        for (const auto& row : rows(load_counters)) {
            const auto source = row[0].as<std::string>();
            const Span span{time_of(row[1]), time_of(row[2])};
            const auto count = count_of(row[3]);
            const auto received = count_of(row[4]);
            line(source);
            counted_.insert(source);
            counter_spans_[source].push_back(span);
            if (received >= count) continue;
            counter_lost_[source] += count - received;
            add({.source = source,
                 .from = span.from,
                 .to = span.to,
                 .cause = Cause::counter,
                 .lost = count - received,
                 .note = "counted " + std::to_string(count) + ", received " +
                         std::to_string(received)});
        }
    }

    std::map<std::string, std::vector<Span>> read_quiet() {
        std::map<std::string, std::vector<Span>> out;
        for (const auto& row : rows(load_quiet))
            out[row[0].as<std::string>()].push_back(
                {row[1].is_null() ? EventTime::min() : time_of(row[1]),
                 row[2].is_null() ? EventTime::max() : time_of(row[2])});
        return out;
    }

    /// A time that a counter tells of needs no rhythm.
    void add_silence() {
        const auto quiet = read_quiet();
        const std::vector<Span> always{{EventTime::min(), EventTime::max()}};
        for (auto& [source, one] : lines_) {
            const auto found = quiet.find(source);
            auto silence = coverage::silence(found == quiet.end() ? always : found->second,
                                             expected_[source], window_, now_);
            const auto known = coverage::joined(counter_spans_[source], window_.from, window_.to);
            for (const Span& span : coverage::without(silence.silent, known))
                add({.source = source,
                     .from = span.from,
                     .to = span.to,
                     .cause = Cause::silent,
                     .note = "neither record nor heartbeat"});
            const auto unknown = coverage::without(silence.no_expectation, known);
            for (const Span& span : unknown)
                add({.source = source,
                     .from = span.from,
                     .to = span.to,
                     .cause = Cause::no_expectation,
                     .note = "no rhythm was declared"});
            one.expectation_declared = unknown.empty();
        }
    }

    void add_retention() {
        const auto rows = known(load_retained);
        if (rows[0][0].is_null()) return;
        out_.retained_from = time_of(rows[0][0]);
        add({.from = window_.from,
             .to = *out_.retained_from,
             .cause = Cause::not_retained,
             .note = "rollups are kept from " + base::to_rfc3339(*out_.retained_from) + " on"});
    }

    void add_canaries() {
        const auto row = rows(load_canaries)[0];
        if (count_of(row[0]) == 0) return;
        out_.canaries = {count_of(row[0]), count_of(row[1])};
    }

    std::vector<coverage::Acknowledgement> acknowledgements() {
        std::vector<coverage::Acknowledgement> out;
        for (const auto& row : rows(load_acknowledgements)) {
            const auto cause = coverage::parse_cause(row[1].as<std::string>());
            if (!cause) continue;  // of a newer version
            out.push_back({.source = row[0].as<std::string>(),
                           .cause = *cause,
                           .span = {time_of(row[2]), time_of(row[3])},
                           .note = row[4].as<std::string>()});
        }
        return out;
    }

    pqxx::work& tx_;
    Span window_;
    EventTime now_;
    EventTime known_at_;
    Certificate out_;
    std::map<std::string, std::vector<Expectation>> expected_;
    std::map<std::string, coverage::SourceLine> lines_;
    std::map<std::string, std::uint64_t> counter_lost_;
    std::map<std::string, std::uint64_t> sequence_lost_;
    std::map<std::string, std::vector<Span>> counter_spans_;
    std::set<std::string> counted_;
};

}  // namespace

Certificate certificate_of(pqxx::work& tx, Span window, std::optional<base::WallTime> as_of) {
    return Reading(tx, window, as_of).certificate();
}

}  // namespace store
