#pragma once

#include "base/result.hpp"
#include "base/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace deliver {

/// One message to one endpoint, leased to us for at least a minute.
struct Delivery {
    std::string id;        ///< The `webhook-id`: the same for each attempt.
    std::string endpoint;  ///< The endpoint's id.
    std::string url;
    std::string content_type = "application/json";
    std::vector<std::string> secrets;  ///< "whsec_..."; newest first, two during a rotation.
    std::string body;                  ///< Sent byte for byte.
    unsigned attempt = 1;              ///< Number of this attempt, from 1.
    bool insecure = false;             ///< See Gate::check.
};

/// How an attempt ended.
struct Outcome {
    enum class Kind : std::uint8_t {
        delivered,
        retry,     ///< Failed; try again at `next`.
        dead,      ///< Failed for good: a dead letter, to be replayed by hand.
        disabled,  ///< 410: dead, and the endpoint wants no more of any.
        released,  ///< Not tried: give the lease back, count no attempt.
    };
    Kind kind = Kind::delivered;
    base::WallTime at;                    ///< When the attempt ended.
    base::WallTime next;                  ///< For `retry`.
    std::optional<unsigned> http_status;  ///< Of the answer, when there was one.
    std::string error;                    ///< One line for people; empty when delivered.
    std::string answer;                   ///< First 1 KB of the receiver's body, made safe.
    std::chrono::milliseconds took{0};
};

/// Where deliveries come from and outcomes go to; `app` puts the store behind it. Its functions may
/// block, and are called by one thread of the Dispatcher's only.
class Outbox {
public:
    struct Wish {
        unsigned limit = 0;                 ///< Deliveries in all.
        unsigned per_endpoint = 0;          ///< Of them to one endpoint.
        std::span<const std::string> busy;  ///< Endpoints that can take none now; a hint.
        base::WallTime now;
    };

    virtual ~Outbox() = default;
    virtual base::Result<std::vector<Delivery>> claim(const Wish& wish) = 0;
    /// The wall clock may have been set back, so some deliveries may wait for a moment of a clock
    /// that nobody has any more: those are due now. The message under way may go out twice.
    virtual base::Result<void> clock_set_back(base::WallTime now) = 0;
    /// Failing with `unavailable` makes the Dispatcher keep the outcome and try again.
    virtual base::Result<void> mark(const Delivery& delivery, const Outcome& outcome) = 0;
};

}  // namespace deliver
