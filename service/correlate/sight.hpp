#pragma once

#include "base/time.hpp"
#include "policy/problem.hpp"

#include <cstdint>
#include <functional>
#include <optional>

namespace correlate {

/// Whether what was sent between two event times can have come. Without `until` it can.
struct Seen {
    bool lost = false;  ///< Something is missing, up to `until`; else nobody knows before `until`.
    std::optional<std::int64_t> until;  ///< Microseconds of event time.

    bool operator==(const Seen&) const = default;
};

/// Asked before a policy says that something did not come: of its log sources, between the call
/// that it was waited after and the deadline.
using Sight =
    std::function<Seen(policy::PolicyIndex policy, base::EventTime from, base::EventTime to)>;

}  // namespace correlate
