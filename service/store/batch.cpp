#include "store/batch.hpp"

#include "base/kill_point.hpp"
#include "store/call_columns.hpp"
#include "store/copy_text.hpp"

#include <algorithm>
#include <array>
#include <pqxx/tablewriter>

namespace store {
namespace {

constexpr const char* add_silence =
    "INSERT INTO callerprint.silences (block, source, declared_at) VALUES ($1, $2,"
    " callerprint.at($3)) ON CONFLICT DO NOTHING";
constexpr const char* add_suspension =
    "INSERT INTO callerprint.policy_suspensions (digest, policy_key, from_time)"
    " VALUES ($1, $2, callerprint.at($3))"
    " ON CONFLICT (digest, from_time) DO UPDATE SET to_time = NULL";
constexpr const char* end_suspension =
    "UPDATE callerprint.policy_suspensions SET to_time = greatest(from_time, callerprint.at($2))"
    " WHERE digest = $1 AND to_time IS NULL";
constexpr const char* dead_letter_columns =
    "received, source, client, block, record, code, reason, sample, written_at";
constexpr std::size_t max_sample_bytes = 2'048;

}  // namespace

// tablewriter and not stream_to: only it takes lines that are encoded already, and many at once.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
struct Copy::Writer {
    pqxx::tablewriter table;
};

Copy::Copy(pqxx::transaction_base& tx, const std::string& table, const std::string& columns) {
    const std::array<std::string, 1> names{columns};
    writer_.reset(new Writer{{tx, table, names.begin(), names.end(), "\\N"}});
}
#pragma clang diagnostic pop
Copy::~Copy() = default;

void Copy::write(std::string_view lines) {
    static constexpr std::size_t chunk = 256 * 1024;
    while (!lines.empty()) {
        const auto cut = lines.size() <= chunk ? lines.size() : lines.find('\n', chunk);
        const auto end = std::min(cut, lines.size());
        writer_->table.write_raw_line(std::string(lines.substr(0, end)));
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
}

void Copy::complete() {
    writer_->table.complete();
}

void copy_lines(pqxx::transaction_base& tx, const std::string& table, const std::string& columns,
                std::string_view lines) {
    Copy copy(tx, table, columns);
    copy.write(lines);
    copy.complete();
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
                BASE_KILL_POINT("store.batch.letters.after");
            },
            nullptr};
}

namespace {

Section silence_section(const Effects& effects) {
    return {"silences", effects.silences.size(),
            [&effects](pqxx::dbtransaction& tx, std::size_t begin, std::size_t end) {
                for (std::size_t i = begin; i < end; ++i) {
                    const auto& silence = effects.silences[i];
                    run(tx, add_silence,
                        Params()
                            .integer(static_cast<std::int64_t>(silence.block))
                            .text(silence.source)
                            .time(silence.declared));
                }
            },
            nullptr};
}

Section suspension_section(const Effects& effects) {
    return {"policy_suspensions", effects.suspensions.size(),
            [&effects](pqxx::dbtransaction& tx, std::size_t begin, std::size_t end) {
                for (std::size_t i = begin; i < end; ++i) {
                    const auto& one = effects.suspensions[i];
                    if (one.over)
                        run(tx, end_suspension, Params().text(one.digest).time(one.at));
                    else
                        run(tx, add_suspension,
                            Params().text(one.digest).text(one.policy_key).time(one.at));
                }
            },
            nullptr};
}

}  // namespace

std::vector<Section> sections_of(const Batch& batch) {
    std::vector<Section> out;
    const auto& effects = batch.effects;
    add_rollup_sections(batch, out);
    if (!effects.reports.empty()) out.push_back(reports_section(effects.reports));
    if (!effects.calls.empty()) {
        out.push_back({"calls", effects.calls.size(),
                       [&effects](pqxx::dbtransaction& tx, std::size_t begin, std::size_t end) {
                           copy_lines(tx, "callerprint.calls", call_columns,
                                      effects.calls.rows(begin, end));
                           BASE_KILL_POINT("store.batch.calls.after");
                       },
                       [&effects](std::size_t row) {
                           DeadLetter letter;
                           letter.sample = effects.calls.row(row);
                           return letter;
                       }});
    }
    if (!effects.silences.empty()) out.push_back(silence_section(effects));
    if (!effects.suspensions.empty()) out.push_back(suspension_section(effects));
    add_alert_sections(batch, out);
    if (!effects.dead_letters.empty()) {
        out.push_back(dead_letter_section(batch, effects.dead_letters));
    }
    return out;
}

std::set<Week> weeks_of(const Effects& effects) {
    std::set<Week> out;
    for (const auto week : effects.calls.weeks()) out.insert({"calls", week});
    for (const auto& letter : effects.dead_letters) {
        out.insert({"dead_letters", monday_of(base::event_time(base::micros(letter.received)))});
    }
    return out;
}

}  // namespace store
