#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace alert {

/// Why an alert was closed. The four heads are fixed, so that precision stays comparable; the
/// sub-reasons may be extended by the configuration (experience.md 4.3).
enum class Disposition : std::uint8_t {
    true_positive,
    benign_positive,
    false_positive,
    undetermined
};

/// "true-positive", "benign-positive", "false-positive", "undetermined".
[[nodiscard]] std::string_view name(Disposition disposition) noexcept;
[[nodiscard]] std::optional<Disposition> disposition_of(std::string_view name) noexcept;
/// The sub-reasons every installation has.
[[nodiscard]] std::span<const std::string_view> sub_reasons(Disposition disposition) noexcept;

/// Where an alert stands in triage.
enum class Phase : std::uint8_t { open, acknowledged, snoozed, closed };

/// "open", "acknowledged", "snoozed", "closed".
[[nodiscard]] std::string_view name(Phase phase) noexcept;
[[nodiscard]] std::optional<Phase> phase_of(std::string_view name) noexcept;

/// What triage keeps of an alert.
struct Triage {
    Phase phase = Phase::open;
    std::string assignee;                         ///< Empty: nobody's.
    std::optional<base::WallTime> snoozed_until;  ///< In phase snoozed.
    std::optional<Disposition> disposition;  ///< In phase closed; kept as history by the store.
    std::string sub_reason;
    std::uint32_t reopened = 0;  ///< How often.
    auto operator<=>(const Triage&) const = default;
};

/// What a person does to an alert.
struct Action {
    enum class Kind : std::uint8_t { acknowledge, assign, snooze, close, reopen };
    Kind kind = Kind::acknowledge;
    std::string actor;                       ///< Who; never empty.
    std::string assignee;                    ///< Of assign; empty takes it from everybody.
    std::optional<base::WallTime> until;     ///< Of snooze; up to 90 days ahead.
    std::optional<Disposition> disposition;  ///< Of close; compulsory.
    std::string sub_reason;                  ///< Of close; compulsory.
    std::string comment;                     ///< At most 4,096 bytes.
};

[[nodiscard]] std::string_view name(Action::Kind kind) noexcept;
[[nodiscard]] std::optional<Action::Kind> action_of(std::string_view name) noexcept;

/// A sub-reason of this installation besides the fixed ones.
struct CustomReason {
    Disposition disposition = Disposition::undetermined;
    std::string name;
};

/// The alert after the action. Fault::invalid when the action lacks something or says something
/// unknown, Fault::conflict when the alert's phase does not allow it: read again.
[[nodiscard]] base::Result<Triage> act(const Triage& triage, const Action& action,
                                       base::WallTime now,
                                       std::span<const CustomReason> custom = {});

/// The alert with a snooze that is over taken off.
[[nodiscard]] Triage at_time(const Triage& triage, base::WallTime now);

/// True positives over true and false ones, with a 95 % Wilson interval. Benign positives count as
/// right about the facts; undetermined ones do not count.
struct Precision {
    std::uint64_t right = 0;
    std::uint64_t wrong = 0;
    double estimate = 0;  ///< 0 when nothing was judged.
    double low = 0;
    double high = 1;
};
[[nodiscard]] Precision precision(std::uint64_t true_positive, std::uint64_t benign_positive,
                                  std::uint64_t false_positive) noexcept;

}  // namespace alert
