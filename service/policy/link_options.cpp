#include "policy/linker.hpp"

/// What options of single types ask of the rules that a correlation lists.
namespace policy {

void Linker::check_options(PolicyIndex policy, const Correlation& correlation, Report& report) {
    const CorrelationDraft& draft = *drafts_[policy];
    if (correlation.type != Correlation::Type::ratio) return;
    if (correlation.over_all && correlation.rules.size() < 2)
        report.error(draft.mark,
                     "a ratio over all needs two rules or more: the one whose part is asked for, "
                     "and the others");
    if (!correlation.over_all && correlation.rules.size() != 2)
        report.error(draft.mark,
                     "a ratio needs two rules, the hits of the first over those of the second; "
                     "with 'over: all' it is over the calls of all");
}

}  // namespace policy
