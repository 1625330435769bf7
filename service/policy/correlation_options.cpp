#include "policy/correlation_options.hpp"

#include "policy/date.hpp"

namespace policy {
namespace {

using Type = Correlation::Type;

/// The option's value if the type has it; else it is reported.
const yaml::Node* find_option(const yaml::Node& block, std::string_view key, Type type,
                              const CorrelationDraft& draft, Report& report) {
    const yaml::Node* node = block.find(key);
    if (node == nullptr || draft.correlation.type == type) return node;
    report.error(node->mark(),
                 quoted(key) + " is for the type " + std::string(name(type)) + ": remove it");
    return nullptr;
}

/// A group younger than what is remembered cannot tell what is new, so that is the default.
void read_learn(const yaml::Node& block, CorrelationDraft& draft, Report& report) {
    if (draft.correlation.type == Type::new_value)
        draft.correlation.learn = draft.correlation.timespan;
    const yaml::Node* node = find_option(block, "learn", Type::new_value, draft, report);
    if (node == nullptr) return;
    const auto span = parse_span(node->text());
    if (!span) {
        report.error(node->mark(),
                     "'learn' is a whole number and a unit, such as 1d: a group that is younger "
                     "learns its values and does not fire");
        return;
    }
    draft.correlation.learn = *span;
    draft.learn_mark = node->mark();
}

}  // namespace

void read_options(const yaml::Node& block, CorrelationDraft& draft, Report& report) {
    read_learn(block, draft, report);
}

}  // namespace policy
