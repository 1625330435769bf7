#pragma once

#include "base/result.hpp"
#include "deliver/gate.hpp"
#include "deliver/outbox.hpp"
#include "deliver/schedule.hpp"
#include "http/client.hpp"

#include <boost/asio/awaitable.hpp>

namespace deliver {

/// The signed request of this attempt; fails with `invalid` when the URL or a secret is refused.
base::Result<http::ClientRequest> request_of(const Delivery& delivery, const Gate& gate,
                                             base::WallTime now, std::string_view user_agent);

/// What an answer, or the lack of one, means. `jitter` is 0 to 1. Pure.
[[nodiscard]] Outcome outcome_of(const Delivery& delivery,
                                 const base::Result<http::ClientResponse>& answer,
                                 const Schedule& schedule, base::WallTime now, double jitter);

}  // namespace deliver
