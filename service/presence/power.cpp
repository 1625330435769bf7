#include "presence/power.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace presence {
namespace {

constexpr double most_sessions = 1e9;  // "would have been seen" beyond it is no comfort
constexpr base::EventTime::duration burst = std::chrono::hours(1);

}  // namespace

std::optional<std::uint64_t> sessions_for_95(double q) {
    const double sessions = std::ceil(coverage::calls_seen95(q));
    if (!(sessions < most_sessions)) return {};
    return static_cast<std::uint64_t>(std::max(sessions, 1.0));
}

Power power_of(const coverage::Certificate& certificate) {
    Power out;
    const double burst_missed = coverage::burst_in_gaps(certificate, burst);
    out.covered = std::clamp(std::min(certificate.lower95, 1 - burst_missed), 0.0, 1.0);
    if (certificate.canaries && certificate.canaries->sent > 0) {
        const auto& canaries = *certificate.canaries;
        out.covered *= coverage::share_lower95(
            canaries.found, canaries.sent - std::min(canaries.found, canaries.sent));
    }
    out.burst_missed = burst_missed;
    for (std::size_t i = 0; i < Power::recalls.size(); ++i) {
        out.n95[i] = sessions_for_95(out.covered * Power::recalls[i]);
        if (out.n95[i]) out.unseen95[i] = *out.n95[i] - 1;
    }
    return out;
}

}  // namespace presence
