#include "call/field.hpp"
#include "policy/linker.hpp"

#include <algorithm>
#include <utility>

namespace policy {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_group_keys = 4;
constexpr auto longest_span = std::chrono::microseconds(7 * 24h);
constexpr auto longest_memory = std::chrono::microseconds(90 * 24h);

void append_postfix(const Expression& expression, std::vector<RuleExpression::Step>& out) {
    using Kind = RuleExpression::Kind;
    if (expression.kind == Expression::Kind::leaf) {
        out.push_back({Kind::rule, expression.number});
        return;
    }
    bool first = true;
    for (const Expression& child : expression.children) {
        append_postfix(child, out);
        if (!first)
            out.push_back(
                {expression.kind == Expression::Kind::all ? Kind::conjunction : Kind::disjunction,
                 0});
        first = false;
    }
    if (expression.kind == Expression::Kind::negation) out.push_back({Kind::negation, 0});
}

}  // namespace

void Linker::resolve_correlation(PolicyIndex policy) {
    Report report = report_of(policy);
    const CorrelationDraft& draft = *drafts_[policy];
    auto correlation = std::make_unique<Correlation>(draft.correlation);
    std::vector<std::string> names;
    for (const Reference& reference : draft.rules) {
        const auto rule = resolve(reference, report);
        if (!rule) continue;
        if (std::ranges::find(correlation->rules, *rule) != correlation->rules.end()) {
            report.warn(reference.mark, "this rule is listed twice, by its id and its name");
            continue;
        }
        correlation->rules.push_back(*rule);
        names.push_back(reference.text);
    }
    if (draft.expression) resolve_expression(policy, *correlation, names, report);
    if (report.errors() == 0) {
        check_aliases(policy, *correlation, report);
        resolve_options(policy, *correlation, report);
    }
    if (report.errors() == 0) {
        correlation->group_by = resolve_names(draft.group_by, draft, *correlation, report);
        correlation->fields = resolve_names(draft.fields, draft, *correlation, report);
        check_extent(policy, *correlation, report);
    }
    correlations_[policy] = std::move(correlation);
}

void Linker::resolve_expression(PolicyIndex policy, Correlation& correlation,
                                std::vector<std::string>& names, Report& report) {
    const CorrelationDraft& draft = *drafts_[policy];
    std::vector<bool> used(correlation.rules.size());
    const bool listed = !draft.rules.empty();
    const auto index_of = [&](std::string_view name) -> std::optional<std::size_t> {
        const auto rule = resolve({std::string(name), draft.expression->mark}, report);
        if (!rule) return std::nullopt;
        const auto found = std::ranges::find(correlation.rules, *rule);
        const auto index = static_cast<std::size_t>(found - correlation.rules.begin());
        if (found == correlation.rules.end()) {
            if (listed) {
                report.error(draft.expression->mark,
                             "condition: " + quoted(name) + " is not listed in 'rules'");
                return std::nullopt;
            }
            correlation.rules.push_back(*rule);
            names.emplace_back(name);
            used.push_back(false);
        }
        used[index] = true;
        return index;
    };
    const auto expression = read_rule_condition(*draft.expression, index_of, report);
    if (!expression) return;
    append_postfix(*expression, correlation.expression.steps);
    for (std::size_t i = 0; i < used.size(); ++i)
        if (!used[i])
            report.error(draft.expression->mark, "condition: the rule " + quoted(names[i]) +
                                                     " is listed but not used: use it or remove "
                                                     "it");
}

void Linker::check_aliases(PolicyIndex policy, const Correlation& correlation, Report& report) {
    const CorrelationDraft& draft = *drafts_[policy];
    for (const auto& [name, alias] : draft.aliases) {
        for (const auto& [reference, field] : alias.in_rule) {
            const auto rule = resolve(reference, report);
            if (rule && std::ranges::find(correlation.rules, *rule) == correlation.rules.end())
                report.error(reference.mark, quoted(reference.text) + " is not listed in 'rules'");
        }
        const auto uses = [&](const std::vector<Reference>& list) {
            return std::ranges::find(list, name, &Reference::text) != list.end();
        };
        if (!uses(draft.group_by) && !uses(draft.fields))
            report.error_or_warning(
                draft.ours, alias.mark,
                "the alias " + quoted(name) + " has no effect: name it in group-by or field");
    }
}

std::vector<Correlation::Name> Linker::resolve_names(const std::vector<Reference>& references,
                                                     const CorrelationDraft& draft,
                                                     const Correlation& correlation,
                                                     Report& report) {
    std::vector<Correlation::Name> out;
    for (const Reference& reference : references) {
        Correlation::Name name{reference.text, {}};
        const auto alias = draft.aliases.find(reference.text);
        for (const PolicyIndex rule : correlation.rules) {
            std::string field(call::canonical(reference.text));
            if (alias != draft.aliases.end()) {
                const auto& pairs = alias->second.in_rule;
                const auto found = std::ranges::find_if(
                    pairs, [&](const auto& pair) { return resolve(pair.first, report) == rule; });
                if (found != pairs.end())
                    field =
                        drafts_[rule] ? found->second : std::string(call::canonical(found->second));
                else if (!drafts_[rule])
                    report.warn(alias->second.mark, "the alias " + quoted(reference.text) +
                                                        " says nothing for " +
                                                        quoted(set_->policies_[rule].key()) +
                                                        ", whose field of that name is taken");
            }
            if (drafts_[rule] && (alias == draft.aliases.end())) field = reference.text;
            name.in_rule.push_back(std::move(field));
        }
        out.push_back(std::move(name));
    }
    return out;
}

/// Reliability of the service, not of the language: ours must keep to it, others are told.
void Linker::check_extent(PolicyIndex policy, const Correlation& correlation, Report& report) {
    const CorrelationDraft& draft = *drafts_[policy];
    // What new_value keeps follows the values, each once, and not the calls of the time.
    const bool values_only = correlation.type == Correlation::Type::new_value;
    if (correlation.timespan > (values_only ? longest_memory : longest_span))
        report.error_or_warning(draft.ours, draft.timespan_mark,
                                std::string("a time span above ") + (values_only ? "90d" : "7d") +
                                    " keeps much in memory: shorten it");
    if (correlation.learn > longest_memory)
        report.error_or_warning(draft.ours, draft.learn_mark,
                                "a group that learns for more than 90d hardly ever fires: shorten "
                                "it");
    if (correlation.group_by.size() > most_group_keys)
        report.error_or_warning(draft.ours, draft.group_by.back().mark,
                                "more than 4 group keys: leave some out");
}

bool Linker::visit(PolicyIndex policy, std::vector<int>& state) {
    if (!correlations_[policy] || state[policy] == 2) return true;
    if (state[policy] == 1) return false;
    state[policy] = 1;
    for (const PolicyIndex rule : correlations_[policy]->rules) {
        if (visit(rule, state)) continue;
        report_of(policy).error(
            drafts_[policy]->mark,
            "this correlation refers to itself through " + quoted(set_->policies_[rule].key()));
        state[policy] = 2;
        return true;
    }
    state[policy] = 2;
    set_->ordered_.push_back(policy);
    return true;
}

void Linker::order_correlations() {
    std::vector<int> state(set_->policies_.size());
    for (PolicyIndex policy = 0; policy < state.size(); ++policy) (void)visit(policy, state);
}

}  // namespace policy
