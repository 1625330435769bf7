#include "presence/power.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

namespace presence {
namespace {

constexpr double most_sessions = 1e9;  // "would have been seen" beyond it is no comfort
constexpr base::EventTime::duration burst = std::chrono::hours(1);

/// In a gap that somebody counted, what is not missing came, and what is missing is in the sources'
/// shares. Taken for a hole, a week in which 5 % of a gateway's records were lost would be a week
/// of which nothing can be said. Missing numbers of a producer are a hole: all between them is
/// lost.
bool partly(const coverage::Gap& gap) {
    return gap.lost &&
           (gap.cause == coverage::Cause::counter || gap.cause == coverage::Cause::dead_letters);
}

/// A source: its part of the volume, and the probability that a session in it was kept.
struct Part {
    double weight;
    double kept;
};

/// The sources, with `covered` as the mean of what is kept.
std::vector<Part> parts_of(const coverage::Certificate& certificate, double covered) {
    std::vector<Part> out;
    double weights = 0;
    double mean = 0;
    for (const coverage::SourceLine& line : certificate.sources) {
        const std::uint64_t missing = line.lost + line.rejected;
        const auto sent = static_cast<double>(line.parsed + missing);
        out.push_back({sent, coverage::share_lower95(line.parsed, missing)});
        weights += sent;
        mean += sent * out.back().kept;
    }
    if (weights <= 0) return {{.weight = 1, .kept = covered}};
    for (Part& part : out) {
        part.weight /= weights;
        part.kept = std::min(part.kept * covered / (mean / weights), 1.0);
    }
    return out;
}

/// Probability that none of so many sessions is seen, all of them in one source, as likely in each
/// as its volume has it. A party keeps to its region, so that the mean of the sources would promise
/// too much: with half of one of two lost, the third session is missed by one party in 16 and not
/// by one in 64.
double all_missed(const std::vector<Part>& parts, double recall, double sessions) {
    double out = 0;
    for (const Part& part : parts) out += part.weight * std::pow(1 - part.kept * recall, sessions);
    return out;
}

std::optional<std::uint64_t> sessions_of(const std::vector<Part>& parts, double recall) {
    constexpr double miss = 0.05 + 1e-12;  // a share of exactly 95 % is enough
    double most = 1;
    while (all_missed(parts, recall, most) > miss) {
        if (most >= most_sessions) return {};
        most *= 2;
    }
    double least = std::floor(most / 2);  // not enough, or none
    while (most - least > 1) {
        const double middle = std::floor((least + most) / 2);
        (all_missed(parts, recall, middle) > miss ? least : most) = middle;
    }
    return static_cast<std::uint64_t>(most);
}

}  // namespace

std::optional<std::uint64_t> sessions_for_95(double q) {
    const double sessions = std::ceil(coverage::calls_seen95(q));
    if (!(sessions < most_sessions)) return {};
    return static_cast<std::uint64_t>(std::max(sessions, 1.0));
}

Power power_of(const coverage::Certificate& certificate) {
    Power out;
    coverage::Certificate holes = certificate;
    std::erase_if(holes.gaps, partly);
    const double burst_missed = coverage::burst_in_gaps(holes, burst);
    out.covered = std::clamp(std::min(certificate.lower95, 1 - burst_missed), 0.0, 1.0);
    if (certificate.canaries && certificate.canaries->sent > 0) {
        const auto& canaries = *certificate.canaries;
        out.covered *= coverage::share_lower95(
            canaries.found, canaries.sent - std::min(canaries.found, canaries.sent));
    }
    out.burst_missed = burst_missed;
    const auto parts = parts_of(certificate, out.covered);
    for (std::size_t i = 0; i < Power::recalls.size(); ++i) {
        out.n95[i] = sessions_of(parts, Power::recalls[i]);
        if (out.n95[i]) out.unseen95[i] = *out.n95[i] - 1;
    }
    return out;
}

}  // namespace presence
