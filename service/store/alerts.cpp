#include "store/alerts.hpp"

#include "store/audit_entry.hpp"
#include "store/connection.hpp"
#include "store/copy_text.hpp"
#include "store/enqueue.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>

namespace store {
namespace {

using base::Fault;

constexpr std::string_view alert_columns =
    "SELECT id, tenant_uid, policy_key, policy_id, policy_name, policy_title, policy_status,"
    " policy_digest, family, clause, shadow, level, subject_kind, subject, \"group\","
    " callerprint.micros(opened), callerprint.micros(last_seen), count, summary, evidence, benign, "
    "state,"
    " disposition, sub_reason, assignee, callerprint.micros(snoozed_until),"
    " callerprint.micros(acknowledged_at), callerprint.micros(closed_at),"
    " callerprint.micros(created_at), callerprint.micros(changed_at), updates, reopened, closings"
    " FROM callerprint.alerts ";
// Each condition is off when its parameter is NULL; the planner sees the values and drops it.
constexpr std::string_view list_condition =
    "WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR $2 IN (policy_key, policy_id,"
    " policy_name)) AND ($3::text IS NULL OR level = $3) AND ($4::text IS NULL OR subject = $4)"
    " AND ($5::text IS NULL OR tenant_uid = $5) AND ($6::bigint IS NULL OR opened >= "
    "callerprint.at($6))"
    " AND ($7::bigint IS NULL OR opened < callerprint.at($7))"
    " AND ($8::bigint IS NULL OR (opened, id) < (callerprint.at($8), $9))"
    " ORDER BY opened DESC, id DESC LIMIT $10";
constexpr std::string_view by_id = "WHERE id = $1";
constexpr std::string_view by_id_locked = "WHERE id = $1 FOR UPDATE";
constexpr std::string_view by_prefix = "WHERE starts_with(id, $1) ORDER BY id LIMIT 2";
constexpr const char* load_evidence =
    "SELECT source, block, record, callerprint.micros(time), sha256, raw, "
    "callerprint.micros(stored_at)"
    " FROM callerprint.evidence WHERE alert_id = $1 ORDER BY n LIMIT 200";
constexpr const char* load_events =
    "SELECT callerprint.micros(at), actor, action, detail FROM callerprint.alert_events"
    " WHERE alert_id = $1 ORDER BY n";
constexpr const char* load_deliveries =
    "SELECT o.id, coalesce(e.name, o.endpoint_id), o.event, o.state, o.attempt, o.error"
    " FROM callerprint.outbox o LEFT JOIN callerprint.endpoints e ON e.id = o.endpoint_id"
    " WHERE o.alert_id = $1 ORDER BY o.n";
constexpr const char* save_triage =
    "UPDATE callerprint.alerts SET state = $2, disposition = $3, sub_reason = $4, assignee = $5,"
    " snoozed_until = callerprint.at($6), reopened = $7, changed_at = callerprint.at($8),"
    " acknowledged_at = CASE WHEN $2 = 'acknowledged' THEN coalesce(acknowledged_at, "
    "callerprint.at($8))"
    " ELSE acknowledged_at END,"
    " closed_at = CASE WHEN $2 = 'closed' THEN coalesce(closed_at, callerprint.at($8)) END,"
    " closings = closings + CASE WHEN $2 = 'closed' AND state <> 'closed' THEN 1 ELSE 0 END"
    " WHERE id = $1";
constexpr const char* add_event =
    "INSERT INTO callerprint.alert_events (alert_id, at, actor, action, detail)"
    " VALUES ($1, callerprint.at($2), $3, $4, $5)";
constexpr const char* count_judged =
    "SELECT policy_key, count(*) FILTER (WHERE disposition = 'true-positive'),"
    " count(*) FILTER (WHERE disposition = 'benign-positive'),"
    " count(*) FILTER (WHERE disposition = 'false-positive'),"
    " count(*) FILTER (WHERE disposition = 'undetermined')"
    " FROM callerprint.alerts WHERE state = 'closed' GROUP BY policy_key ORDER BY policy_key";

constexpr const char* find_missing =
    "SELECT id FROM unnest($1::text[]) AS t (id)"
    " WHERE NOT EXISTS (SELECT FROM callerprint.alerts AS a WHERE a.id = t.id)";

constexpr unsigned max_page = 1'000;
constexpr std::size_t min_prefix = 4;
constexpr std::size_t max_comment_bytes = 4'096;

boost::json::object object_of(const pqxx::field& field) {
    boost::system::error_code failed;
    auto value = boost::json::parse(field.c_str(), failed);
    return !failed && value.is_object() ? std::move(value.as_object()) : boost::json::object();
}

AlertRow row_of(const pqxx::row& row) {
    AlertRow out;
    auto& alert = out.alert;
    alert.id = row[0].as<std::string>();
    alert.tenant = row[1].as<std::string>();
    alert.policy_key = row[2].as<std::string>();
    alert.policy_id = row[3].as<std::string>();
    alert.policy_name = row[4].as<std::string>();
    alert.policy_title = row[5].as<std::string>();
    alert.status = row[6].as<std::string>();
    alert.policy_digest = row[7].as<std::string>();
    alert.family = row[8].as<std::string>();
    alert.clause = row[9].as<std::string>();
    alert.shadow = row[10].as<bool>();
    alert.level = row[11].as<std::string>();
    alert.subject = {row[12].as<std::string>(), row[13].as<std::string>()};
    alert.group = object_of(row[14]);
    alert.opened = base::event_time(row[15].as<long long>());
    alert.last_seen = base::event_time(row[16].as<long long>());
    alert.count = row[17].as<unsigned long long>();
    alert.summary = row[18].as<std::string>();
    alert.evidence = object_of(row[19]);
    alert.benign = elements(row[20]);
    out.triage.phase = alert::phase_of(row[21].as<std::string>()).value_or(alert::Phase::open);
    out.triage.disposition = alert::disposition_of(row[22].as<std::string>());
    out.triage.sub_reason = row[23].as<std::string>();
    out.triage.assignee = row[24].as<std::string>();
    out.triage.snoozed_until = maybe_wall_time(row[25]);
    out.acknowledged = maybe_wall_time(row[26]);
    out.closed = maybe_wall_time(row[27]);
    out.created = wall_time_of(row[28]);
    out.changed = wall_time_of(row[29]);
    out.updates = row[30].as<unsigned long long>();
    out.triage.reopened = row[31].as<std::uint32_t>();
    return out;
}

pqxx::result select(pqxx::transaction_base& tx, std::string_view condition, const Params& params) {
    return run(tx, (std::string(alert_columns) + std::string(condition)).c_str(), params);
}

base::Error no_such(std::string_view id) {
    return {Fault::not_found, "there is no alert " + std::string(id.substr(0, 60))};
}

Params& text_or_null(Params& params, const std::string& value) {
    return value.empty() ? params.null() : params.text(value);
}

struct Cursor {
    std::int64_t opened = 0;
    std::string id;
};

std::optional<Cursor> read_cursor(const std::string& text) {
    const auto dot = text.find('.');
    if (dot == std::string::npos) return std::nullopt;
    Cursor out;
    const auto* end = text.data() + dot;
    const auto read = std::from_chars(text.data(), end, out.opened);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    out.id = text.substr(dot + 1);
    return out;
}

std::string detail_of(const alert::Action& action) {
    std::string out;
    if (action.kind == alert::Action::Kind::close && action.disposition) {
        out = std::string(alert::name(*action.disposition)) + "/" + action.sub_reason;
    } else if (action.kind == alert::Action::Kind::assign) {
        out = action.assignee;
    } else if (action.kind == alert::Action::Kind::snooze && action.until) {
        out = "until " + base::to_rfc3339(*action.until);
    }
    if (!action.comment.empty()) out += (out.empty() ? "" : ": ") + action.comment;
    return out;
}

/// Tells the endpoints of a closing or reopening; other actions are nobody else's business.
void tell(pqxx::work& tx, const Renderer& render, const AlertRow& row, const alert::Action& action,
          std::int64_t closings, base::WallTime now) {
    if (row.alert.shadow) return;
    const bool close = action.kind == alert::Action::Kind::close;
    if (!close && action.kind != alert::Action::Kind::reopen) return;
    const auto name = close ? "close-" + std::to_string(closings + 1)
                            : "reopen-" + std::to_string(row.triage.reopened);
    const auto disposition =
        row.triage.disposition ? alert::name(*row.triage.disposition) : std::string_view{};
    enqueue(tx, render, enabled_endpoints(tx),
            {row.alert, close ? "alert.closed" : "alert.reopened", name, now,
             alert::name(row.triage.phase), disposition, row.triage.sub_reason});
}

}  // namespace

base::Result<AlertPage> Alerts::list(const AlertFilter& filter) {
    const auto cursor = read_cursor(filter.cursor);
    if (!filter.cursor.empty() && !cursor) {
        return base::fail(Fault::invalid, "cursor is not one that a list returned");
    }
    if (filter.limit < 1 || filter.limit > max_page) {
        return base::fail(Fault::invalid, "limit must be 1 to 1000");
    }
    Params params;
    for (const auto* text :
         {&filter.state, &filter.policy, &filter.level, &filter.subject, &filter.tenant}) {
        text_or_null(params, *text);
    }
    params.time(filter.since).time(filter.until);
    if (cursor) {
        params.integer(cursor->opened).text(cursor->id);
    } else {
        params.null().null();
    }
    params.integer(filter.limit + 1);
    return session_.connection().transaction(
        "listing alerts", [&](pqxx::work& tx) -> base::Result<AlertPage> {
            AlertPage page;
            for (const auto& row : select(tx, list_condition, params))
                page.rows.push_back(row_of(row));
            if (page.rows.size() > filter.limit) {
                page.rows.pop_back();
                const auto& last = page.rows.back().alert;
                page.next = std::to_string(base::micros(last.opened)) + "." + last.id;
            }
            return page;
        });
}

base::Result<AlertDetail> Alerts::show(std::string_view id) {
    return session_.connection().transaction(
        "reading an alert", [&](pqxx::work& tx) -> base::Result<AlertDetail> {
            auto found = select(tx, by_id, Params().text(id));
            if (found.empty() && id.size() >= min_prefix)
                found = select(tx, by_prefix, Params().text(id));
            if (found.empty()) return std::unexpected(no_such(id));
            if (found.size() > 1) {
                return base::fail(Fault::conflict, "several alerts start with " + std::string(id) +
                                                       ": write more of it");
            }
            AlertDetail out;
            out.row = row_of(found[0]);
            const auto one = Params().text(out.row.alert.id);
            for (const auto& row : run(tx, load_evidence, one)) {
                EvidenceRow evidence;
                evidence.evidence = {out.row.alert.id,           row[0].as<std::string>(),
                                     row[1].as<std::uint64_t>(), row[2].as<std::uint32_t>(),
                                     maybe_event_time(row[3]),   row[4].as<std::string>(),
                                     row[5].as<std::string>()};
                evidence.stored = wall_time_of(row[6]);
                out.evidence.push_back(std::move(evidence));
            }
            for (const auto& row : run(tx, load_events, one)) {
                out.events.push_back({wall_time_of(row[0]), row[1].as<std::string>(),
                                      row[2].as<std::string>(), row[3].as<std::string>()});
            }
            for (const auto& row : run(tx, load_deliveries, one)) {
                out.deliveries.push_back({row[0].as<std::string>(), row[1].as<std::string>(),
                                          row[2].as<std::string>(), row[3].as<std::string>(),
                                          row[4].as<unsigned>(), row[5].as<std::string>()});
            }
            return out;
        });
}

base::Result<AlertRow> Alerts::act(std::string_view id, const alert::Action& action,
                                   base::WallTime now,
                                   std::span<const alert::CustomReason> custom) {
    const auto& render = session_.options().render;
    return session_.connection().transaction(
        "changing an alert", [&](pqxx::work& tx) -> base::Result<AlertRow> {
            const auto found = select(tx, by_id_locked, Params().text(id));
            if (found.empty()) return std::unexpected(no_such(id));
            auto row = row_of(found[0]);
            const auto closings = found[0][32].as<long long>();
            const auto after = alert::act(alert::at_time(row.triage, now), action, now, custom);
            if (!after) return std::unexpected(after.error());
            row.triage = *after;
            const auto disposition = after->disposition && after->phase == alert::Phase::closed
                                         ? std::string(alert::name(*after->disposition))
                                         : std::string();
            if (disposition.empty()) row.triage.sub_reason.clear();
            run(tx, save_triage,
                Params()
                    .text(id)
                    .text(alert::name(after->phase))
                    .text(disposition)
                    .text(row.triage.sub_reason)
                    .text(after->assignee)
                    .time(after->snoozed_until)
                    .integer(after->reopened)
                    .time(now));
            const auto detail = detail_of(action);
            run(tx, add_event,
                Params()
                    .text(id)
                    .time(now)
                    .text(action.actor)
                    .text(alert::name(action.kind))
                    .text(detail));
            tell(tx, render, row, action, closings, now);
            audit(session_, tx, action.actor, "alert." + std::string(alert::name(action.kind)), id,
                  storable_json(boost::json::serialize(boost::json::object{{"detail", detail}})));
            return row_of(select(tx, by_id, Params().text(id))[0]);
        });
}

base::Result<AlertRow> Alerts::comment(std::string_view id, std::string_view actor,
                                       std::string_view text, base::WallTime now) {
    if (text.empty() || text.size() > max_comment_bytes) {
        return base::fail(Fault::invalid, "a comment has 1 to 4096 bytes");
    }
    return session_.connection().transaction(
        "commenting an alert", [&](pqxx::work& tx) -> base::Result<AlertRow> {
            const auto found = select(tx, by_id, Params().text(id));
            if (found.empty()) return std::unexpected(no_such(id));
            run(tx, add_event, Params().text(id).time(now).text(actor).text("comment").text(text));
            audit(session_, tx, actor, "alert.comment", id);
            return row_of(found[0]);
        });
}

base::Result<std::vector<Alerts::Judged>> Alerts::judged() {
    using Found = base::Result<std::vector<Judged>>;
    return session_.connection().transaction("counting dispositions", [&](pqxx::work& tx) -> Found {
        std::vector<Judged> out;
        for (const auto& row : run(tx, count_judged)) {
            out.push_back({row[0].as<std::string>(), row[1].as<std::uint64_t>(),
                           row[2].as<std::uint64_t>(), row[3].as<std::uint64_t>(),
                           row[4].as<std::uint64_t>()});
        }
        return out;
    });
}

base::Result<std::vector<std::string>> Alerts::missing(const std::vector<std::string>& ids) {
    using Found = base::Result<std::vector<std::string>>;
    return session_.connection().transaction("looking for alerts", [&](pqxx::work& tx) -> Found {
        std::vector<std::string> out;
        for (const auto& row : run(tx, find_missing, Params().texts(ids)))
            out.push_back(row[0].as<std::string>());
        return out;
    });
}

}  // namespace store
