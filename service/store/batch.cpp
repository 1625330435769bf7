#include "store/batch.hpp"

#include "store/call_columns.hpp"
#include "store/copy_text.hpp"

#include <algorithm>
#include <array>
#include <pqxx/tablewriter>
#include <set>

namespace store {
namespace {

// Weeks further from the present stay in the default partition, or forged times would make tables
// without end.
constexpr std::int64_t weeks_back = 52 * 12;
constexpr std::int64_t weeks_ahead = 1;

constexpr const char* partition_statement =
    "SELECT callerprint.ensure_partition($1, date '1970-01-01' + $2::integer)";
constexpr const char* dead_letter_columns =
    "received, source, client, block, record, code, reason, sample, written_at";
constexpr std::size_t max_sample_bytes = 2'048;

struct Week {
    const char* parent;
    std::int64_t monday;
    auto operator<=>(const Week& other) const {
        const int by_name = std::string_view(parent).compare(other.parent);
        return by_name != 0 ? by_name <=> 0 : monday <=> other.monday;
    }
};

template <class Rows, class Time>
void add_weeks(std::set<Week>& out, const char* parent, const Rows& rows, Time time) {
    for (const auto& row : rows) out.insert({parent, monday_of(row.*time)});
}

}  // namespace

void copy_lines(pqxx::transaction_base& tx, const std::string& table, const std::string& columns,
                std::string_view lines) {
    // tablewriter and not stream_to: only it takes lines that are encoded already, and many at
    // once.
    static constexpr std::size_t chunk = 256 * 1024;
    const std::array<std::string, 1> names{columns};
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
    pqxx::tablewriter out(tx, table, names.begin(), names.end(), "\\N");
#pragma clang diagnostic pop
    while (!lines.empty()) {
        const auto cut = lines.size() <= chunk ? lines.size() : lines.find('\n', chunk);
        const auto end = std::min(cut, lines.size());
        out.write_raw_line(std::string(lines.substr(0, end)));
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    out.complete();
}

Section dead_letter_section(const Batch& batch, const std::vector<DeadLetter>& letters) {
    const auto now = base::event_time(base::micros(batch.effects.now));
    return {"dead_letters", letters.size(),
            [&letters, now](pqxx::dbtransaction& tx, std::size_t begin, std::size_t end) {
                std::string lines;
                for (std::size_t i = begin; i < end; ++i) {
                    const auto& letter = letters[i];
                    if (i != begin) lines += '\n';
                    CopyText(lines)
                        .time(base::event_time(base::micros(letter.received)))
                        .text(letter.source)
                        .text(letter.client)
                        .counter(letter.block)
                        .integer(letter.record)
                        .text(letter.code)
                        .text(letter.reason)
                        .text(std::string_view(letter.sample).substr(0, max_sample_bytes))
                        .time(now);
                }
                copy_lines(tx, "callerprint.dead_letters", dead_letter_columns, lines);
            },
            nullptr};
}

std::vector<Section> sections_of(const Batch& batch) {
    std::vector<Section> out;
    const auto& effects = batch.effects;
    add_rollup_sections(batch, out);
    if (!effects.calls.empty()) {
        out.push_back({"calls", effects.calls.size(),
                       [&effects](pqxx::dbtransaction& tx, std::size_t begin, std::size_t end) {
                           copy_lines(tx, "callerprint.calls", call_columns,
                                      effects.calls.rows(begin, end));
                       },
                       [&effects](std::size_t row) {
                           DeadLetter letter;
                           letter.sample = effects.calls.row(row);
                           return letter;
                       }});
    }
    add_alert_sections(batch, out);
    if (!effects.dead_letters.empty()) {
        out.push_back(dead_letter_section(batch, effects.dead_letters));
    }
    return out;
}

base::Result<void> ensure_partitions(Connection& connection, const Effects& effects) {
    std::set<Week> weeks;
    add_weeks(weeks, "key_minute", effects.rollup.key_minutes, &rollup::KeyMinute::minute);
    add_weeks(weeks, "key_operation_hour", effects.rollup.key_operation_hours,
              &rollup::KeyOperationHour::hour);
    add_weeks(weeks, "key_origin_hour", effects.rollup.key_origin_hours,
              &rollup::KeyOriginHour::hour);
    add_weeks(weeks, "tenant_operation_hour", effects.rollup.tenant_operation_hours,
              &rollup::TenantOperationHour::hour);
    for (const auto week : effects.calls.weeks()) weeks.insert({"calls", week});
    for (const auto& letter : effects.dead_letters) {
        weeks.insert({"dead_letters", monday_of(base::event_time(base::micros(letter.received)))});
    }
    const auto present = monday_of(base::event_time(base::micros(effects.now)));
    std::vector<Week> missing;
    for (const auto& week : weeks) {
        if (week.monday < present - 7 * weeks_back || week.monday > present + 7 * weeks_ahead)
            continue;
        if (connection.knows_partition(week.parent, week.monday)) continue;
        missing.push_back(week);
    }
    for (const auto& week : missing) {
        auto made =
            connection.transaction("making a partition", [&](pqxx::work& tx) -> base::Result<void> {
                run(tx, partition_statement, Params().text(week.parent).integer(week.monday));
                return {};
            });
        if (!made) return made;
        connection.partition_made(week.parent, week.monday);
    }
    return {};
}

}  // namespace store
