#include "policy/linker.hpp"

#include <algorithm>

/// What options of single types ask of the rules that a correlation lists.
namespace policy {
namespace {

constexpr std::size_t most_joint_rules = 64;

void check_ratio(const Correlation& correlation, yaml::Mark mark, Report& report) {
    if (correlation.over_all && correlation.rules.size() < 2)
        report.error(mark,
                     "a ratio over all needs two rules or more: the one whose part is asked for, "
                     "and the others");
    if (!correlation.over_all && correlation.rules.size() != 2)
        report.error(mark,
                     "a ratio needs two rules, the hits of the first over those of the second; "
                     "with 'over: all' it is over the calls of all");
}

}  // namespace

void Linker::resolve_options(PolicyIndex policy, Correlation& correlation, Report& report) {
    const yaml::Mark mark = drafts_[policy]->mark;
    if (correlation.type == Correlation::Type::ratio) check_ratio(correlation, mark, report);
    if (correlation.type != Correlation::Type::joint) return;
    if (correlation.rules.size() < 2 || correlation.rules.size() > most_joint_rules)
        report.error(mark, "a joint correlation lists 2 to 64 rules, not " +
                               std::to_string(correlation.rules.size()));
    resolve_weights(policy, correlation, report);
}

void Linker::resolve_weights(PolicyIndex policy, Correlation& correlation, Report& report) {
    correlation.weights.assign(correlation.rules.size(), 1);
    std::vector<bool> weighed(correlation.rules.size());
    for (const auto& [reference, weight] : drafts_[policy]->weights) {
        const auto rule = resolve(reference, report);
        if (!rule) continue;
        const auto found = std::ranges::find(correlation.rules, *rule);
        const auto place = static_cast<std::size_t>(found - correlation.rules.begin());
        if (found == correlation.rules.end()) {
            report.error(reference.mark, quoted(reference.text) + " is not listed in 'rules'");
        } else if (weighed[place]) {
            report.error(reference.mark, "this rule is weighed twice, by its id and its name");
        } else {
            weighed[place] = true;
            correlation.weights[place] = weight;
        }
    }
}

}  // namespace policy
