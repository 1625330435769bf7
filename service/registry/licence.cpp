#include "registry/registry.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace registry {
namespace {

constexpr std::array<std::string_view, 5> states = {"not_gated", "covered", "lapsed", "missing",
                                                    "unclear"};

Fit fit(std::span<const std::string> globs, std::string_view text) noexcept {
    if (globs.empty() || std::ranges::find(globs, "*") != globs.end()) return Fit::yes;
    if (text.empty()) return Fit::maybe;
    const bool found =
        std::ranges::any_of(globs, [&](const auto& glob) { return glob_matches(glob, text); });
    return found ? Fit::yes : Fit::no;
}

Fit fit_service(const std::string& glob, std::string_view service) noexcept {
    return glob.empty() ? Fit::yes : fit({&glob, 1}, service);
}

Fit fit_gate(const Gate& gate, const LicenceQuery& query) noexcept {
    return std::min(fit_service(gate.service, query.service),
                    fit(gate.operations, query.operation));
}

Fit fit_licence(const Licence& row, const LicenceQuery& query) noexcept {
    return std::min({fit_service(row.service, query.service), fit(row.operations, query.operation),
                     fit(row.regions, query.region)});
}

bool known(const Licence& row, std::optional<base::EventTime> at) noexcept {
    if (!at) return !row.known_to;
    return (!row.known_from || *row.known_from <= *at) && (!row.known_to || *at < *row.known_to);
}

/// The end of the grace; the greatest time when there is none or it cannot be held.
base::EventTime end_of(const Licence& row) noexcept {
    if (!row.valid_to) return base::EventTime::max();
    const auto room = std::chrono::floor<std::chrono::seconds>(base::EventTime::max() -
                                                               std::max(*row.valid_to, {}));
    return row.grace > room ? base::EventTime::max() : *row.valid_to + row.grace;
}

/// What one row, or all versions of one licence, say about a call.
enum class Verdict : std::uint8_t { nothing, lapsed, doubtful, covers };

/// Collects the verdicts of all rows of a holder, licence by licence.
class Judge {
public:
    Judge(const LicenceQuery& query, std::span<const Terms> terms, LicenceAnswer& answer)
        : query_(query), terms_(terms), answer_(answer) {}

    /// Rows of one holder, versions of a licence together.
    void hear(std::span<const Licence> rows, std::span<const std::uint32_t> which) {
        for (std::size_t i = 0; i < which.size();) {
            const std::string& uid = rows[which[i]].uid;
            bool first = true;
            Verdict together = Verdict::nothing;
            const Licence* witness = nullptr;
            for (; i < which.size() && rows[which[i]].uid == uid; ++i) {
                const Licence& row = rows[which[i]];
                if (!known(row, query_.known_at)) continue;
                const Verdict verdict = judge(row, terms_[which[i]]);
                // Two versions believed at the same time that say different things: nobody knows.
                together = first || together == verdict ? verdict : Verdict::doubtful;
                if (first || better(row, *witness)) witness = &row;
                first = false;
            }
            if (!first) keep(together, *witness);
        }
    }

    [[nodiscard]] Verdict verdict() const noexcept { return best_; }

private:
    Verdict judge(const Licence& row, const Terms& terms) {
        Fit fits = fit_licence(row, query_);
        if (fits == Fit::no) return Verdict::nothing;
        if (!terms.empty()) {
            answer_.by_parameters = true;
            fits = std::min(fits, terms.fit(query_.parameters));
            if (fits == Fit::no) return Verdict::nothing;
        }
        const base::EventTime end = end_of(row);
        if (row.valid_from) turn(*row.valid_from);
        if (end != base::EventTime::max()) turn(end);
        if (row.valid_from && query_.at < *row.valid_from) return Verdict::nothing;
        // An ended licence covers the call under no reading, whatever the call does not say.
        if (query_.at >= end && end != base::EventTime::max()) return Verdict::lapsed;
        return fits == Fit::maybe ? Verdict::doubtful : Verdict::covers;
    }

    /// The answer may change at this moment.
    void turn(base::EventTime at) noexcept {
        if (at <= query_.at)
            answer_.from = std::max(answer_.from, at);
        else
            answer_.until = std::min(answer_.until, at);
    }

    /// Of licences that say the same, the one that ends last is shown.
    static bool better(const Licence& a, const Licence& b) noexcept {
        return end_of(a) > end_of(b);
    }

    void keep(Verdict verdict, const Licence& row) noexcept {
        if (verdict == Verdict::nothing || verdict < best_) return;
        if (verdict == best_ && !better(row, *answer_.licence)) return;
        best_ = verdict;
        answer_.licence = &row;
    }

    const LicenceQuery& query_;
    std::span<const Terms> terms_;
    LicenceAnswer& answer_;
    Verdict best_ = Verdict::nothing;
};

}  // namespace

std::string_view name(LicenceState state) noexcept {
    return states[static_cast<std::size_t>(state)];
}

const Gate* Registry::gate(const LicenceQuery& query) const noexcept {
    const auto found = std::ranges::find_if(
        rows_.gates, [&](const Gate& gate) { return fit_gate(gate, query) == Fit::yes; });
    return found == rows_.gates.end() ? nullptr : &*found;
}

LicenceAnswer Registry::licence(const LicenceQuery& query) const {
    if (const Gate* asking = gate(query)) return licence(query, *asking);
    const bool maybe = std::ranges::any_of(
        rows_.gates, [&](const Gate& gate) { return fit_gate(gate, query) == Fit::maybe; });
    LicenceAnswer answer;
    answer.state = maybe ? LicenceState::unclear : LicenceState::not_gated;
    return answer;
}

LicenceAnswer Registry::licence(const LicenceQuery& query, const Gate& gate) const {
    LicenceAnswer answer;
    answer.gate = &gate;
    Judge judge(query, terms_, answer);
    const Tenant* holder = tenant(query.tenant);
    if (const auto found = tenant_licences_.find(query.tenant); found != tenant_licences_.end())
        judge.hear(rows_.licences, found->second);
    if (holder != nullptr && !holder->party.empty()) {
        const auto found = party_licences_.find(std::string_view(holder->party));
        if (found != party_licences_.end()) judge.hear(rows_.licences, found->second);
    }
    switch (judge.verdict()) {
        case Verdict::covers:
            answer.state = LicenceState::covered;
            break;
        case Verdict::doubtful:
            answer.state = LicenceState::unclear;
            break;
        case Verdict::lapsed:
            answer.state = LicenceState::lapsed;
            break;
        case Verdict::nothing:
            answer.state = LicenceState::missing;
            break;
    }
    if (holder == nullptr && judge.verdict() != Verdict::covers)
        answer.state = LicenceState::unclear;
    if (answer.state == LicenceState::unclear) answer.licence = nullptr;
    if (answer.state == LicenceState::lapsed) answer.ended = answer.licence->valid_to;
    return answer;
}

}  // namespace registry
