#include "call/field.hpp"
#include "policy/linker.hpp"
#include "policy/satisfiable.hpp"

#include <algorithm>

/// What would load and do nothing: a policy that can never fire, a name that nothing shows, a
/// filter that restricts no rule. Nobody would notice, so it is refused in a policy of ours and
/// told of others.
namespace policy {
namespace {

/// The names that an alert of a correlation shows, which are those it groups by.
bool shows(const Correlation& inner, std::string_view name) {
    return std::ranges::any_of(inner.group_by, [name](const Correlation::Name& group) {
        return call::canonical(group.name) == call::canonical(name);
    });
}

/// The tuple of fields is a part of the group key.
bool one_value_a_group(const Correlation& correlation) {
    const auto grouped_by = [&](const Correlation::Name& field) {
        return std::ranges::find(correlation.group_by, field.in_rule,
                                 &Correlation::Name::in_rule) != correlation.group_by.end();
    };
    return !correlation.fields.empty() && std::ranges::all_of(correlation.fields, grouped_by);
}

}  // namespace

void Linker::check_inert() {
    for (PolicyIndex policy = 0; policy < correlations_.size(); ++policy) {
        if (!correlations_[policy]) continue;
        Report report = report_of(policy);
        check_condition(policy, report);
        const CorrelationDraft& draft = *drafts_[policy];
        check_shown(policy, correlations_[policy]->group_by, draft.group_by, report);
        check_shown(policy, correlations_[policy]->fields, draft.fields, report);
    }
}

void Linker::check_condition(PolicyIndex policy, Report& report) {
    const Correlation& mine = *correlations_[policy];
    const CorrelationDraft& draft = *drafts_[policy];
    if (mine.type == Correlation::Type::new_value && one_value_a_group(mine))
        report.error_or_warning(draft.ours, draft.condition_mark,
                                "this condition never holds: 'group-by' lists all of 'field', so "
                                "that a group has one value, which it learns");
    if (!mine.interval.empty() && mine.at_least > 0 && mine.timespan.count() > 0 &&
        !interval_can_hold(mine))
        report.error_or_warning(draft.ours, draft.interval_mark,
                                "this interval never holds: no " + std::to_string(mine.at_least) +
                                    " intervals within the timespan have such a median");
    const bool sound = !mine.rules.empty() && mine.rules.size() >= draft.rules.size();
    const bool compares = !mine.bounds.empty() || !mine.expression.steps.empty();
    if (!sound || !compares || can_hold(mine)) return;
    report.error_or_warning(
        draft.ours, draft.condition_mark,
        asks_for_absence(mine)
            ? "this condition never holds: windows are judged when a call matches, and what does "
              "not come is seen by the type 'absence' only"
            : "this condition never holds: no window meets all of it");
}

void Linker::check_shown(PolicyIndex policy, const std::vector<Correlation::Name>& names,
                         const std::vector<Reference>& written, Report& report) {
    const Correlation& mine = *correlations_[policy];
    for (std::size_t n = 0; n < names.size(); ++n)
        for (std::size_t r = 0; r < mine.rules.size(); ++r) {
            const auto& inner = correlations_[mine.rules[r]];
            const std::string& name = names[n].in_rule[r];
            if (!inner || shows(*inner, name)) continue;
            std::vector<std::string_view> known;
            for (const auto& group : inner->group_by) known.push_back(group.name);
            report.error_or_warning(
                drafts_[policy]->ours, written[n].mark,
                "the correlation " + quoted(set_->policies_[mine.rules[r]].key()) +
                    " does not group by " + quoted(name) + did_you_mean(name, known) +
                    " Its alerts show only what it groups by");
        }
}

void Linker::check_filter(const Filter& filter, std::span<const PolicyIndex> listed, bool restricts,
                          Report& report) {
    if (filter.any_rule) {
        if (!restricts)
            report.warn(filter.mark,
                        "this filter restricts no rule: its 'logsource' covers that of none");
        return;
    }
    for (std::size_t i = 0; i < listed.size(); ++i) {
        const PolicyIndex policy = listed[i];
        const std::string key = quoted(set_->policies_[policy].key());
        if (drafts_[policy])
            report.warn(filter.rules[i].mark,
                        key + " is a correlation, which no filter restricts: list its rules");
        else if (!filter.covers(set_->policies_[policy].log_source))
            report.warn(filter.rules[i].mark,
                        "the 'logsource' of this filter does not cover that of " + key +
                            ", which it therefore does not restrict");
    }
}

}  // namespace policy
