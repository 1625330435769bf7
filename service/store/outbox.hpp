#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "store/seal.hpp"
#include "store/session.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace store {

/// One delivery to attempt now: leased to this worker until `lease_until`.
struct Delivery {
    std::string id;  ///< The `webhook-id`: the same for every attempt.
    std::string endpoint_id;
    std::string alert_id;
    std::string event;  ///< "alert.opened", ...
    unsigned attempt = 1;
    std::string url;
    std::string format;
    std::string content_type;
    bool allow_insecure = false;  ///< http:// and internal addresses are fine: tests, or asked for.
    std::vector<std::string> secrets;  ///< Newest first; two during a rotation.
    std::string worker;                ///< Who claimed it.
    std::string body;                  ///< Sent as it is, byte for byte, on every attempt.
    base::WallTime created;
    base::WallTime lease_until;
};

/// How an attempt ended.
struct Attempt {
    std::optional<int> http_status;
    std::string error;   ///< Why it failed, in one line; empty when it did not.
    std::string answer;  ///< First 1 KB of the receiver's body, made safe by the caller.
    std::chrono::milliseconds took{0};
};

/// The transactional outbox (reliability.md 4.8). Rows are written by Session::commit and by
/// Alerts; this side claims, and marks. Several workers may claim at once. All times are given, so
/// that tests own the clock.
class Outbox {
public:
    struct Claim {
        std::string worker;
        base::WallTime now;
        unsigned limit = 32;        ///< Deliveries in all.
        unsigned per_endpoint = 8;  ///< Of them to one endpoint, so a dead one starves nobody.
        std::chrono::seconds lease{60};
    };

    /// Both are borrowed.
    Outbox(Session& session, const Sealer& sealer) : session_(session), sealer_(sealer) {}

    /// Deliveries that are due, of enabled endpoints, none of whose alert's earlier ones to the
    /// same endpoint is unfinished. The attempt is on record before it is made: after a crash it
    /// shows as `unknown`, possibly delivered.
    base::Result<std::vector<Delivery>> claim(const Claim& claim);

    /// Makes due now what an attempt or a queueing at a later `now` than this left waiting: the
    /// clock was set back since. How many.
    base::Result<std::size_t> clock_set_back(base::WallTime now);

    // Each of these does nothing when the lease went to somebody else meanwhile (false).
    base::Result<bool> delivered(const Delivery& delivery, const Attempt& attempt,
                                 base::WallTime now);
    base::Result<bool> retry(const Delivery& delivery, const Attempt& attempt, base::WallTime now,
                             base::WallTime next);
    /// The schedule is over or the receiver said never: a dead letter, replayable by hand.
    base::Result<bool> dead(const Delivery& delivery, const Attempt& attempt, base::WallTime now);
    /// Gives the lease back without an attempt made, e.g. when stopping.
    base::Result<bool> release(const Delivery& delivery);

    /// Makes dead (or delivered) deliveries due again, from attempt 0. How many.
    base::Result<std::size_t> replay(std::string_view delivery_id, base::WallTime now,
                                     std::string_view actor);
    base::Result<std::size_t> replay_dead(std::string_view endpoint_id, base::WallTime now,
                                          std::string_view actor);

    /// When the next row becomes due; nothing when none is waiting.
    base::Result<std::optional<base::WallTime>> next_due();

private:
    base::Result<bool> finish(const Delivery& delivery, const Attempt& attempt, base::WallTime now,
                              std::string_view state, base::WallTime next);
    Session& session_;
    const Sealer& sealer_;
};

}  // namespace store
