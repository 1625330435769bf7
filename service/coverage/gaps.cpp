#include "coverage/gaps.hpp"

#include "registry/row_reader.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace coverage {
namespace {

using base::EventTime;

constexpr std::string_view all_sources = "all";
constexpr std::string_view example =
    "write a gap as `coverage gaps` prints it, such as "
    "edge/silent/2026-01-31T10:00:00Z/2026-01-31T11:00:00Z";

/// What is silent while one rhythm is due.
void add_silent(const std::vector<Span>& quiet, Span due, EventTime::duration every,
                std::vector<Span>& out) {
    for (const Span& run : quiet) {
        const Span held{std::max(run.from, due.from), std::min(run.to, due.to)};
        if (held.from < held.to && held.to - held.from > every) out.push_back(held);
    }
}

std::string_view part_of(std::string_view& text) {
    const auto end = text.find('/');
    const auto part = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return part;
}

/// A gap between two times with what else is said of it.
Gap cut(const Gap& gap, Span span) {
    Gap out = gap;
    out.from = span.from;
    out.to = span.to;
    return out;
}

void acknowledge(Gap gap, const Acknowledgement& by, std::vector<Gap>& out) {
    gap.acknowledged = true;
    gap.note += (gap.note.empty() ? "" : "; ") + by.note;
    out.push_back(std::move(gap));
}

}  // namespace

std::vector<Span> joined(std::vector<Span> spans, EventTime from, EventTime to) {
    std::ranges::sort(spans, {}, [](const Span& span) { return std::tuple(span.from, span.to); });
    std::vector<Span> out;
    for (Span span : spans) {
        span = {std::max(span.from, from), std::min(span.to, to)};
        if (span.from >= span.to) continue;
        if (!out.empty() && span.from <= out.back().to) {
            out.back().to = std::max(out.back().to, span.to);
        } else {
            out.push_back(span);
        }
    }
    return out;
}

std::vector<Span> without(const std::vector<Span>& all, const std::vector<Span>& taken) {
    std::vector<Span> out;
    auto hole = taken.begin();
    for (Span span : all) {
        while (hole != taken.end() && hole->to <= span.from) ++hole;
        for (auto at = hole; at != taken.end() && at->from < span.to; ++at) {
            if (at->from > span.from) out.push_back({span.from, at->from});
            span.from = std::max(span.from, at->to);
        }
        if (span.from < span.to) out.push_back(span);
    }
    return out;
}

EventTime::duration total(const std::vector<Span>& spans) noexcept {
    EventTime::duration sum{};
    for (const Span& span : spans) sum += span.to - span.from;
    return sum;
}

Silence silence(const std::vector<Span>& quiet, const std::vector<Expectation>& expected,
                Span window, EventTime now) {
    std::vector<Span> silent;
    std::vector<Span> known;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const auto& [since, every, configured] = expected[i];
        const auto until = i + 1 < expected.size() ? expected[i + 1].since : EventTime::max();
        if (every || !configured) known.push_back({since, until});
        if (every && configured) add_silent(quiet, {since, std::min(until, now)}, *every, silent);
    }
    Silence out;
    out.silent = joined(std::move(silent), window.from, window.to);
    out.no_expectation = without(joined({window}, window.from, window.to),
                                 joined(std::move(known), window.from, window.to));
    return out;
}

std::vector<Gap> acknowledged(std::vector<Gap> gaps, const std::vector<Acknowledgement>& known) {
    std::vector<Gap> out;
    for (Gap& gap : gaps) {
        std::vector<Span> left{{gap.from, gap.to}};
        for (const Acknowledgement& one : known) {
            if (one.source != gap.source || one.cause != gap.cause) continue;
            const std::vector<Span> spans{one.span};
            const auto rest = without(left, spans);
            if (gap.lost && !rest.empty()) continue;
            for (const Span& span : without(left, rest)) acknowledge(cut(gap, span), one, out);
            left = rest;
        }
        for (const Span& span : left) out.push_back(cut(gap, span));
    }
    sort(out);
    return out;
}

std::string id_of(const Gap& gap) {
    std::string out(gap.source.empty() ? all_sources : std::string_view(gap.source));
    out.append("/").append(name(gap.cause));
    return out + "/" + base::to_rfc3339(gap.from) + "/" + base::to_rfc3339(gap.to);
}

base::Result<Gap> parse_gap_id(std::string_view text) {
    Gap gap;
    const auto source = part_of(text);
    const auto cause = parse_cause(part_of(text));
    const auto from = registry::parse_time(part_of(text));
    const auto to = registry::parse_time(part_of(text));
    if (source.empty() || !cause || !from || !to || *from >= *to || !text.empty())
        return base::fail(base::Fault::invalid, std::string(example));
    gap.source = source == all_sources ? "" : source;
    gap.cause = *cause;
    gap.from = *from;
    gap.to = *to;
    return gap;
}

void sort(std::vector<Gap>& gaps) {
    std::ranges::sort(gaps, {}, [](const Gap& gap) {
        return std::tuple(std::string_view(gap.source), gap.from, gap.cause, gap.to, gap.lost,
                          std::string_view(gap.note));
    });
}

}  // namespace coverage
