#include "deliver/probe.hpp"

#include <chrono>

namespace deliver {

std::string_view name(Outcome::Kind kind) noexcept {
    static constexpr std::array<std::string_view, 5> names{"delivered", "retry", "dead", "disabled",
                                                           "released"};
    return names[static_cast<std::size_t>(kind)];
}

Probe::Probe(metrics::Registry& registry)
    : in_flight(registry.gauge("callerprint_webhook_in_flight", "Webhook attempts under way.")),
      failed_marks(registry.counter("callerprint_webhook_mark_failures_total",
                                    "Outcomes that the outbox did not take at once.")),
      seconds_(registry.histogram("callerprint_webhook_attempt_seconds",
                                  "How long an attempt took, whatever its outcome.",
                                  metrics::latency_seconds())) {
    for (std::size_t i = 0; i < attempts_.size(); ++i) {
        attempts_[i] =
            registry.counter("callerprint_webhook_attempts_total", "Webhook attempts, by outcome.",
                             {{"outcome", name(static_cast<Outcome::Kind>(i))}});
    }
}

void Probe::attempted(const Outcome& outcome) const noexcept {
    attempts_[static_cast<std::size_t>(outcome.kind)].add();
    seconds_.observe(std::chrono::duration<double>(outcome.took).count());
}

}  // namespace deliver
