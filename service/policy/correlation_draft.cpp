#include "policy/correlation_draft.hpp"

#include "policy/correlation_options.hpp"
#include "policy/date.hpp"

#include <algorithm>
#include <array>

namespace policy {
namespace {

using Type = Correlation::Type;

constexpr std::string_view keys[] = {"type",      "rules",    "group-by", "timespan",
                                     "condition", "aliases",  "generate", "timeframe",
                                     "learn",     "at-least", "over",     "interval"};
constexpr std::string_view types[] = {
    "event_count", "value_count", "temporal",         "temporal_ordered",
    "value_sum",   "value_avg",   "value_percentile", "value_median",
    "new_value",   "ratio",       "cadence",          "absence"};
constexpr std::string_view operators[] = {"gt", "gte", "lt", "lte", "eq", "neq"};
constexpr std::string_view condition_keys[] = {"gt", "gte", "lt",    "lte",
                                               "eq", "neq", "field", "percentile"};

bool temporal(Type type) {
    return type == Type::temporal || type == Type::temporal_ordered;
}
bool needs_field(Type type) {
    switch (type) {
        case Type::value_count:
        case Type::value_sum:
        case Type::value_avg:
        case Type::value_percentile:
        case Type::value_median:
        case Type::new_value:
            return true;
        default:
            return false;
    }
}
bool takes_tuples(Type type) {
    return type == Type::value_count || type == Type::new_value;
}
/// Compares no number: it holds or it does not.
bool needs_no_bound(Type type) {
    return type == Type::new_value;
}
std::string example_of(Type type) {
    if (type == Type::new_value) return "{ field: src_endpoint.ip }";
    return type == Type::ratio ? "{ gte: 0.8 }" : "{ gte: 5 }";
}

class CorrelationReader {
public:
    explicit CorrelationReader(Report& report) : report_(report) {}

    CorrelationDraft read(const yaml::Node& root) {
        const yaml::Node& block = *root.find("correlation");
        draft_.mark = draft_.condition_mark = block.mark();
        draft_.ours = root.find("callerprint") != nullptr;
        if (!block.is_map()) {
            report_.error(block.mark(), "'correlation' is a map with type, rules and timespan");
            return std::move(draft_);
        }
        for (const yaml::Entry& entry : block.entries())
            if (std::ranges::find(keys, entry.key) == std::end(keys))
                report_.error(entry.key_mark, "'correlation' has no key " + quoted(entry.key) +
                                                  did_you_mean(entry.key, keys));
        if (!read_type(block)) return std::move(draft_);
        read_references(block, "rules", draft_.rules);
        read_references(block, "group-by", draft_.group_by);
        read_timespan(block);
        read_aliases(block);
        read_generate(block);
        read_generate(root);
        read_condition(block);
        read_options(block, draft_, report_);
        if (draft_.rules.empty() && !draft_.expression)
            report_.error(block.mark(), "'rules' is missing: list the ids or names of rules");
        return std::move(draft_);
    }

private:
    bool read_type(const yaml::Node& block) {
        const yaml::Node* node = block.find("type");
        const std::string text = node == nullptr ? "" : node->text();
        const auto* const found = std::ranges::find(types, text);
        if (found == std::end(types)) {
            report_.error(node == nullptr ? block.mark() : node->mark(),
                          "'type' is one of " + one_of(types) + did_you_mean(text, types));
            return false;
        }
        draft_.correlation.type = static_cast<Type>(found - std::begin(types));
        return true;
    }

    void read_references(const yaml::Node& map, std::string_view key, std::vector<Reference>& out) {
        const yaml::Node* node = map.find(key);
        if (node == nullptr || node->is_null()) return;
        if (node->is_scalar()) out.push_back({node->text(), node->mark()});
        for (const yaml::Node& item : node->items()) {
            if (!item.is_scalar() || item.text().empty())
                report_.error(item.mark(), "'" + std::string(key) + "' is a list of names");
            else if (std::ranges::find(out, item.text(), &Reference::text) != out.end())
                report_.warn(item.mark(), quoted(item.text()) + " is listed twice");
            else
                out.push_back({item.text(), item.mark()});
        }
        if (node->is_map() || out.empty())
            report_.error(node->mark(), "'" + std::string(key) + "' is a list of names");
    }

    void read_timespan(const yaml::Node& block) {
        const yaml::Node* node = block.find("timespan");
        const yaml::Node* old = block.find("timeframe");
        if (node != nullptr && old != nullptr)
            report_.error(old->mark(),
                          "'timespan' and 'timeframe' are two names of one thing: remove this one");
        if (node == nullptr) node = old;
        const auto span = node == nullptr ? std::nullopt : parse_span(node->text());
        if (!span) {
            report_.error(node == nullptr ? block.mark() : node->mark(),
                          "'timespan' is a whole number and a unit, such as 30s, 5m, 1h or 7d");
            return;
        }
        draft_.timespan_mark = node->mark();
        draft_.correlation.timespan = *span;
    }

    void read_aliases(const yaml::Node& block) {
        const yaml::Node* node = block.find("aliases");
        if (node == nullptr || node->is_null()) return;
        if (!node->is_map())
            report_.error(node->mark(), "'aliases' maps an alias to { rule name: field }");
        for (const yaml::Entry& entry : node->entries()) {
            CorrelationDraft::Alias alias{entry.key_mark, {}};
            if (!entry.value.is_map() || entry.value.entries().empty())
                report_.error(entry.value.mark(), "an alias is a map { rule name: field }");
            for (const yaml::Entry& rule : entry.value.entries()) {
                if (!rule.value.is_scalar() || rule.value.text().empty())
                    report_.error(rule.value.mark(), "an alias names one field for each rule");
                else
                    alias.in_rule.push_back({{rule.key, rule.key_mark}, rule.value.text()});
            }
            draft_.aliases.emplace(entry.key, std::move(alias));
        }
    }

    void read_generate(const yaml::Node& map) {
        const yaml::Node* node = map.find("generate");
        if (node == nullptr) return;
        const auto flag = node->as_bool();
        if (!flag) report_.error(node->mark(), "'generate' is true or false");
        draft_.generate = draft_.generate || flag.value_or(false);
    }

    void read_condition(const yaml::Node& block) {
        const Type type = draft_.correlation.type;
        const yaml::Node* node = block.find("condition");
        if (node != nullptr) draft_.condition_mark = node->mark();
        if (type == Type::absence) {
            if (node != nullptr)
                report_.error(node->mark(),
                              "'condition' has no effect with 'absence', which fires when nothing "
                              "comes: remove it");
        } else if (node == nullptr || node->is_null()) {
            if (!temporal(type))
                report_.error(block.mark(),
                              "'condition' is missing: add one, such as " + example_of(type));
        } else if (node->is_scalar()) {
            if (temporal(type))
                draft_.expression = ConditionText{node->text(), node->mark()};
            else
                report_.error(node->mark(),
                              "an expression of rule names is for the temporal "
                              "types: write a map such as " +
                                  example_of(type));
        } else if (node->is_map()) {
            for (const yaml::Entry& entry : node->entries()) read_condition_entry(entry);
            check_condition(*node);
        } else {
            report_.error(node->mark(), "'condition' is a map such as " + example_of(type));
        }
    }

    void read_condition_entry(const yaml::Entry& entry) {
        const auto* const op = std::ranges::find(operators, entry.key);
        if (op != std::end(operators)) {
            const auto value = entry.value.as_double();
            if (!value)
                report_.error(entry.value.mark(), quoted(entry.key) + " needs a number");
            else
                draft_.correlation.bounds.push_back(
                    {static_cast<Correlation::Operator>(op - std::begin(operators)), *value});
        } else if (entry.key == "field") {
            if (entry.value.is_scalar()) {
                draft_.fields.push_back({entry.value.text(), entry.value.mark()});
            } else {
                for (const yaml::Node& item : entry.value.items())
                    draft_.fields.push_back({item.text(), item.mark()});
            }
        } else if (entry.key == "percentile") {
            read_percentile(entry);
        } else {
            report_.error(entry.key_mark, "a condition has no key " + quoted(entry.key) +
                                              did_you_mean(entry.key, condition_keys));
        }
    }

    void read_percentile(const yaml::Entry& entry) {
        const auto value = entry.value.as_double();
        if (!value || *value < 0 || *value > 100)
            report_.error(entry.value.mark(), "'percentile' is a number from 0 to 100");
        else if (draft_.correlation.type != Type::value_percentile)
            report_.error(entry.key_mark, "'percentile' is for the type value_percentile");
        else
            draft_.correlation.percentile = *value;
    }

    void check_condition(const yaml::Node& node) {
        const Type type = draft_.correlation.type;
        if (needs_no_bound(type) && !draft_.correlation.bounds.empty())
            report_.error(node.mark(), "'" + std::string(name(type)) +
                                           "' compares no number, so the condition names the "
                                           "field alone, as in " +
                                           example_of(type));
        if (!needs_no_bound(type) && draft_.correlation.bounds.empty())
            report_.error(node.mark(), "the condition compares nothing: add one of " +
                                           one_of(operators) + " with a number");
        const bool empty = std::ranges::any_of(
            draft_.fields, [](const Reference& field) { return field.text.empty(); });
        if (needs_field(type) && (draft_.fields.empty() || empty))
            report_.error(node.mark(), "'" + std::string(name(type)) +
                                           "' needs 'field': the name whose values it takes");
        if (needs_field(type) && !takes_tuples(type) && draft_.fields.size() > 1)
            report_.error(node.mark(), "'" + std::string(name(type)) + "' takes a single field");
        if (!needs_field(type) && !draft_.fields.empty())
            report_.error_or_warning(
                draft_.ours, node.mark(),
                "'field' has no effect with '" + std::string(name(type)) + "': remove it");
    }

    Report& report_;
    CorrelationDraft draft_;
};

}  // namespace

bool within(std::span<const Correlation::Bound> bounds, double value) noexcept {
    using Operator = Correlation::Operator;
    return std::ranges::all_of(bounds, [value](const Correlation::Bound& bound) {
        switch (bound.op) {
            case Operator::gt:
                return value > bound.value;
            case Operator::gte:
                return value >= bound.value;
            case Operator::lt:
                return value < bound.value;
            case Operator::lte:
                return value <= bound.value;
            case Operator::eq:
                return value == bound.value;
            case Operator::neq:
                return value != bound.value;
        }
        return false;
    });
}

bool Correlation::within_bounds(double value) const noexcept {
    return within(bounds, value);
}

std::string_view name(Correlation::Type type) noexcept {
    return types[static_cast<std::size_t>(type)];
}

std::string_view name(Correlation::Operator op) noexcept {
    return operators[static_cast<std::size_t>(op)];
}

CorrelationDraft read_correlation(const yaml::Node& root, Report& report) {
    return CorrelationReader(report).read(root);
}

}  // namespace policy
