#include "call/field.hpp"
#include "policy/linker.hpp"

#include <algorithm>
#include <unordered_set>

namespace policy {
namespace {

constexpr std::size_t most_names = 4'000;

/// Geography alone is never evidence of abuse: where a call came from, where it was served, where
/// its tenant is registered.
constexpr std::string_view geography[] = {"cloud.region", "tenant.country", "party.country"};

bool is_geography(std::string_view field) {
    return field.starts_with("src_endpoint.location") ||
           std::ranges::find(geography, field) != std::end(geography);
}

}  // namespace

void Linker::check_effects() {
    for (PolicyIndex policy = 0; policy < set_->policies_.size(); ++policy) {
        const Policy& mine = set_->policies_[policy];
        if (!mine.callerprint.given) continue;
        Report report = report_of(policy);
        if (!mine.generate && (mine.callerprint.quiet || !mine.callerprint.subject_field.empty()))
            report.error(mark_of(policy),
                         "only correlations use this rule, so 'quiet' and "
                         "'subject' have no effect: remove them, or add "
                         "'generate: true'");
        if (correlations_[policy] && !mine.callerprint.keep_calls)
            report.error(mark_of(policy),
                         "'keep_calls' has no effect on a correlation: it belongs to the rules "
                         "that it lists");
        check_late(policy, report);
        check_subject(policy, report);
    }
}

void Linker::check_late(PolicyIndex policy, Report& report) {
    const Policy& mine = set_->policies_[policy];
    if (!mine.callerprint.late_ok) return;
    if (correlations_[policy]) {
        report.error(mark_of(policy),
                     "a correlation cannot have 'late_ok': its window was judged when time passed "
                     "it, and windows cannot be reopened. Remove it, or write a rule that says by "
                     "itself what a late call must tell");
    } else if (!mine.generate) {
        report.error(mark_of(policy),
                     "only correlations use this rule, and their windows cannot be reopened for "
                     "late calls, so 'late_ok' has no effect: remove it, or add 'generate: true'");
    }
}

void Linker::check_subject(PolicyIndex policy, Report& report) {
    const Meta& meta = set_->policies_[policy].callerprint;
    if (meta.subject == SubjectKind::none || !correlations_[policy]) return;
    const auto holds_subject = [&](const Correlation::Name& group) {
        return call::canonical(group.name) == meta.subject_field ||
               std::ranges::find(group.in_rule, meta.subject_field) != group.in_rule.end();
    };
    if (!std::ranges::any_of(correlations_[policy]->group_by, holds_subject))
        report.error(mark_of(policy), "the subject is " + meta.subject_field +
                                          ", which 'group-by' must list to tell one from another");
}

bool Linker::geography_only(PolicyIndex policy) const {
    if (correlations_[policy])
        return std::ranges::all_of(correlations_[policy]->rules,
                                   [this](PolicyIndex rule) { return geography_only(rule); });
    if (!rules_[policy] || rules_[policy]->predicates.empty()) return false;
    return std::ranges::all_of(rules_[policy]->predicates, [](const Predicate& predicate) {
        return is_geography(predicate.field) &&
               (!predicate.refers_to_field() || is_geography(predicate.text));
    });
}

void Linker::check_geography() {
    const bool sound = std::ranges::none_of(problems_, [](const Problem& p) { return !p.warning; });
    if (!sound) return;  // a cycle would never end
    for (PolicyIndex policy = 0; policy < set_->policies_.size(); ++policy)
        if (set_->policies_[policy].generate && geography_only(policy))
            report_of(policy).error(mark_of(policy),
                                    "geography alone is never evidence: add a condition on "
                                    "something other than country or region");
}

void Linker::check_names() {
    call::Names names;
    std::unordered_set<std::string> distinct;
    for (const auto& rule : set_->rules_) {
        if (!rule) continue;
        for (const Predicate& predicate : rule->predicates) {
            distinct.insert(predicate.field);
            if (predicate.refers_to_field()) distinct.insert(predicate.text);
        }
    }
    for (const auto& correlation : set_->correlations_) {
        if (!correlation) continue;
        for (const auto* list : {&correlation->group_by, &correlation->fields})
            for (const Correlation::Name& name : *list)
                distinct.insert(name.in_rule.begin(), name.in_rule.end());
    }
    for (const Policy& policy : set_->policies_)
        if (policy.callerprint.given) {
            distinct.insert(policy.callerprint.subject_field);
            for (const std::string& field : policy.fields) distinct.insert(field);
        }
    if (distinct.size() > most_names - call::field_count)
        problems_.push_back({files_.back().name, 0, 0, false,
                             "the policies use " + std::to_string(distinct.size()) +
                                 " different names; with our own, at most 4,000 can be used"});
}

}  // namespace policy
