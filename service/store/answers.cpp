#include "store/answers.hpp"

#include "store/audit_entry.hpp"
#include "store/connection.hpp"

namespace store {
namespace {

constexpr std::size_t shortest_id = 6;

constexpr const char* count_asked =
    "SELECT count(*) FROM callerprint.audit"
    " WHERE actor = $1 AND action = 'question.ask' AND at > callerprint.at($2) - interval '1 hour'";
constexpr const char* add_answer =
    "INSERT INTO callerprint.answers (id, asked_at, asked_by, case_ref, period_from, period_to, "
    "as_of, use, licence, confidence, statement, record)"
    " VALUES ($1, callerprint.at($2), $3, $4, callerprint.at($5), callerprint.at($6),"
    " callerprint.at($7), $8, $9, $10::double precision, $11, $12) ON CONFLICT (id) DO NOTHING";
constexpr const char* find_case =
    "SELECT EXISTS (SELECT FROM callerprint.answers WHERE case_ref = $2 AND asked_by = $1)";
constexpr const char* find_answer =
    "SELECT id, asked_by, case_ref, callerprint.micros(period_from),"
    " callerprint.micros(period_to), callerprint.micros(as_of), use, licence, confidence,"
    " statement, record, erasure FROM callerprint.answers WHERE id = $1 OR left(id, length($1)) = "
    "$1"
    " ORDER BY id LIMIT 2";

StoredAnswer answer_of(const pqxx::row& row) {
    return {.id = row[0].as<std::string>(),
            .asked_by = row[1].as<std::string>(),
            .case_ref = row[2].as<std::string>(),
            .from = base::event_time(row[3].as<std::int64_t>()),
            .to = base::event_time(row[4].as<std::int64_t>()),
            .as_of = maybe_event_time(row[5]),
            .use = row[6].as<std::string>(),
            .licence = row[7].as<std::string>(),
            .confidence = row[8].as<double>(),
            .statement = row[9].as<std::string>(),
            .record = row[10].as<std::string>()};
}

}  // namespace

base::Result<void> Answers::begin(std::string_view actor, std::string_view case_ref,
                                  std::string_view clues_json, std::uint64_t most,
                                  base::WallTime now) {
    return session_.connection().transaction(
        "asking a question", [&](pqxx::work& tx) -> base::Result<void> {
            const auto asked = run(tx, count_asked, Params().text(actor).time(now));
            if (asked[0][0].as<std::uint64_t>() >= most) {
                return base::fail(base::Fault::exhausted,
                                  "at most " + std::to_string(most) +
                                      " questions an hour; wait, or ask an administrator");
            }
            audit(session_, tx, actor, "question.ask", case_ref, clues_json);
            return {};
        });
}

base::Result<void> Answers::save(const StoredAnswer& answer, base::WallTime now) {
    return session_.connection().transaction("storing an answer",
                                             [&](pqxx::work& tx) -> base::Result<void> {
                                                 run(tx, add_answer,
                                                     Params()
                                                         .text(answer.id)
                                                         .time(now)
                                                         .text(answer.asked_by)
                                                         .text(answer.case_ref)
                                                         .time(answer.from)
                                                         .time(answer.to)
                                                         .time(answer.as_of)
                                                         .text(answer.use)
                                                         .text(answer.licence)
                                                         .text(std::to_string(answer.confidence))
                                                         .text(answer.statement)
                                                         .text(answer.record));
                                                 return {};
                                             });
}

base::Result<bool> Answers::answered(std::string_view actor, std::string_view case_ref) {
    return session_.connection().transaction(
        "looking for an answer", [&](pqxx::work& tx) -> base::Result<bool> {
            return run(tx, find_case, Params().text(actor).text(case_ref))[0][0].as<bool>();
        });
}

base::Result<StoredAnswer> Answers::show(std::string_view id, std::string_view actor) {
    if (id.size() < shortest_id) {
        return base::fail(base::Fault::invalid, "give at least 6 characters of an answer's id");
    }
    return session_.connection().transaction(
        "reading an answer", [&](pqxx::work& tx) -> base::Result<StoredAnswer> {
            const auto rows = run(tx, find_answer, Params().text(id));
            if (rows.empty()) return base::fail(base::Fault::not_found, "no such answer");
            if (rows.size() > 1 && rows[0][0].as<std::string>() != id) {
                return base::fail(base::Fault::conflict, "several answers begin like that");
            }
            if (!rows[0][11].is_null())
                return base::fail(base::Fault::conflict,
                                  "a person whom this answer named was erased (erasure " +
                                      rows[0][11].as<std::string>() +
                                      "), so it is not what was signed; what is left of it is in "
                                      "investigate.answers");
            auto found = answer_of(rows[0]);
            audit(session_, tx, actor, "answer.read", found.id);
            return found;
        });
}

}  // namespace store
