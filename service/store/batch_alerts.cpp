#include "store/batch.hpp"

#include "base/digest.hpp"
#include "base/kill_point.hpp"
#include "base/log.hpp"
#include "store/copy_rows.hpp"
#include "store/enqueue.hpp"

#include <boost/json/serialize.hpp>
#include <memory>
#include <set>
#include <span>
#include <string_view>

namespace store {
namespace {

// An attacker can open alerts by the thousand: a statement for each, and for each of their five
// records, was most of what such a batch cost the server.
constexpr Incoming incoming_alerts{
    .table = "in_alerts",
    .make =
        "CREATE TEMPORARY TABLE IF NOT EXISTS in_alerts (id text, tenant_uid text, policy_key text,"
        " policy_id text, policy_name text, policy_title text, policy_status text,"
        " policy_digest text, family text, clause text, shadow boolean, level text,"
        " subject_kind text, subject text, \"group\" jsonb, opened timestamptz,"
        " last_seen timestamptz, count bigint, summary text, evidence jsonb, benign text[],"
        " created_at timestamptz, policy_revision text) ON COMMIT DELETE ROWS",
    .columns =
        "id, tenant_uid, policy_key, policy_id, policy_name, policy_title, policy_status,"
        " policy_digest, family, clause, shadow, level, subject_kind, subject, \"group\", opened,"
        " last_seen, count, summary, evidence, benign, created_at, policy_revision",
    .merge =
        "WITH added AS (INSERT INTO callerprint.alerts (id, tenant_uid, policy_key, policy_id,"
        " policy_name, policy_title, policy_status, policy_digest, family, clause, shadow, level,"
        " subject_kind, subject, \"group\", opened, last_seen, count, summary, evidence, benign,"
        " created_at, policy_revision, changed_at) SELECT *, created_at FROM in_alerts ON CONFLICT "
        "(id) DO NOTHING"
        " RETURNING id, created_at),"
        " told AS (INSERT INTO callerprint.alert_events (alert_id, at, actor, action)"
        " SELECT id, created_at, 'callerprint', 'opened' FROM added)"
        " SELECT id FROM added"};
constexpr const char* update_alert =
    "UPDATE callerprint.alerts SET last_seen = greatest(last_seen, callerprint.at($2)),"
    " count = greatest(count, $3::bigint), updates = updates + 1, changed_at = callerprint.at($4)"
    " WHERE id = $1 RETURNING updates, state, shadow, disposition, sub_reason";
constexpr Incoming incoming_evidence{
    .table = "in_evidence",
    .make =
        "CREATE TEMPORARY TABLE IF NOT EXISTS in_evidence (alert_id text, source text, block "
        "bigint, record bigint, time timestamptz, sha256 text, raw text, stored_at timestamptz)"
        " ON COMMIT DELETE ROWS",
    .columns = "alert_id, source, block, record, time, sha256, raw, stored_at",
    .merge =
        "INSERT INTO callerprint.evidence (alert_id, source, block, record, time, sha256, raw,"
        " stored_at) SELECT * FROM in_evidence ON CONFLICT DO NOTHING"};

constexpr std::size_t max_raw_bytes = 64 * 1024;

/// Endpoints are read once a batch, and only when there is something to tell.
class Audience {
public:
    const std::vector<Endpoint>& of(pqxx::transaction_base& tx) {
        if (!loaded_) endpoints_ = enabled_endpoints(tx);
        loaded_ = true;
        return endpoints_;
    }

private:
    bool loaded_ = false;
    std::vector<Endpoint> endpoints_;
};

void put(CopyText& out, const alert::Alert& alert, const Effects& effects) {
    out.text(alert.id).text(alert.tenant).text(alert.policy_key).text(alert.policy_id);
    out.text(alert.policy_name).text(alert.policy_title).text(alert.status);
    out.text(alert.policy_digest).text(alert.family).text(alert.clause).boolean(alert.shadow);
    out.text(alert.level).text(alert.subject.kind).text(alert.subject.value);
    out.text(storable_json(boost::json::serialize(alert.group)));
    out.time(alert.opened).time(alert.last_seen).counter(alert.count).text(alert.summary);
    out.text(storable_json(boost::json::serialize(alert.evidence)));
    out.texts(alert.benign.data(), alert.benign.size());
    out.time(base::event_time(base::micros(effects.now))).text(effects.policy_rev);
}

using Alerts = std::vector<const alert::Alert*>;

/// Opens those that are not there yet, and tells of them.
void open(pqxx::dbtransaction& tx, const Batch& batch, Audience& audience, const Alerts& alerts) {
    if (alerts.empty()) return;
    const auto now = batch.effects.now;
    const auto added = merge_rows(
        tx, batch.connection, incoming_alerts, std::span(alerts),
        [&](CopyText& out, const alert::Alert* alert) { put(out, *alert, batch.effects); });
    BASE_KILL_POINT("store.batch.alerts.after");
    std::set<std::string_view> ids;
    for (const auto& row : added) ids.emplace(row[0].c_str(), row[0].size());
    batch.result.opened += ids.size();
    for (const auto* alert : alerts) {
        if (ids.erase(alert->id) == 0 || alert->shadow) continue;
        batch.result.deliveries += enqueue(tx, batch.render, audience.of(tx),
                                           {*alert, "alert.opened", "open", now, "open", "", ""});
        BASE_KILL_POINT("store.batch.outbox.row");
    }
}

/// False when there is no such alert (any more).
bool update(pqxx::dbtransaction& tx, const Batch& batch, Audience& audience,
            const alert::Alert& alert) {
    const auto now = batch.effects.now;
    const auto rows = run(tx, update_alert,
                          Params()
                              .text(alert.id)
                              .time(alert.last_seen)
                              .integer(static_cast<std::int64_t>(alert.count))
                              .time(now));
    BASE_KILL_POINT("store.batch.alert.updated");
    if (rows.empty()) return false;
    if (rows[0][2].as<bool>()) return true;  // shadow: recorded, nobody is told
    const auto name = "update-" + rows[0][0].as<std::string>();
    const auto state = rows[0][1].as<std::string>();
    const auto disposition = rows[0][3].as<std::string>();
    const auto sub_reason = rows[0][4].as<std::string>();
    batch.result.deliveries +=
        enqueue(tx, batch.render, audience.of(tx),
                {alert, "alert.updated", name, now, state, disposition, sub_reason});
    return true;
}

/// Openings before updates: an alert's opening comes first in any batch that has both.
void write(pqxx::dbtransaction& tx, const Batch& batch, Audience& audience,
           std::span<const alert::Change> changes) {
    Alerts opened;
    for (const auto& change : changes) {
        if (change.kind == alert::Change::Kind::opened) opened.push_back(&change.alert);
    }
    open(tx, batch, audience, opened);
    for (const auto& change : changes) {
        if (change.kind != alert::Change::Kind::updated) continue;
        // The row may be gone (an erasure, a restored backup): open it again.
        if (!update(tx, batch, audience, change.alert)) open(tx, batch, audience, {&change.alert});
    }
}

void put(CopyText& out, const Evidence& evidence, base::WallTime now) {
    out.text(evidence.alert_id).text(evidence.source).counter(evidence.block);
    out.integer(evidence.record);
    if (evidence.time) {
        out.time(*evidence.time);
    } else {
        out.null();
    }
    out.text(evidence.sha256).text(std::string_view(evidence.raw).substr(0, max_raw_bytes));
    out.time(base::event_time(base::micros(now)));
}

}  // namespace

void add_alert_sections(const Batch& batch, std::vector<Section>& out) {
    const auto& effects = batch.effects;
    if (!effects.alerts.empty()) {
        const auto audience = std::make_shared<Audience>();
        out.push_back(
            {"alerts", effects.alerts.size(),
             [batch, audience](pqxx::dbtransaction& tx, std::size_t begin, std::size_t end) {
                 write(tx, batch, *audience,
                       std::span(batch.effects.alerts).subspan(begin, end - begin));
             },
             [&effects](std::size_t row) {
                 DeadLetter letter;
                 letter.sample = boost::json::serialize(
                     boost::json::object(alert::to_json(effects.alerts[row].alert)));
                 return letter;
             }});
    }
    if (!effects.evidence.empty()) {
        out.push_back({"evidence", effects.evidence.size(),
                       [batch](pqxx::dbtransaction& tx, std::size_t begin, std::size_t end) {
                           merge_rows(tx, batch.connection, incoming_evidence,
                                      std::span(batch.effects.evidence).subspan(begin, end - begin),
                                      [&](CopyText& out, const Evidence& evidence) {
                                          put(out, evidence, batch.effects.now);
                                      });
                           BASE_KILL_POINT("store.batch.evidence.after");
                       },
                       [&effects](std::size_t row) {
                           const auto& evidence = effects.evidence[row];
                           DeadLetter letter;
                           letter.block = evidence.block;
                           letter.record = evidence.record;
                           letter.sample = evidence.raw;
                           return letter;
                       }});
    }
}

}  // namespace store
