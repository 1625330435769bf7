#pragma once

#include "call/batch.hpp"
#include "policy/set.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace policy {

/// One comparison of a rule and how it went on a call.
struct Finding {
    std::string selection;  ///< The search identifier it stands in.
    std::uint32_t block =
        0;                 ///< Which map of the selection's list, from 0: one whole map must hold.
    std::string field;     ///< "*" for keywords.
    std::string op;        ///< "equals", "contains", "re", "cidr", "gte", "exists" ...
    std::string expected;  ///< As the rule compares it; a long list is shortened.
    std::string actual;    ///< The call's value as text; "(absent)", "(null)"; at most 512 bytes.
    bool held = false;     ///< Before a `not` of the condition.
};

/// A search identifier and whether it held: what the condition is made of.
struct SelectionFinding {
    std::string name;
    bool held = false;
};

/// Why a rule held on a call, or why not.
struct Explanation {
    bool matched = false;
    std::string condition;                     ///< As written.
    std::vector<SelectionFinding> selections;  ///< In the order of the rule.
    std::vector<Finding> findings;             ///< Likewise, selection by selection.
};

/// A dimension that a rule and a record both name and that differs: the rule is not for the record.
struct LogSourceMismatch {
    std::string_view dimension;  ///< "product", "service" or "category".
    std::string wanted;          ///< By the rule.
    std::string got;             ///< Of the record.
};

/// Why a rule for `rule` is not tried on a record of `record`; empty when it is.
[[nodiscard]] std::vector<LogSourceMismatch> mismatches(const LogSource& rule,
                                                        const LogSource& record);

/// Evaluates every comparison of a rule one by one: for evidence and tests, not for the hot path.
/// An empty explanation for a correlation.
[[nodiscard]] Explanation explain(const Set& set, PolicyIndex policy, const call::Call& call);

}  // namespace policy
