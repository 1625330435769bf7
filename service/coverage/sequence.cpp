#include "coverage/sequence.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ranges>
#include <string_view>

namespace coverage {
namespace {

using std::chrono::ceil;
using std::chrono::floor;
using std::chrono::minutes;

constexpr std::uint64_t most = INT64_MAX - 1;  // one above it is stored, too

Hole hole_between(const Progress& before, const Report& report) {
    Hole hole{.numbers = {before.next, report.numbers.first - 1}, .records = report.records};
    // Batches may overlap in time and come in any order.
    hole.from = floor<minutes>(std::min(before.newest, report.oldest));
    hole.to = std::max<base::EventTime>(ceil<minutes>(std::max(before.newest, report.oldest)),
                                        hole.from + minutes(1));
    return hole;
}

bool read_number(std::string_view text, std::uint64_t& out) noexcept {
    const auto* end = text.data() + text.size();
    const auto [stop, fault] = std::from_chars(text.data(), end, out);
    return fault == std::errc{} && stop == end && out <= most;
}

}  // namespace

Step apply(const std::optional<Progress>& before, const std::vector<Hole>& holes,
           const Report& report) {
    const auto& [first, last] = report.numbers;
    Step step{.progress = {last + 1, report.newest}};
    if (!before) return step;
    if (last < before->next) step.progress = *before;
    for (Hole hole : holes) {
        const auto old = hole.numbers;
        if (last < old.first || first > old.last) {
            step.open.push_back(hole);
            continue;
        }
        if (first > old.first) {
            hole.numbers = {old.first, first - 1};
            step.open.push_back(hole);
        }
        if (last < old.last) {
            hole.numbers = {last + 1, old.last};
            step.open.push_back(hole);
        }
    }
    if (first > before->next) {
        step.open.push_back(hole_between(*before, report));
        step.opened = true;
    }
    return step;
}

void gather(std::vector<Report>& reports, Report report) {
    for (Report& one : std::views::reverse(reports)) {
        if (one.source != report.source || one.producer != report.producer) continue;
        if (one.records != report.records || one.numbers.last + 1 != report.numbers.first) break;
        one.numbers.last = report.numbers.last;
        one.newest = report.newest;
        return;
    }
    reports.push_back(std::move(report));
}

std::optional<Report> parse_sequence(std::string_view text) noexcept {
    Report report;
    const auto dash = text.find('-');
    report.records = dash != std::string_view::npos;
    if (!read_number(text.substr(0, dash), report.numbers.first)) return std::nullopt;
    report.numbers.last = report.numbers.first;
    if (report.records && !read_number(text.substr(dash + 1), report.numbers.last))
        return std::nullopt;
    if (report.numbers.last < report.numbers.first) return std::nullopt;
    return report;
}

}  // namespace coverage
