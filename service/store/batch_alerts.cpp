#include "store/batch.hpp"

#include "base/digest.hpp"
#include "base/log.hpp"
#include "store/copy_rows.hpp"
#include "store/enqueue.hpp"

#include <boost/json/serialize.hpp>
#include <memory>

namespace store {
namespace {

constexpr const char* add_alert =
    "INSERT INTO callerprint.alerts (id, tenant_uid, policy_key, policy_id, policy_name, "
    "policy_title,"
    " policy_status, policy_digest, family, clause, shadow, level, subject_kind, subject, "
    "\"group\","
    " opened, last_seen, count, summary, evidence, benign, created_at, changed_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::jsonb,"
    " callerprint.at($16), callerprint.at($17), $18, $19, $20::jsonb, $21, callerprint.at($22),"
    " callerprint.at($22)) ON CONFLICT (id) DO NOTHING";
constexpr const char* update_alert =
    "UPDATE callerprint.alerts SET last_seen = greatest(last_seen, callerprint.at($2)),"
    " count = greatest(count, $3::bigint), updates = updates + 1, changed_at = callerprint.at($4)"
    " WHERE id = $1 RETURNING updates, state, shadow, disposition, sub_reason";
constexpr const char* add_event =
    "INSERT INTO callerprint.alert_events (alert_id, at, actor, action)"
    " VALUES ($1, callerprint.at($2), 'callerprint', 'opened')";
// Five records an alert, and an attacker can open alerts by the thousand: a statement for each was
// most of what such a batch cost the server.
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

/// True when it is new.
bool insert(pqxx::dbtransaction& tx, const alert::Alert& alert, base::WallTime now) {
    const auto params = Params()
                            .text(alert.id)
                            .text(alert.tenant)
                            .text(alert.policy_key)
                            .text(alert.policy_id)
                            .text(alert.policy_name)
                            .text(alert.policy_title)
                            .text(alert.status)
                            .text(alert.policy_digest)
                            .text(alert.family)
                            .text(alert.clause)
                            .boolean(alert.shadow)
                            .text(alert.level)
                            .text(alert.subject.kind)
                            .text(alert.subject.value)
                            .text(storable_json(boost::json::serialize(alert.group)))
                            .time(alert.opened)
                            .time(alert.last_seen)
                            .integer(static_cast<std::int64_t>(alert.count))
                            .text(alert.summary)
                            .text(storable_json(boost::json::serialize(alert.evidence)))
                            .texts(alert.benign)
                            .time(now);
    if (run(tx, add_alert, params).affected_rows() == 0) return false;
    run(tx, add_event, Params().text(alert.id).time(now));
    return true;
}

void write(pqxx::dbtransaction& tx, const Batch& batch, Audience& audience,
           const alert::Change& change) {
    const auto& alert = change.alert;
    const auto now = batch.effects.now;
    if (change.kind == alert::Change::Kind::updated) {
        const auto rows = run(tx, update_alert,
                              Params()
                                  .text(alert.id)
                                  .time(alert.last_seen)
                                  .integer(static_cast<std::int64_t>(alert.count))
                                  .time(now));
        if (!rows.empty()) {
            if (rows[0][2].as<bool>()) return;  // shadow: recorded, nobody is told
            const auto name = "update-" + rows[0][0].as<std::string>();
            const auto state = rows[0][1].as<std::string>();
            const auto disposition = rows[0][3].as<std::string>();
            const auto sub_reason = rows[0][4].as<std::string>();
            batch.result.deliveries +=
                enqueue(tx, batch.render, audience.of(tx),
                        {alert, "alert.updated", name, now, state, disposition, sub_reason});
            return;
        }
        // The row is gone (an erasure, a restored backup): open it again.
    }
    if (!insert(tx, alert, now)) return;
    ++batch.result.opened;
    if (alert.shadow) return;
    batch.result.deliveries += enqueue(tx, batch.render, audience.of(tx),
                                       {alert, "alert.opened", "open", now, "open", "", ""});
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
                 for (std::size_t i = begin; i < end; ++i) {
                     write(tx, batch, *audience, batch.effects.alerts[i]);
                 }
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
