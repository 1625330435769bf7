#include "coverage/certificate.hpp"

#include "coverage/gaps.hpp"

#include <boost/math/distributions/beta.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace coverage {
namespace {

using base::EventTime;

constexpr std::array<std::string_view, 8> names{"silent",       "sequence",     "counter",
                                                "dead_letters", "not_retained", "no_expectation",
                                                "clock",        "suspended"};

// Parameters are 1 or more, so no error can arise; an exception must not leave the folder anyway.
using Quiet = boost::math::policies::policy<
    boost::math::policies::domain_error<boost::math::policies::ignore_error>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::evaluation_error<boost::math::policies::ignore_error>>;

double seconds(EventTime::duration duration) {
    return std::chrono::duration<double>(duration).count();
}

/// What one source adds to the two means.
struct Part {
    std::optional<double> volume;  ///< Records it would have sent; nothing: nobody can know.
    double share = 0;
    double lower = 0;
};

/// The part of the window in which the source could be seen at all.
double open_part(const Certificate& certificate, std::string_view source) {
    std::vector<Span> holes;
    for (const Gap& gap : certificate.gaps) {
        const bool counted = gap.lost && gap.cause != Cause::not_retained;
        if (!counted && (gap.source.empty() || gap.source == source))
            holes.push_back({gap.from, gap.to});
    }
    const double window = seconds(certificate.to - certificate.from);
    if (window <= 0) return 0;
    const auto hidden = total(joined(std::move(holes), certificate.from, certificate.to));
    return std::clamp(1 - seconds(hidden) / window, 0.0, 1.0);
}

Part part_of(const Certificate& certificate, const SourceLine& line) {
    const double open = open_part(certificate, line.source);
    const std::uint64_t missing = line.lost + line.rejected;
    const double sent = static_cast<double>(line.parsed) + static_cast<double>(missing);
    Part part;
    part.share = open * (sent > 0 ? static_cast<double>(line.parsed) / sent : 1);
    part.lower = open * share_lower95(line.parsed, missing);
    if (open == 1 || (open > 0 && sent > 0)) part.volume = sent / open;
    return part;
}

}  // namespace

std::string_view name(Cause cause) noexcept {
    return names[static_cast<std::size_t>(cause)];
}

std::optional<Cause> parse_cause(std::string_view text) noexcept {
    const auto found = std::ranges::find(names, text);
    if (found == names.end()) return std::nullopt;
    return static_cast<Cause>(found - names.begin());
}

void measure(Certificate& certificate) {
    certificate.share = certificate.lower95 = 0;
    if (certificate.sources.empty()) return;
    std::vector<Part> parts;
    double known = 0;
    double volume = 0;
    for (const SourceLine& line : certificate.sources) {
        parts.push_back(part_of(certificate, line));
        if (!parts.back().volume) continue;
        known += 1;
        volume += *parts.back().volume;
    }
    // Where no volume is known at all, or all are zero, the sources weigh the same.
    const double mean = volume > 0 ? volume / known : 1;
    double weights = 0;
    for (const Part& part : parts) {
        const double weight = volume > 0 ? part.volume.value_or(mean) : 1;
        weights += weight;
        certificate.share += weight * part.share;
        certificate.lower95 += weight * part.lower;
    }
    certificate.share = std::min(certificate.share / weights, 1.0);
    certificate.lower95 = std::min(certificate.lower95 / weights, 1.0);
}

double share_lower95(std::uint64_t received, std::uint64_t missing) {
    const double a = static_cast<double>(received) + 1;
    const double b = static_cast<double>(missing) + 1;
    if (missing == 0) return std::pow(0.05, 1 / a);  // the same, exactly
    const boost::math::beta_distribution<double, Quiet> beta(a, b);
    return std::clamp(boost::math::quantile(beta, 0.05), 0.0, 1.0);
}

bool has_unacknowledged_hole(const Certificate& certificate) noexcept {
    return certificate.sources.empty() ||
           std::ranges::any_of(certificate.gaps, [](const Gap& gap) { return !gap.acknowledged; });
}

double burst_in_gaps(const Certificate& certificate, EventTime::duration length) {
    std::vector<Span> holes;
    for (const Gap& gap : certificate.gaps) holes.push_back({gap.from, gap.to});
    const double window = seconds(certificate.to - certificate.from);
    if (window <= 0) return 1;
    const auto spans = joined(std::move(holes), certificate.from, certificate.to);
    const double reach =
        seconds(total(spans)) + static_cast<double>(spans.size()) * seconds(length);
    return std::min(reach / window, 1.0);
}

double calls_seen95(double q) noexcept {
    if (!(q > 0)) return std::numeric_limits<double>::infinity();
    if (q >= 1) return 1;
    return std::max(std::log(0.05) / std::log1p(-q), 1.0);
}

}  // namespace coverage
