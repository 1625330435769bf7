#pragma once

#include "policy/ast.hpp"
#include "policy/expression.hpp"
#include "policy/policy.hpp"
#include "policy/predicate.hpp"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace policy {

/// An entry of a selection, compiled.
struct RuleItem {
    std::string selection;
    std::uint32_t block = 0;  ///< Which map of the selection's list.
    std::string field;
    std::string op;         ///< The modifiers as written, or "equals".
    std::string expected;   ///< The values as written; a long list is shortened.
    Expression expression;  ///< Its leaves are Rule::predicates.
};

struct RuleSelection {
    std::string name;
    Expression expression;  ///< Its leaves are Rule::items.
};

/// Third stage: a rule as comparisons and what they must add up to.
struct Rule {
    std::vector<Predicate> predicates;
    std::vector<RuleItem> items;
    std::vector<RuleSelection> selections;
    Expression condition;  ///< Its leaves are `selections`.
    std::string condition_text;

    /// Also this filter must hold: its selections are added, its condition is ANDed.
    void restrict_by(const Rule& filter, const std::string& filter_name);
};

/// What the rules of one set share while they are built.
struct RuleContext {
    const Lists& lists;
    std::unordered_map<std::string, std::shared_ptr<const re2::RE2>> regexes;
};

/// Reports every mistake; the rule is of use only when there was none.
[[nodiscard]] Rule build_rule(const Ast& ast, RuleContext& context, Report& report);

}  // namespace policy
