#include "policy/rule.hpp"

#include "policy/condition.hpp"
#include "policy/operand.hpp"

#include <utility>

namespace policy {
namespace {

constexpr std::size_t most_expected_bytes = 400;

std::string op_text(const Item& item) {
    std::string out;
    for (const Modifier modifier : item.modifiers) {
        if (!out.empty()) out += '|';
        out += name(modifier);
    }
    if (!out.empty()) return out;
    return item.keyword ? "contains" : "equals";
}

std::string expected_text(const Item& item) {
    std::string out;
    for (std::size_t i = 0; i < item.values.size(); ++i) {
        if (out.size() > most_expected_bytes)
            return out + ", and " + std::to_string(item.values.size() - i) + " more";
        if (i > 0) out += ", ";
        out += item.values[i].is_null() ? "null" : item.values[i].text().substr(0, 200);
    }
    return out;
}

class Builder {
public:
    Builder(RuleContext& context, Report& report) : context_(context), report_(report) {}

    Rule build(const Ast& ast) {
        std::vector<std::string> names;
        for (const Selection& selection : ast.selections) {
            add(selection);
            names.push_back(selection.name);
        }
        std::vector<Expression> conditions;
        for (const ConditionText& text : ast.conditions) {
            if (!rule_.condition_text.empty()) rule_.condition_text += " or ";
            rule_.condition_text += text.text;
            if (auto condition = read_condition(text, names, report_))
                conditions.push_back(std::move(*condition));
        }
        rule_.condition = Expression::of(Expression::Kind::any, std::move(conditions));
        return std::move(rule_);
    }

private:
    void add(const Selection& selection) {
        std::vector<Expression> blocks;
        for (std::uint32_t block = 0; block < selection.blocks.size(); ++block) {
            std::vector<Expression> items;
            for (const Item& item : selection.blocks[block]) {
                items.push_back(Expression::leaf(rule_.items.size()));
                add(selection, block, item);
            }
            blocks.push_back(Expression::of(Expression::Kind::all, std::move(items)));
        }
        rule_.selections.push_back(
            {selection.name, Expression::of(Expression::Kind::any, std::move(blocks))});
    }

    void add(const Selection& selection, std::uint32_t block, const Item& item) {
        const bool all = has(item.modifiers, Modifier::all);
        if (all && item.values.size() == 1)
            report_.warn(item.mark, "'all' has no effect on a single value: remove it");
        std::vector<Expression> values;
        for (const yaml::Node& value : item.values) {
            auto predicates = read_operand(item, value, context_, report_);
            if (!predicates) continue;
            std::vector<Expression> alternatives;
            for (Predicate& predicate : *predicates) {
                alternatives.push_back(Expression::leaf(rule_.predicates.size()));
                rule_.predicates.push_back(std::move(predicate));
            }
            values.push_back(Expression::of(Expression::Kind::any, std::move(alternatives)));
        }
        Expression whole =
            Expression::of(all ? Expression::Kind::all : Expression::Kind::any, std::move(values));
        if (has(item.modifiers, Modifier::neq)) whole = Expression::negation(std::move(whole));
        rule_.items.push_back({selection.name, block, item.field, op_text(item),
                               expected_text(item), std::move(whole)});
    }

    RuleContext& context_;
    Report& report_;
    Rule rule_;
};

void shift(Expression& expression, std::size_t by) {
    if (expression.kind == Expression::Kind::leaf)
        expression.number += static_cast<std::uint32_t>(by);
    for (Expression& child : expression.children) shift(child, by);
}

}  // namespace

void Rule::restrict_by(const Rule& filter, const std::string& filter_name) {
    const std::size_t first_predicate = predicates.size();
    const std::size_t first_item = items.size();
    const std::size_t first_selection = selections.size();
    predicates.insert(predicates.end(), filter.predicates.begin(), filter.predicates.end());
    for (RuleItem item : filter.items) {
        item.selection = filter_name + "/" + item.selection;
        shift(item.expression, first_predicate);
        items.push_back(std::move(item));
    }
    for (RuleSelection selection : filter.selections) {
        selection.name = filter_name + "/" + selection.name;
        shift(selection.expression, first_item);
        selections.push_back(std::move(selection));
    }
    Expression theirs = filter.condition;
    shift(theirs, first_selection);
    std::vector<Expression> both;
    both.push_back(std::move(condition));
    both.push_back(std::move(theirs));
    condition = Expression::of(Expression::Kind::all, std::move(both));
    condition_text = "(" + condition_text + ") and (" + filter.condition_text + ")";
}

Rule build_rule(const Ast& ast, RuleContext& context, Report& report) {
    return Builder(context, report).build(ast);
}

}  // namespace policy
