#pragma once

#include "policy/problem.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace policy {

/// `a and (b or c) and not d` over the rules of a temporal correlation, in postfix order.
class RuleExpression {
public:
    enum class Kind : std::uint8_t { rule, conjunction, disjunction, negation };
    struct Step {
        Kind kind = Kind::rule;
        std::uint32_t rule = 0;  ///< Of Kind::rule: index into Correlation::rules.
    };

    std::vector<Step> steps;  ///< Empty: there is no expression.

    /// The expression's truth, where `hit(i)` says whether rule i has a hit in the window.
    template <class Hit>
    [[nodiscard]] bool holds(Hit&& hit) const {
        std::vector<bool> stack;
        for (const Step& step : steps) {
            if (step.kind == Kind::rule) {
                stack.push_back(hit(step.rule));
            } else if (step.kind == Kind::negation) {
                stack.back() = !stack.back();
            } else {
                const bool right = stack.back();
                stack.pop_back();
                stack.back() =
                    step.kind == Kind::conjunction ? stack.back() && right : stack.back() || right;
            }
        }
        return !stack.empty() && stack.back();
    }
};

/// What a correlation counts, over which rules, for how long (sigma.md section 13). The loader has
/// checked everything that the comments promise.
struct Correlation {
    enum class Type : std::uint8_t {
        event_count,
        value_count,
        temporal,
        temporal_ordered,
        value_sum,
        value_avg,
        value_percentile,
        value_median,
        new_value,
        ratio,
        cadence,
        absence,
    };
    enum class Operator : std::uint8_t { gt, gte, lt, lte, eq, neq };
    struct Bound {
        Operator op = Operator::gte;
        double value = 0;
    };
    /// A name in `group-by` or `field`, and the field it means in the calls of each rule: the name
    /// itself unless `aliases` says otherwise. Of a rule that is a correlation it is the name of
    /// one of that correlation's group keys.
    struct Name {
        std::string name;
        std::vector<std::string> in_rule;  ///< Same order and size as Correlation::rules.
    };

    static constexpr std::uint32_t most_intervals = 9'999;  ///< Of cadence, to be asked for.

    Type type = Type::event_count;
    std::vector<PolicyIndex> rules;         ///< As listed, each once; rules or correlations.
    std::vector<Name> group_by;             ///< Empty: one group for everything.
    std::chrono::microseconds timespan{0};  ///< At least 1 s.
    /// All must hold. Empty for new_value, absence and, all rules, temporal types.
    std::vector<Bound> bounds;
    std::vector<Name> fields;            ///< Of the value_ types and new_value; a tuple if several.
    double percentile = 50;              ///< Of value_percentile: 0 to 100.
    RuleExpression expression;           ///< Temporal types; then `bounds` is empty.
    std::chrono::microseconds learn{0};  ///< Of new_value: the age at which a group may fire.
    /// Below it nothing fires. Of ratio the denominator, 2 or more; of cadence intervals, 3 to
    /// 9,999; of absence hits of its only rule before the last one, itself included, 1 to
    /// 1,000,000; else 0.
    std::uint32_t at_least = 0;
    bool over_all = false;  ///< Of ratio: over the calls of all rules, not the hits of the second.
    std::vector<Bound> interval;  ///< Of cadence: what its median must keep within, microseconds.

    /// True when the number keeps within all bounds.
    [[nodiscard]] bool within_bounds(double value) const noexcept;
};

/// The greatest robust coefficient of variation that there is: a normal distribution's standard
/// deviation is so many times its median absolute deviation, which is at most the median.
inline constexpr double most_variation = 1.4826;

/// True when the number keeps within all bounds.
[[nodiscard]] bool within(std::span<const Correlation::Bound> bounds, double value) noexcept;

[[nodiscard]] std::string_view name(Correlation::Type type) noexcept;
[[nodiscard]] std::string_view name(Correlation::Operator op) noexcept;

}  // namespace policy
