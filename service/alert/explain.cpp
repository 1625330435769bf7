#include "alert/explain.hpp"

#include "alert/summary.hpp"
#include "call/field.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace alert {
namespace json = boost::json;
namespace {

constexpr std::size_t most_comparisons = 32;
constexpr std::size_t longest_value = 100;  // code points

json::value text_or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object comparison(const policy::Finding& finding) {
    return {{"block", finding.block},       {"field", finding.field},   {"op", finding.op},
            {"expected", finding.expected}, {"actual", finding.actual}, {"held", finding.held}};
}

json::object log_source_of(const correlate::Explained& explained) {
    json::array reasons;
    for (const auto& mismatch : explained.log_source) {
        reasons.push_back({{"dimension", mismatch.dimension},
                           {"expected", mismatch.wanted},
                           {"actual", mismatch.got}});
    }
    return {{"fits", explained.log_source.empty()}, {"differences", std::move(reasons)}};
}

json::array selections_of(const policy::Explanation& explanation) {
    json::array out;
    for (const auto& selection : explanation.selections) {
        json::array comparisons;
        for (const auto& finding : explanation.findings)
            if (finding.selection == selection.name) comparisons.push_back(comparison(finding));
        out.push_back({{"name", selection.name},
                       {"held", selection.held},
                       {"comparisons", std::move(comparisons)}});
    }
    return out;
}

/// A value as an alert may show it.
std::string shown(const policy::Finding& finding, const std::string& key) {
    if (finding.field == "*") return "(any value of the record)";
    const bool is_key = finding.field == call::name(call::Field::key_uid) ||
                        (!key.empty() && finding.actual == key);
    return is_key ? key_text(finding.actual, longest_value)
                  : line_text(finding.actual, longest_value);
}

json::object reason_of(const policy::Set& set, const Reason& reason, std::size_t& left) {
    const policy::Policy& rule = set.policies()[reason.rule];
    const auto& findings = reason.explanation.findings;
    json::array comparisons;
    for (const bool held : {true, false}) {
        for (const auto& finding : findings) {
            if (finding.held != held || left == 0) continue;
            --left;
            comparisons.push_back({{"selection", line_text(finding.selection)},
                                   {"field", line_text(finding.field)},
                                   {"op", finding.op},
                                   {"expected", line_text(finding.expected, longest_value)},
                                   {"actual", shown(finding, reason.key)},
                                   {"held", held}});
        }
    }
    const std::size_t left_out = findings.size() - comparisons.size();
    return {{"key", rule.key()},
            {"title", rule.title},
            {"block", reason.ref.block},
            {"record", reason.ref.record},
            {"condition", line_text(reason.explanation.condition, 500)},
            {"comparisons", std::move(comparisons)},
            {"left_out", left_out}};
}

}  // namespace

json::object policy_names(const policy::Policy& policy) {
    return {{"title", policy.title},
            {"id", text_or_null(policy.id)},
            {"name", text_or_null(policy.name)}};
}

json::object to_json(const policy::Set& set, const correlate::Explained& explained) {
    json::object out{{"policy", policy_names(set.policies()[explained.policy])},
                     {"detection", detection_of(set, explained.policy)},
                     {"matched", explained.matched}};
    if (set.correlation(explained.policy) == nullptr) {
        out["log_source"] = log_source_of(explained);
        out["condition"] = explained.rule.condition;
        out["condition_held"] = explained.rule.matched;
        out["selections"] = selections_of(explained.rule);
        return out;
    }
    json::array rules;
    for (const auto& rule : explained.rules) {
        json::object made = to_json(set, rule);
        if (rule.matched) {
            made["group"] = to_json(rule.group);
            made["values"] = to_json(rule.values);
        }
        rules.push_back(std::move(made));
    }
    out["rules"] = std::move(rules);
    return out;
}

void attach(Change& change, const policy::Set& set, std::span<const Reason> reasons) {
    json::array list;
    std::size_t left = most_comparisons;
    for (const Reason& reason : reasons) list.push_back(reason_of(set, reason, left));
    change.alert.evidence["conditions"] = std::move(list);
}

}  // namespace alert
