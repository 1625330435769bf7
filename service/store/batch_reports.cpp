#include "store/batch.hpp"

namespace store {
namespace {

constexpr const char* load_progress =
    "SELECT next, callerprint.micros(newest) FROM callerprint.producers"
    " WHERE source = $1 AND producer = $2";
constexpr const char* save_progress =
    "INSERT INTO callerprint.producers (source, producer, next, newest)"
    " VALUES ($1, $2, $3, callerprint.at($4))"
    " ON CONFLICT (source, producer) DO UPDATE SET next = excluded.next, newest = excluded.newest";
// Those that the numbers touch count no more; what is left of them comes back.
constexpr const char* take_holes =
    "UPDATE callerprint.sequence_holes SET replaced_at = now() WHERE source = $1 AND producer = $2"
    " AND first <= $4 AND last >= $3 AND replaced_at IS NULL RETURNING first, last, records, "
    "callerprint.micros(from_time),"
    " callerprint.micros(to_time)";
constexpr const char* add_hole =
    "INSERT INTO callerprint.sequence_holes (source, producer, first, last, records, from_time,"
    " to_time) VALUES ($1, $2, $3, $4, $5, callerprint.at($6), callerprint.at($7))";

using coverage::Report;

std::int64_t number(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}
std::uint64_t number(const pqxx::field& field) {
    return static_cast<std::uint64_t>(field.as<long long>());
}

std::optional<coverage::Progress> progress_of(pqxx::dbtransaction& tx, const Report& report) {
    const auto rows = run(tx, load_progress, Params().text(report.source).text(report.producer));
    if (rows.empty()) return std::nullopt;
    return coverage::Progress{number(rows[0][0]), base::event_time(rows[0][1].as<long long>())};
}

std::vector<coverage::Hole> holes_of(pqxx::dbtransaction& tx, const Report& report) {
    std::vector<coverage::Hole> out;
    for (const auto& row : run(tx, take_holes,
                               Params()
                                   .text(report.source)
                                   .text(report.producer)
                                   .integer(number(report.numbers.first))
                                   .integer(number(report.numbers.last))))
        out.push_back({.numbers = {number(row[0]), number(row[1])},
                       .records = row[2].as<bool>(),
                       .from = base::event_time(row[3].as<long long>()),
                       .to = base::event_time(row[4].as<long long>())});
    return out;
}

void write(pqxx::dbtransaction& tx, const Report& report) {
    const auto before = progress_of(tx, report);
    // Only numbers below those that came may be missing.
    const bool behind = before && report.numbers.first < before->next;
    const auto holes = behind ? holes_of(tx, report) : std::vector<coverage::Hole>();
    const auto step = coverage::apply(before, holes, report);
    run(tx, save_progress,
        Params()
            .text(report.source)
            .text(report.producer)
            .integer(number(step.progress.next))
            .time(step.progress.newest));
    for (const auto& hole : step.open)
        run(tx, add_hole,
            Params()
                .text(report.source)
                .text(report.producer)
                .integer(number(hole.numbers.first))
                .integer(number(hole.numbers.last))
                .boolean(hole.records)
                .time(hole.from)
                .time(hole.to));
}

}  // namespace

Section reports_section(const std::vector<Report>& reports) {
    return {"reports", reports.size(),
            [&reports](pqxx::dbtransaction& tx, std::size_t begin, std::size_t end) {
                for (std::size_t i = begin; i < end; ++i) write(tx, reports[i]);
            },
            [&reports](std::size_t row) {
                DeadLetter letter;
                letter.sample = reports[row].producer;
                return letter;
            }};
}

}  // namespace store
