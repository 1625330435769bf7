#pragma once

#include "alert/alert.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace alert {

/// An alert that a judgement of the past gave, and until when it spoke for its subject.
struct Past {
    Alert alert;
    base::EventTime quiet_until;  ///< Matches before it joined this alert. Not before last_seen.
};

/// What became of an alert between two judgements of the same calls.
struct Difference {
    enum class Kind : std::uint8_t { unchanged, changed, gained, lost };

    Kind kind = Kind::unchanged;
    std::optional<std::size_t> before;  ///< Place in the first judgement; none: gained.
    std::optional<std::size_t> after;   ///< Place in the second; none: lost.
    std::vector<std::string> what;      ///< Of changed: names of what differs, such as "count".
};

/// "unchanged", "changed", "gained", "lost".
[[nodiscard]] std::string_view name(Difference::Kind kind) noexcept;

/// Pairs the alerts of two judgements, and says of each what became of it; in the order of policy,
/// tenant, subject and opening, whatever the order given.
///
/// Alerts of one id are a pair. So are two of one policy, tenant and subject whose times overlap: a
/// lower threshold opens the alert at an earlier call, which gives it another id, and it is still
/// the same thing that a person is told.
[[nodiscard]] std::vector<Difference> differences(std::span<const Past> before,
                                                  std::span<const Past> after);

/// Of each of `wanted`, whether one of `alerts` has its id or is of the same matter.
[[nodiscard]] std::vector<bool> found_among(std::span<const Past> wanted,
                                            std::span<const Past> alerts);

/// True when the two speak of one policy, tenant and subject in overlapping times.
[[nodiscard]] bool same_matter(const Past& a, const Past& b) noexcept;

}  // namespace alert
