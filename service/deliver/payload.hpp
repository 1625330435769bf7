#pragma once

#include "alert/alert.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace deliver {

/// What happened to an alert, besides the alert itself.
struct Event {
    std::string type;         ///< "alert.opened", "alert.closed", ...
    base::WallTime at;        ///< When it happened; the same for every attempt.
    std::string state;        ///< As the alert's triage now stands; left out when empty.
    std::string disposition;  ///< Of a closed one; left out when empty.
    std::string sub_reason;   ///< Left out when empty.
};

/// A `standard` payload is never longer.
inline constexpr std::size_t max_payload_bytes = 20 * 1000;

/// The `standard` payload, {"type", "timestamp", "data"}: enough to route and to decide whether to
/// look (ids, level, one sentence, a masked subject, the page of the alert under `base_url`), and
/// never a whole key or a record. `full` adds group and evidence, unless they make it too long.
/// docs/reference/webhooks.md lists the members.
[[nodiscard]] std::string standard_payload(const Event& event, const alert::Alert& alert,
                                           std::string_view base_url, bool full);

/// "AKIA…7Q2X" for what a person may recognise but not use; all of it hidden when it is short.
[[nodiscard]] std::string masked(std::string_view value);

}  // namespace deliver
