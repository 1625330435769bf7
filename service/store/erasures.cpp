#include "store/erasures.hpp"

#include "base/digest.hpp"
#include "store/audit_entry.hpp"
#include "store/connection.hpp"
#include "store/erase_rows.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <array>

namespace store {
namespace {

using base::Fault;

constexpr const char* columns =
    "id, callerprint.micros(requested_at), requested_by, reason, subject_values, rows_found,"
    " callerprint.micros(approved_at), approved_by, callerprint.micros(withdrawn_at), withdrawn_by,"
    " callerprint.micros(done_at), journal_end, result::text";
constexpr const char* add_request =
    "INSERT INTO callerprint.erasures (id, requested_at, requested_by, reason, subject_values,"
    " rows_found) VALUES ($1, clock_timestamp(), $2, $3, $4, $5)";
constexpr const char* count_open =
    "SELECT count(*) FROM callerprint.erasures WHERE subject_values IS NOT NULL";
constexpr const char* set_approved =
    "UPDATE callerprint.erasures SET approved_at = clock_timestamp(), approved_by = $2"
    " WHERE id = $1 AND approved_at IS NULL";
constexpr const char* set_withdrawn =
    "UPDATE callerprint.erasures SET withdrawn_at = clock_timestamp(), withdrawn_by = $2,"
    " subject_values = NULL WHERE id = $1";
constexpr const char* set_done =
    "UPDATE callerprint.erasures SET done_at = clock_timestamp(), subject_values = NULL,"
    " journal_end = $2, result = $3::jsonb WHERE id = $1 AND subject_values IS NOT NULL";

std::string select(std::string_view rest) {
    return std::string("SELECT ") + columns + " FROM callerprint.erasures " + std::string(rest);
}

std::string text_of(const pqxx::field& field) {
    return field.is_null() ? std::string() : field.as<std::string>();
}

Erasure erasure_of(const pqxx::row& row) {
    Erasure out;
    out.id = row[0].as<std::string>();
    out.requested = wall_time_of(row[1]);
    out.requested_by = row[2].as<std::string>();
    out.reason = row[3].as<std::string>();
    if (!row[4].is_null()) out.values = elements(row[4]);
    out.rows_found = row[5].as<std::uint64_t>();
    out.approved = maybe_wall_time(row[6]);
    out.approved_by = text_of(row[7]);
    out.withdrawn = maybe_wall_time(row[8]);
    out.withdrawn_by = text_of(row[9]);
    out.done = maybe_wall_time(row[10]);
    if (!row[11].is_null()) out.journal_end = row[11].as<std::uint64_t>();
    out.result_json = text_of(row[12]);
    return out;
}

base::Result<Erasure> load(pqxx::work& tx, std::string_view id, std::string_view lock = "") {
    const auto rows =
        run(tx, select("WHERE id = $1 " + std::string(lock)).c_str(), Params().text(id));
    if (rows.empty())
        return base::fail(Fault::not_found, "there is no erasure " + std::string(id.substr(0, 20)));
    return erasure_of(rows[0]);
}

/// The request, if it can still be changed.
base::Result<Erasure> load_open(pqxx::work& tx, std::string_view id) {
    auto found = load(tx, id, "FOR UPDATE");
    if (found && found->values.empty())
        return base::fail(Fault::conflict, "erasure " + found->id + " is " +
                                               std::string(found->state()) +
                                               " and cannot be changed any more");
    return found;
}

std::string new_id() {
    std::array<std::uint8_t, 16> bytes{};
    base::random_bytes(bytes);
    return base::base32(bytes).substr(0, 10);
}

}  // namespace

std::string_view Erasure::state() const noexcept {
    if (done) return "done";
    if (withdrawn) return "withdrawn";
    return approved ? "approved" : "requested";
}

base::Result<Erasure> Erasures::request(const std::vector<std::string>& values,
                                        std::string_view reason, std::string_view by) {
    if (reason.empty() || reason.size() > most_reason_bytes)
        return base::fail(Fault::invalid, "an erasure has a reason of 1 to " +
                                              std::to_string(most_reason_bytes) +
                                              " bytes: the number of its case, say");
    const auto id = new_id();
    const auto subjects = erase::Subjects::make(values, id);
    if (!subjects) return std::unexpected(subjects.error());
    if (subjects->in(reason) || subjects->in(by))
        return base::fail(Fault::invalid,
                          "the reason and whoever asks stay in the audit: leave out what is to be "
                          "erased, or let somebody else ask");
    const auto found = count_rows(session_, *subjects);
    if (!found) return std::unexpected(found.error());
    std::uint64_t rows = 0;
    for (const auto& [table, count] : *found) rows += count;
    std::vector<std::string> normal;
    for (const auto& subject : subjects->all()) normal.push_back(subject.value());
    return session_.connection().transaction(
        "requesting an erasure", [&](pqxx::work& tx) -> base::Result<Erasure> {
            if (run(tx, count_open)[0][0].as<std::size_t>() >= most_open)
                return base::fail(Fault::exhausted,
                                  "there are " + std::to_string(most_open) +
                                      " open erasures; approve or withdraw some first");
            run(tx, add_request,
                Params().text(id).text(by).text(reason).texts(normal).integer(
                    static_cast<std::int64_t>(rows)));
            audit(session_, tx, by, "erasure.request", id,
                  boost::json::serialize(boost::json::object{{"reason", reason}, {"rows", rows}}));
            return load(tx, id);
        });
}

base::Result<Erasure> Erasures::approve(std::string_view id, std::string_view by) {
    return session_.connection().transaction(
        "approving an erasure", [&](pqxx::work& tx) -> base::Result<Erasure> {
            auto found = load_open(tx, id);
            if (!found) return found;
            if (found->requested_by == by)
                return base::fail(Fault::conflict,
                                  "whoever asked for an erasure cannot approve it: "
                                  "a second person has to");
            if (run(tx, set_approved, Params().text(found->id).text(by)).affected_rows() == 0)
                return found;
            audit(session_, tx, by, "erasure.approve", found->id);
            return load(tx, found->id);
        });
}

base::Result<Erasure> Erasures::withdraw(std::string_view id, std::string_view by) {
    return session_.connection().transaction(
        "withdrawing an erasure", [&](pqxx::work& tx) -> base::Result<Erasure> {
            auto found = load_open(tx, id);
            if (!found) return found;
            run(tx, set_withdrawn, Params().text(found->id).text(by));
            audit(session_, tx, by, "erasure.withdraw", found->id);
            return load(tx, found->id);
        });
}

base::Result<Erasure> Erasures::show(std::string_view id) {
    return session_.connection().look(
        "reading an erasure",
        [&](pqxx::work& tx) -> base::Result<Erasure> { return load(tx, id); });
}

base::Result<std::vector<Erasure>> Erasures::list() {
    using Found = base::Result<std::vector<Erasure>>;
    return session_.connection().look("listing erasures", [&](pqxx::work& tx) -> Found {
        std::vector<Erasure> out;
        for (const auto& row : run(tx, select("ORDER BY requested_at DESC, id LIMIT 1000").c_str()))
            out.push_back(erasure_of(row));
        return out;
    });
}

base::Result<std::optional<Erasure>> Erasures::next() {
    using Found = base::Result<std::optional<Erasure>>;
    return session_.connection().look("looking for an erasure", [&](pqxx::work& tx) -> Found {
        const auto rows =
            run(tx, select("WHERE subject_values IS NOT NULL AND approved_at IS NOT NULL"
                           " ORDER BY approved_at, id LIMIT 1")
                        .c_str());
        if (rows.empty()) return std::nullopt;
        return erasure_of(rows[0]);
    });
}

base::Result<void> Erasures::finish(const Erasure& erasure, std::uint64_t journal_end,
                                    std::string_view result_json) {
    return session_.connection().transaction(
        "finishing an erasure", [&](pqxx::work& tx) -> base::Result<void> {
            const auto done = run(tx, set_done,
                                  Params()
                                      .text(erasure.id)
                                      .integer(static_cast<std::int64_t>(journal_end))
                                      .text(result_json));
            if (done.affected_rows() == 0) return {};  // withdrawn meanwhile
            audit(session_, tx, erasure.approved_by, "erasure.done", erasure.id, result_json);
            return {};
        });
}

}  // namespace store
