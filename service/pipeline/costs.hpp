#pragma once

#include "policy/problem.hpp"

#include <chrono>
#include <vector>

namespace pipeline {

/// What a policy's own comparisons took, as a share of one core: those that no look-up answers for
/// all policies at once (policy/busy.hpp).
struct Cost {
    policy::PolicyIndex policy = 0;
    double share = 0;

    bool operator==(const Cost&) const = default;
};

/// Adds samples up over a time. One thread.
class Costs {
public:
    void add(policy::PolicyIndex policy, std::chrono::nanoseconds processor_time);
    /// What was added since the last time, which is `elapsed` ago: the costliest first.
    [[nodiscard]] std::vector<Cost> take(std::chrono::nanoseconds elapsed);

private:
    std::vector<std::chrono::nanoseconds> spent_;  // by policy
};

/// All policies together may take half a core: one that waits for a core as 500 others do has
/// little of it, however much it asks for.
inline constexpr double most_together = 0.5;

/// Those above `each`, and the costliest of the others until the rest keeps within most_together.
/// `costs` as Costs::take gives them.
[[nodiscard]] std::vector<Cost> over_budget(const std::vector<Cost>& costs, double each);

}  // namespace pipeline
