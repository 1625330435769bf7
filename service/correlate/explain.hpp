#pragma once

#include "call/batch.hpp"
#include "correlate/firing.hpp"
#include "policy/explain.hpp"
#include "policy/set.hpp"

#include <vector>

namespace correlate {

/// What a policy makes of one call: of a rule every comparison, of a correlation what its rules do.
struct Explained {
    policy::PolicyIndex policy = 0;
    /// Of a rule: its log source and its condition hold. Of a correlation: a rule of it does, so
    /// that the call counts; whether the window is full no single call can say.
    bool matched = false;
    std::vector<policy::LogSourceMismatch> log_source;  ///< Of a rule; empty: it is for the call.
    policy::Explanation rule;                           ///< Of a rule.
    std::vector<Explained> rules;                       ///< Of a correlation, as it lists them.
    /// Below a correlation, when matched: the group of it that the call counts in, and the values
    /// that it gives to a count of values.
    std::vector<GroupValue> group;
    std::vector<GroupValue> values;
};

/// Evaluates everything one by one: for people, evidence and tests, not for the hot path. The call
/// must be of names that the set has been through `want` with.
[[nodiscard]] Explained explain(const policy::Set& set, policy::PolicyIndex policy,
                                const call::Call& call, const policy::LogSource& log_source);

}  // namespace correlate
