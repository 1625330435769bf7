#include "alert/lifecycle.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

namespace alert {
namespace {

using base::Fault;

constexpr std::array<std::string_view, 4> dispositions = {"true-positive", "benign-positive",
                                                          "false-positive", "undetermined"};
constexpr std::array<std::string_view, 4> phases = {"open", "acknowledged", "snoozed", "closed"};
constexpr std::array<std::string_view, 5> actions = {"acknowledge", "assign", "snooze", "close",
                                                     "reopen"};

constexpr std::string_view of_true_positive[] = {"shared-key",  "stolen-key", "resale",
                                                 "ban-evasion", "automation", "other"};
constexpr std::string_view of_benign_positive[] = {"load-test", "migration", "partner", "research",
                                                   "other"};
constexpr std::string_view of_false_positive[] = {"rule-wrong", "data-wrong", "baseline-too-new"};
constexpr std::string_view of_undetermined[] = {"not-enough-data", "duplicate"};

constexpr std::chrono::days longest_snooze{90};
constexpr std::size_t longest_name = 256;
constexpr std::size_t longest_comment = 4'096;

template <class Enum, std::size_t n>
std::optional<Enum> find(const std::array<std::string_view, n>& names, std::string_view name) {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) return std::nullopt;
    return static_cast<Enum>(found - names.begin());
}

std::string joined(std::span<const std::string_view> names) {
    std::string out;
    for (const auto name : names) out += (out.empty() ? "" : ", ") + std::string(name);
    return out;
}

base::Result<void> check_reason(const Action& action, std::span<const CustomReason> custom) {
    if (!action.disposition) {
        return base::fail(Fault::invalid,
                          "closing needs a disposition: one of " + joined(dispositions));
    }
    const auto fixed = sub_reasons(*action.disposition);
    const bool known =
        std::ranges::find(fixed, action.sub_reason) != fixed.end() ||
        std::ranges::any_of(custom, [&](const CustomReason& reason) {
            return reason.disposition == *action.disposition && reason.name == action.sub_reason;
        });
    if (known && !action.sub_reason.empty()) return {};
    return base::fail(Fault::invalid, "closing as " + std::string(name(*action.disposition)) +
                                          " needs a sub-reason: one of " + joined(fixed));
}

base::Result<void> check(const Action& action) {
    if (action.actor.empty() || action.actor.size() > longest_name) {
        return base::fail(Fault::invalid, "an action needs who does it, in at most 256 bytes");
    }
    if (action.assignee.size() > longest_name) {
        return base::fail(Fault::invalid, "an assignee has at most 256 bytes");
    }
    if (action.comment.size() > longest_comment) {
        return base::fail(Fault::invalid, "a comment has at most 4096 bytes");
    }
    return {};
}

}  // namespace

std::string_view name(Disposition disposition) noexcept {
    return dispositions[static_cast<std::size_t>(disposition)];
}
std::optional<Disposition> disposition_of(std::string_view name) noexcept {
    return find<Disposition>(dispositions, name);
}
std::string_view name(Phase phase) noexcept {
    return phases[static_cast<std::size_t>(phase)];
}
std::optional<Phase> phase_of(std::string_view name) noexcept {
    return find<Phase>(phases, name);
}
std::string_view name(Action::Kind kind) noexcept {
    return actions[static_cast<std::size_t>(kind)];
}
std::optional<Action::Kind> action_of(std::string_view name) noexcept {
    return find<Action::Kind>(actions, name);
}

std::span<const std::string_view> sub_reasons(Disposition disposition) noexcept {
    switch (disposition) {
        case Disposition::true_positive:
            return of_true_positive;
        case Disposition::benign_positive:
            return of_benign_positive;
        case Disposition::false_positive:
            return of_false_positive;
        case Disposition::undetermined:
            return of_undetermined;
    }
    return {};
}

Triage at_time(const Triage& triage, base::WallTime now) {
    Triage out = triage;
    if (out.phase == Phase::snoozed && out.snoozed_until && *out.snoozed_until <= now) {
        out.phase = Phase::open;
        out.snoozed_until.reset();
    }
    return out;
}

base::Result<Triage> act(const Triage& triage, const Action& action, base::WallTime now,
                         std::span<const CustomReason> custom) {
    if (auto checked = check(action); !checked) return std::unexpected(checked.error());
    Triage out = at_time(triage, now);
    const bool closed = out.phase == Phase::closed;
    if (closed != (action.kind == Action::Kind::reopen)) {
        return base::fail(Fault::conflict,
                          closed ? "the alert is closed; reopen it before you " +
                                       std::string(name(action.kind)) + " it"
                                 : "the alert is not closed, so it cannot be reopened");
    }
    switch (action.kind) {
        case Action::Kind::acknowledge:
            out.phase = Phase::acknowledged;
            out.snoozed_until.reset();
            break;
        case Action::Kind::assign:
            out.assignee = action.assignee;
            break;
        case Action::Kind::snooze:
            if (!action.until || *action.until <= now || *action.until > now + longest_snooze) {
                return base::fail(Fault::invalid,
                                  "a snooze needs an end after now and within 90 days");
            }
            out.phase = Phase::snoozed;
            out.snoozed_until = action.until;
            break;
        case Action::Kind::close:
            if (auto reason = check_reason(action, custom); !reason) {
                return std::unexpected(reason.error());
            }
            out.phase = Phase::closed;
            out.snoozed_until.reset();
            out.disposition = action.disposition;
            out.sub_reason = action.sub_reason;
            break;
        case Action::Kind::reopen:
            out.phase = Phase::open;
            out.disposition.reset();
            out.sub_reason.clear();
            ++out.reopened;
            break;
    }
    return out;
}

Precision precision(std::uint64_t true_positive, std::uint64_t benign_positive,
                    std::uint64_t false_positive) noexcept {
    Precision out;
    out.right = true_positive + benign_positive;
    out.wrong = false_positive;
    const double n = static_cast<double>(out.right + out.wrong);
    if (n == 0) return out;
    // Wilson's interval holds for the few judged alerts a policy has; the usual one does not.
    constexpr double z = 1.959963984540054;
    const double p = static_cast<double>(out.right) / n;
    const double scale = 1 + z * z / n;
    const double centre = (p + z * z / (2 * n)) / scale;
    const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / scale;
    out.estimate = p;
    out.low = std::max(0.0, centre - half);
    out.high = std::min(1.0, centre + half);
    return out;
}

}  // namespace alert
