#include "store/outbox.hpp"

#include "base/kill_point.hpp"
#include "store/audit_entry.hpp"
#include "store/connection.hpp"

#include <algorithm>

namespace store {
namespace {

// Due rows of each enabled endpoint, none of whose earlier ones for the same alert is unfinished.
// The lock is taken inside, so that two workers never see the same row as free.
constexpr const char* claim_rows =
    "WITH due AS (SELECT c.id FROM callerprint.endpoints e CROSS JOIN LATERAL ("
    " SELECT o.id, o.next_at, o.n FROM callerprint.outbox o WHERE o.endpoint_id = e.id"
    " AND o.state = 'ready' AND o.next_at <= callerprint.at($2)"
    " AND (o.lease_until IS NULL OR o.lease_until <= callerprint.at($2))"
    " AND NOT EXISTS (SELECT FROM callerprint.outbox p WHERE p.alert_id = o.alert_id"
    " AND p.endpoint_id = o.endpoint_id AND p.n < o.n AND p.state = 'ready')"
    " ORDER BY o.next_at, o.n LIMIT $4 FOR UPDATE SKIP LOCKED) c"
    " WHERE e.enabled ORDER BY c.next_at, c.n LIMIT $3)"
    " UPDATE callerprint.outbox o SET attempt = o.attempt + 1, worker = $1,"
    " lease_until = callerprint.at($2) + $5 * interval '1 second'"
    " FROM due, callerprint.endpoints e WHERE o.id = due.id AND e.id = o.endpoint_id"
    " RETURNING o.id, o.endpoint_id, o.alert_id, o.event, o.attempt, e.url, e.format, "
    "o.content_type,"
    " e.allow_insecure, e.secret, e.previous_secret, callerprint.micros(e.previous_until), o.body,"
    " callerprint.micros(o.created_at), callerprint.micros(o.lease_until), o.n, o.next_at";
// Of what waits: what was never attempted was due when it was queued, so that was in the future;
// the rest waits since an attempt. What is due, the backlog of a dead endpoint, costs no look-up.
constexpr const char* free_rows_of_the_future =
    "UPDATE callerprint.outbox o SET next_at = callerprint.at($1), lease_until = NULL"
    " WHERE o.state = 'ready' AND greatest(o.next_at, o.lease_until) > callerprint.at($1)"
    " AND (o.attempt = 0 OR EXISTS (SELECT FROM callerprint.delivery_attempts a"
    " WHERE a.delivery_id = o.id AND a.attempt = o.attempt"
    " AND greatest(a.started_at, a.finished_at) > callerprint.at($1)))";
constexpr const char* add_attempt =
    "INSERT INTO callerprint.delivery_attempts (delivery_id, attempt, started_at, worker)"
    " VALUES ($1, $2, callerprint.at($3), $4) ON CONFLICT DO NOTHING";
constexpr const char* finish_row =
    "UPDATE callerprint.outbox SET state = $3, lease_until = NULL, next_at = callerprint.at($4),"
    " http_status = $5, error = $6,"
    " finished_at = CASE WHEN $3 = 'ready' THEN NULL ELSE callerprint.at($7) END"
    " WHERE id = $1 AND attempt = $2 AND state = 'ready' AND worker = $8";
constexpr const char* finish_attempt =
    "UPDATE callerprint.delivery_attempts SET outcome = $3, finished_at = callerprint.at($4),"
    " http_status = $5, error = $6, answer = $7, took_ms = $8"
    " WHERE delivery_id = $1 AND attempt = $2 AND outcome = 'unknown'";
constexpr const char* release_row =
    "UPDATE callerprint.outbox SET lease_until = NULL, attempt = attempt - 1"
    " WHERE id = $1 AND attempt = $2 AND state = 'ready' AND worker = $3";
constexpr const char* release_attempt =
    "UPDATE callerprint.delivery_attempts SET outcome = 'not_sent', finished_at = started_at"
    " WHERE delivery_id = $1 AND attempt = $2 AND outcome = 'unknown'";
constexpr const char* replay_one =
    "UPDATE callerprint.outbox SET state = 'ready', attempt = 0, next_at = callerprint.at($2),"
    " lease_until = NULL, finished_at = NULL, error = '' WHERE id = $1 AND state <> 'ready'";
constexpr const char* replay_endpoint =
    "UPDATE callerprint.outbox SET state = 'ready', attempt = 0, next_at = callerprint.at($2),"
    " lease_until = NULL, finished_at = NULL, error = '' WHERE endpoint_id = $1 AND state = 'dead'";
constexpr const char* find_next_due =
    "SELECT callerprint.micros(min(greatest(o.next_at, o.lease_until))) FROM callerprint.outbox o"
    " JOIN callerprint.endpoints e ON e.id = o.endpoint_id AND e.enabled WHERE o.state = 'ready'";

constexpr std::size_t max_error_bytes = 1'024;
constexpr std::size_t max_answer_bytes = 1'024;

Params& status(Params& params, const std::optional<int>& value) {
    return value ? params.integer(*value) : params.null();
}

base::Result<Delivery> delivery_of(const pqxx::row& row, const Sealer& sealer, base::WallTime now) {
    Delivery out;
    out.id = row[0].as<std::string>();
    out.endpoint_id = row[1].as<std::string>();
    out.alert_id = row[2].as<std::string>();
    out.event = row[3].as<std::string>();
    out.attempt = row[4].as<unsigned>();
    out.url = row[5].as<std::string>();
    out.format = row[6].as<std::string>();
    out.content_type = row[7].as<std::string>();
    out.allow_insecure = row[8].as<bool>();
    auto secret = sealer.open(bytes_of(row[9]), out.endpoint_id);
    if (!secret) return std::unexpected(secret.error());
    out.secrets.push_back(std::move(*secret));
    const auto until = maybe_wall_time(row[11]);
    if (!row[10].is_null() && until && *until > now) {
        auto previous = sealer.open(bytes_of(row[10]), out.endpoint_id);
        if (!previous) return std::unexpected(previous.error());
        out.secrets.push_back(std::move(*previous));
    }
    out.body = bytes_of(row[12]);
    out.created = wall_time_of(row[13]);
    out.lease_until = wall_time_of(row[14]);
    return out;
}

}  // namespace

base::Result<std::vector<Delivery>> Outbox::claim(const Claim& claim) {
    using Claimed = base::Result<std::vector<Delivery>>;
    return session_.connection().transaction("claiming deliveries", [&](pqxx::work& tx) -> Claimed {
        BASE_KILL_POINT("outbox.claim.before");
        const auto rows = run(tx, claim_rows,
                              Params()
                                  .text(claim.worker)
                                  .time(claim.now)
                                  .integer(claim.limit)
                                  .integer(claim.per_endpoint)
                                  .integer(claim.lease.count()));
        std::vector<std::pair<long long, Delivery>> ordered;
        for (const auto& row : rows) {
            auto delivery = delivery_of(row, sealer_, claim.now);
            if (!delivery) return std::unexpected(delivery.error());
            run(tx, add_attempt,
                Params()
                    .text(delivery->id)
                    .integer(delivery->attempt)
                    .time(claim.now)
                    .text(claim.worker));
            BASE_KILL_POINT("outbox.claim.row");
            delivery->worker = claim.worker;
            ordered.emplace_back(row[15].as<long long>(), std::move(*delivery));
        }
        std::sort(ordered.begin(), ordered.end(),
                  [](const auto& a, const auto& b) { return a.first < b.first; });
        std::vector<Delivery> out;
        for (auto& [n, delivery] : ordered) out.push_back(std::move(delivery));
        return out;
    });
}

base::Result<std::size_t> Outbox::clock_set_back(base::WallTime now) {
    return session_.connection().transaction(
        "following the clock", [&](pqxx::work& tx) -> base::Result<std::size_t> {
            return static_cast<std::size_t>(
                run(tx, free_rows_of_the_future, Params().time(now)).affected_rows());
        });
}

base::Result<bool> Outbox::finish(const Delivery& delivery, const Attempt& attempt,
                                  base::WallTime now, std::string_view state, base::WallTime next) {
    return session_.connection().transaction(
        "marking a delivery", [&](pqxx::work& tx) -> base::Result<bool> {
            // Losing this mark costs one attempt more with the same id, so it need not wait for the
            // disk.
            tx.exec("SET LOCAL synchronous_commit = off");
            BASE_KILL_POINT("outbox.mark.before");
            const auto error = std::string_view(attempt.error).substr(0, max_error_bytes);
            Params row;
            row.text(delivery.id).integer(delivery.attempt).text(state).time(next);
            status(row, attempt.http_status).text(error).time(now).text(delivery.worker);
            const bool ours = run(tx, finish_row, row).affected_rows() == 1;
            BASE_KILL_POINT("outbox.mark.row");
            Params made;
            made.text(delivery.id).integer(delivery.attempt);
            made.text(state == "delivered" ? "delivered" : "failed").time(now);
            status(made, attempt.http_status).text(error);
            made.text(std::string_view(attempt.answer).substr(0, max_answer_bytes));
            made.integer(attempt.took.count());
            run(tx, finish_attempt, made);
            BASE_KILL_POINT("outbox.mark.attempt");
            return ours;
        });
}

base::Result<bool> Outbox::delivered(const Delivery& delivery, const Attempt& attempt,
                                     base::WallTime now) {
    return finish(delivery, attempt, now, "delivered", now);
}

base::Result<bool> Outbox::retry(const Delivery& delivery, const Attempt& attempt,
                                 base::WallTime now, base::WallTime next) {
    return finish(delivery, attempt, now, "ready", next);
}

base::Result<bool> Outbox::dead(const Delivery& delivery, const Attempt& attempt,
                                base::WallTime now) {
    return finish(delivery, attempt, now, "dead", now);
}

base::Result<bool> Outbox::release(const Delivery& delivery) {
    return session_.connection().transaction(
        "releasing a delivery", [&](pqxx::work& tx) -> base::Result<bool> {
            const auto key = Params().text(delivery.id).integer(delivery.attempt);
            run(tx, release_attempt, key);
            return run(tx, release_row,
                       Params().text(delivery.id).integer(delivery.attempt).text(delivery.worker))
                       .affected_rows() == 1;
        });
}

base::Result<std::size_t> Outbox::replay(std::string_view delivery_id, base::WallTime now,
                                         std::string_view actor) {
    return session_.connection().transaction(
        "replaying a delivery", [&](pqxx::work& tx) -> base::Result<std::size_t> {
            const auto rows =
                run(tx, replay_one, Params().text(delivery_id).time(now)).affected_rows();
            audit(session_, tx, actor, "delivery.replay", delivery_id);
            return rows;
        });
}

base::Result<std::size_t> Outbox::replay_dead(std::string_view endpoint_id, base::WallTime now,
                                              std::string_view actor) {
    return session_.connection().transaction(
        "replaying deliveries", [&](pqxx::work& tx) -> base::Result<std::size_t> {
            const auto rows =
                run(tx, replay_endpoint, Params().text(endpoint_id).time(now)).affected_rows();
            audit(session_, tx, actor, "delivery.replay_dead", endpoint_id);
            return rows;
        });
}

base::Result<std::optional<base::WallTime>> Outbox::next_due() {
    using Found = base::Result<std::optional<base::WallTime>>;
    return session_.connection().transaction(
        "looking for deliveries",
        [&](pqxx::work& tx) -> Found { return maybe_wall_time(run(tx, find_next_due)[0][0]); });
}

}  // namespace store
