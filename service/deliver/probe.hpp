#pragma once

#include "deliver/outbox.hpp"
#include "metrics/registry.hpp"

#include <array>
#include <string_view>

namespace deliver {

/// "delivered", "retry", "dead", "disabled", "released".
[[nodiscard]] std::string_view name(Outcome::Kind kind) noexcept;

/// The series of a Dispatcher. Thread-safe.
class Probe {
public:
    explicit Probe(metrics::Registry& registry);

    void attempted(const Outcome& outcome) const noexcept;

    metrics::Gauge in_flight;
    metrics::Counter failed_marks;

private:
    std::array<metrics::Counter, 5> attempts_;
    metrics::Histogram seconds_;
};

}  // namespace deliver
