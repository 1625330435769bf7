#include "correlate/explain.hpp"

#include "call/value.hpp"

#include <algorithm>

namespace correlate {
namespace {

using policy::Correlation;

/// As a group key reads it: lists and objects are absent.
GroupValue value_of(const call::Call& call, const std::string& name, const std::string& field) {
    const call::Slot slot = call.names().find(field);
    std::string scratch;
    std::string_view text;
    if (slot == call::no_slot || !call::scalar_text(call.at(slot), scratch, text)) {
        return {name, std::nullopt};
    }
    return {name, std::string(text)};
}

/// What an inner correlation groups by comes out of it, not out of the call.
GroupValue inner_value(const Explained& inner, const std::string& name, const std::string& key) {
    for (const Explained& rule : inner.rules) {
        if (!rule.matched) continue;
        const auto found = std::ranges::find(rule.group, key, &GroupValue::name);
        if (found != rule.group.end()) return {name, found->value};
    }
    return {name, std::nullopt};
}

std::vector<GroupValue> values_of(const policy::Set& set,
                                  const std::vector<Correlation::Name>& names, std::size_t rule,
                                  const Explained& explained, const call::Call& call) {
    std::vector<GroupValue> out;
    const bool chained = set.correlation(explained.policy) != nullptr;
    for (const Correlation::Name& name : names) {
        out.push_back(chained ? inner_value(explained, name.name, name.in_rule[rule])
                              : value_of(call, name.name, name.in_rule[rule]));
    }
    return out;
}

}  // namespace

Explained explain(const policy::Set& set, policy::PolicyIndex policy, const call::Call& call,
                  const policy::LogSource& log_source) {
    Explained out{.policy = policy};
    const Correlation* correlation = set.correlation(policy);
    if (correlation == nullptr) {
        out.log_source = policy::mismatches(set.policies()[policy].log_source, log_source);
        out.rule = policy::explain(set, policy, call);
        out.matched = out.log_source.empty() && out.rule.matched;
        return out;
    }
    for (std::size_t i = 0; i < correlation->rules.size(); ++i) {
        Explained rule = explain(set, correlation->rules[i], call, log_source);
        if (rule.matched) {
            rule.group = values_of(set, correlation->group_by, i, rule, call);
            rule.values = values_of(set, correlation->fields, i, rule, call);
            out.matched = true;
        }
        out.rules.push_back(std::move(rule));
    }
    return out;
}

}  // namespace correlate
