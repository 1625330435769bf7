#include "coverage/counters.hpp"

#include "registry/row_reader.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <tuple>

namespace coverage {
namespace {

using base::EventTime;
using std::chrono::minutes;

bool is_source(std::string_view name) {
    return name.size() <= 64 && std::ranges::all_of(name, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
           });
}

std::optional<EventTime> minute_of(registry::RowReader& row, std::string_view column) {
    const std::string text = row.required(column);
    if (text.empty()) return std::nullopt;  // reported
    const auto time = registry::parse_time(text);
    if (time && std::chrono::floor<minutes>(*time) == *time) return time;
    row.problem(std::string(column) + ": write a whole minute, such as 2026-01-31T10:00:00Z");
    return std::nullopt;
}

std::optional<std::uint64_t> count_of(registry::RowReader& row) {
    const std::string text = row.required("count");
    if (text.empty()) return std::nullopt;
    std::int64_t count = -1;
    const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (fault == std::errc{} && stop == text.data() + text.size() && count >= 0)
        return static_cast<std::uint64_t>(count);
    row.problem("count: write a whole number of calls");
    return std::nullopt;
}

std::optional<Counter> counter_of(registry::RawRow& raw, registry::Problems& problems) {
    registry::RowReader row(raw, problems);
    Counter out{.source = row.required("source"), .line = raw.line};
    const auto from = minute_of(row, "from");
    const auto to = minute_of(row, "to");
    const auto count = count_of(row);
    if (!is_source(out.source)) row.problem("source: no name of a source");
    if (from && to && *from >= *to) row.problem("to: not behind from");
    for (const auto& cell : raw.cells)
        if (cell.column.size() <= 64 && is_source(cell.column))
            row.problem("column " + cell.column + ": not known; write source, from, to and count");
        else
            row.problem("a column that is not known; write source, from, to and count");
    if (!from || !to || !count) return std::nullopt;
    out.span = {*from, *to};
    out.count = *count;
    return out;
}

void find_overlaps(const std::vector<Counter>& sorted, registry::Problems& problems) {
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        const Counter& before = sorted[i - 1];
        if (sorted[i].source == before.source && sorted[i].span.from < before.span.to)
            problems.add(sorted[i].line,
                         "overlaps the time of line " + std::to_string(before.line));
    }
}

}  // namespace

base::Result<std::vector<Counter>> read_counters(std::string_view text) {
    registry::Problems problems;
    std::vector<Counter> out;
    for (registry::RawRow& raw : registry::read_csv(text, problems)) {
        if (problems.full()) break;
        if (auto counter = counter_of(raw, problems)) out.push_back(*std::move(counter));
    }
    std::ranges::sort(out, {}, [](const Counter& one) {
        return std::tuple(std::string_view(one.source), one.span.from, one.line);
    });
    find_overlaps(out, problems);
    if (problems.empty() && out.empty()) problems.add(1, "no counters behind the header");
    if (problems.empty()) return out;
    std::string all;
    for (const auto& problem : problems.take()) {
        if (!all.empty()) all += '\n';
        all += "line " + std::to_string(problem.line) + ": " + problem.what;
    }
    return base::fail(base::Fault::invalid, all);
}

}  // namespace coverage
