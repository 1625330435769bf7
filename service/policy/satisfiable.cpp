#include "policy/satisfiable.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace policy {
namespace {

using Type = Correlation::Type;

constexpr std::size_t most_tried_rules = 12;  // of an expression: all sets of rules with a hit
constexpr double infinite = std::numeric_limits<double>::infinity();

/// What a type can count.
struct Domain {
    double least;
    double most;
    bool whole;  // numbers only
};

Domain domain_of(const Correlation& correlation) {
    switch (correlation.type) {
        case Type::event_count:
            return {1, infinite, true};
        case Type::value_count:
            return {0, infinite, true};  // calls without the field are hits too
        case Type::temporal:
        case Type::temporal_ordered:
            return {1, static_cast<double>(correlation.rules.size()), true};
        case Type::ratio:
            return {0, correlation.over_all ? 1 : infinite, false};
        case Type::cadence:
            return {0, most_variation, false};
        default:
            return {-infinite, infinite, false};
    }
}

/// A set that bounds describe begins and ends at them, so it holds one of these or is empty.
std::vector<double> candidates(std::span<const Correlation::Bound> bounds, const Domain& domain) {
    std::vector<double> out{domain.least, domain.most};
    for (const auto& bound : bounds) {
        const double down = std::floor(bound.value);
        const double up = std::ceil(bound.value);
        out.insert(out.end(), {down - 1, down, up, up + 1});
        if (!domain.whole)
            out.insert(out.end(), {bound.value, std::nextafter(bound.value, -infinite),
                                   std::nextafter(bound.value, infinite)});
    }
    return out;
}

bool bounds_can_hold(std::span<const Correlation::Bound> bounds, const Domain& domain) {
    for (const double value : candidates(bounds, domain)) {
        const bool possible = value >= domain.least && value <= domain.most &&
                              (!domain.whole || std::isinf(value) || value == std::floor(value));
        if (possible && within(bounds, value)) return true;
    }
    return false;
}

bool expression_can_hold(const Correlation& correlation) {
    if (correlation.rules.size() > most_tried_rules) return true;
    const std::uint32_t sets = std::uint32_t{1} << correlation.rules.size();
    for (std::uint32_t hits = 1; hits < sets; ++hits)
        if (correlation.expression.holds([hits](std::uint32_t i) { return (hits >> i & 1) != 0; }))
            return true;
    return false;
}

}  // namespace

bool can_hold(const Correlation& correlation) {
    if (!correlation.expression.steps.empty()) return expression_can_hold(correlation);
    return bounds_can_hold(correlation.bounds, domain_of(correlation));
}

bool interval_can_hold(const Correlation& correlation) {
    // Half of the intervals, rounded up, are at least as long as their median.
    const auto longest = static_cast<double>(correlation.timespan.count()) /
                         std::ceil(static_cast<double>(correlation.at_least) / 2);
    const double shortest = 0.5;  // microseconds, between 0 and 1
    return bounds_can_hold(correlation.interval, {shortest, longest, false});
}

bool asks_for_absence(const Correlation& correlation) {
    if (!correlation.expression.steps.empty())
        return correlation.expression.holds([](std::uint32_t) { return false; });
    return correlation.type == Type::event_count && correlation.within_bounds(0);
}

}  // namespace policy
