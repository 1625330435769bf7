#pragma once

#include "call/batch.hpp"
#include "policy/set.hpp"

#include <string>
#include <vector>

namespace policy {

/// One comparison of a rule and how it went on a call.
struct Finding {
    std::string selection;  ///< The search identifier it stands in.
    std::string field;      ///< "*" for keywords.
    std::string op;         ///< "equals", "contains", "re", "cidr", "gte", "exists" ...
    std::string expected;   ///< As the rule compares it; a long list is shortened.
    std::string actual;     ///< The call's value as text; "(absent)", "(null)"; at most 512 bytes.
    bool held = false;      ///< Before a `not` of the condition.
};

/// Why a rule held on a call, or why not.
struct Explanation {
    bool matched = false;
    std::string condition;  ///< As written.
    std::vector<Finding> findings;
};

/// Evaluates every comparison of a rule one by one: for evidence and tests, not for the hot path.
/// An empty explanation for a correlation.
[[nodiscard]] Explanation explain(const Set& set, PolicyIndex policy, const call::Call& call);

}  // namespace policy
