#include "policy/correlation_options.hpp"

#include "policy/date.hpp"

#include <cmath>

namespace policy {
namespace {

using Type = Correlation::Type;

constexpr double most_at_least = 1e9;
constexpr double most_weight = 100;

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

/// One of one is a ratio of 1, and accuses nobody.
void read_at_least(const yaml::Node& block, CorrelationDraft& draft, Report& report) {
    const yaml::Node* node = find_option(block, "at-least", Type::ratio, draft, report);
    if (draft.correlation.type != Type::ratio) return;
    const auto count = node == nullptr ? std::nullopt : node->as_double();
    if (count && *count >= 2 && *count <= most_at_least && *count == std::floor(*count)) {
        draft.correlation.at_least = static_cast<std::uint64_t>(*count);
        return;
    }
    report.error(node == nullptr ? block.mark() : node->mark(),
                 std::string(node == nullptr ? "'at-least' is missing" : "'at-least'") +
                     ": a whole number from 2 to 1000000000, such as 20. It is the denominator "
                     "from which on the ratio is judged, so that 1 of 1 accuses nobody");
}

void read_over(const yaml::Node& block, CorrelationDraft& draft, Report& report) {
    const yaml::Node* node = find_option(block, "over", Type::ratio, draft, report);
    if (node == nullptr) return;
    if (node->text() == "all")
        draft.correlation.over_all = true;
    else
        report.error(node->mark(),
                     "'over' is all: the first rule's hits over the calls that match any of "
                     "'rules'. Without it they are over the hits of the second");
}

/// Whole numbers, so that sums are what they look like: 0.1 and 0.2 are more than 0.3 to a
/// computer.
void read_weights(const yaml::Node& block, CorrelationDraft& draft, Report& report) {
    const yaml::Node* node = find_option(block, "weights", Type::joint, draft, report);
    if (node == nullptr) return;
    const std::size_t before = report.errors();
    if (!node->is_map() || node->entries().empty())
        report.error(node->mark(), "'weights' is a map { rule name: weight }");
    for (const yaml::Entry& entry : node->entries()) {
        const auto weight = entry.value.as_double();
        if (!weight || *weight < 1 || *weight > most_weight || *weight != std::floor(*weight))
            report.error(entry.value.mark(),
                         "a weight is a whole number from 1 to 100; without one it is 1");
        else
            draft.weights.push_back(
                {{entry.key, entry.key_mark}, static_cast<std::uint32_t>(*weight)});
    }
    draft.weights_read = report.errors() == before;
}

}  // namespace

void read_options(const yaml::Node& block, CorrelationDraft& draft, Report& report) {
    read_learn(block, draft, report);
    read_at_least(block, draft, report);
    read_over(block, draft, report);
    read_weights(block, draft, report);
}

}  // namespace policy
