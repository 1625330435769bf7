#include "policy/operand.hpp"

#include "policy/expand.hpp"
#include "policy/fold.hpp"
#include "policy/regex.hpp"
#include "policy/text_operand.hpp"

#include "call/field.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace policy {
namespace {

using Op = Predicate::Op;
using Result = std::optional<std::vector<Predicate>>;

Predicate predicate_of(const Item& item, Op op) {
    Predicate out;
    out.field = item.field;
    out.op = op;
    out.cased = has(item.modifiers, Modifier::cased);
    return out;
}

std::optional<Number> number_of(const yaml::Node& value) {
    if (const auto number = value.as_int()) return Number::of(*number);
    if (const auto number = value.as_unsigned()) return Number::of(*number);
    if (value.looks_integer()) return std::nullopt;  // beyond 64 bits
    if (const auto number = value.as_double()) return Number::of(*number);
    return std::nullopt;
}

struct NumericOp {
    Modifier modifier;
    Op op;
    DatePart part;
};

constexpr NumericOp numeric_ops[] = {
    {Modifier::lt, Op::lt, {}},
    {Modifier::lte, Op::lte, {}},
    {Modifier::gt, Op::gt, {}},
    {Modifier::gte, Op::gte, {}},
    {Modifier::minute, Op::date_part, DatePart::minute},
    {Modifier::hour, Op::date_part, DatePart::hour},
    {Modifier::day, Op::date_part, DatePart::day},
    {Modifier::week, Op::date_part, DatePart::week},
    {Modifier::month, Op::date_part, DatePart::month},
    {Modifier::year, Op::date_part, DatePart::year},
};

bool is_part(const Number& number, DatePart part) {
    const auto [least, most] = range_of(part);
    const double value = number.as_double();
    return value >= static_cast<double>(least) && value <= static_cast<double>(most) &&
           value == std::floor(value);
}

Result read_numeric(const Item& item, const NumericOp& op, const yaml::Node& value,
                    Report& report) {
    const auto number = number_of(value);
    if (!number) {
        report.error(value.mark(), "'" + std::string(name(op.modifier)) +
                                       "' needs a finite number of at most 64 bits, without "
                                       "quotes");
        return std::nullopt;
    }
    Predicate out = predicate_of(item, op.op);
    out.part = op.part;
    out.number = *number;
    if (op.op == Op::date_part && !is_part(*number, op.part)) {
        const auto [least, most] = range_of(op.part);
        report.error(value.mark(), "'" + std::string(name(op.modifier)) +
                                       "' is a whole number from " + std::to_string(least) +
                                       " to " + std::to_string(most) + ": no other ever matches");
        return std::nullopt;
    }
    return std::vector{std::move(out)};
}

Result read_exists(const Item& item, const yaml::Node& value, Report& report) {
    const auto flag = value.as_bool();
    if (!flag || item.values.size() != 1 || item.keyword) {
        report.error(value.mark(), "'exists' needs a field and a single true or false");
        return std::nullopt;
    }
    Predicate out = predicate_of(item, Op::exists);
    out.flag = *flag;
    return std::vector{std::move(out)};
}

Result read_cidr(const Item& item, const yaml::Node& value, Report& report) {
    const auto network = call::parse_network(value.text());
    if (!network) {
        report.error(value.mark(), quoted(value.text()) +
                                       " is no network: write an address and a prefix length "
                                       "without host bits, such as 10.0.0.0/8");
        return std::nullopt;
    }
    Predicate out = predicate_of(item, Op::cidr);
    out.network = *network;
    return std::vector{std::move(out)};
}

Result read_field_reference(const Item& item, const yaml::Node& value, Report& report) {
    if (item.keyword || !value.is_scalar() || value.text().empty()) {
        report.error(value.mark(), "'fieldref' compares a field with the field it names");
        return std::nullopt;
    }
    Op op = Op::same_as;
    if (has(item.modifiers, Modifier::contains)) op = Op::contains_field;
    if (has(item.modifiers, Modifier::startswith)) op = Op::starts_with_field;
    if (has(item.modifiers, Modifier::endswith)) op = Op::ends_with_field;
    Predicate out = predicate_of(item, op);
    out.text = call::canonical(value.text());
    return std::vector{std::move(out)};
}

Result read_regex(const Item& item, const yaml::Node& value, RuleContext& context, Report& report) {
    std::vector<std::string> sources{value.text()};
    if (has(item.modifiers, Modifier::expand)) {
        auto expanded = expand_regex(value, context.lists, report);
        if (!expanded) return std::nullopt;
        sources = std::move(*expanded);
    }
    std::vector<Predicate> out;
    for (const std::string& source : sources) {
        Predicate predicate = predicate_of(item, Op::regex);
        predicate.text = regex_flags(item.modifiers) + source;
        predicate.regex = compile_regex(predicate.text, value.mark(), context, report);
        if (!predicate.regex) return std::nullopt;
        out.push_back(std::move(predicate));
    }
    return out;
}

/// Numbers and booleans compare by value unless a modifier makes them text.
std::optional<Predicate> read_plain(const Item& item, const yaml::Node& value, Report& report,
                                    bool& good) {
    good = true;
    if (const auto flag = value.as_bool()) {
        Predicate out = predicate_of(item, Op::boolean);
        out.flag = *flag;
        return out;
    }
    if (const auto number = number_of(value)) {
        Predicate out = predicate_of(item, Op::number);
        out.number = *number;
        return out;
    }
    if (value.looks_integer()) {
        report.error(value.mark(), "an integer beyond 64 bits: put it in quotes to compare text");
        good = false;
    }
    return std::nullopt;
}

bool changes_text(const Item& item) {
    return item.keyword || std::ranges::any_of(item.modifiers, [](Modifier m) {
               return m != Modifier::all && m != Modifier::neq;
           });
}

Result read_string(const Item& item, const yaml::Node& value, RuleContext& context,
                   Report& report) {
    if (!changes_text(item)) {
        bool good = true;
        if (auto plain = read_plain(item, value, report, good))
            return std::vector{std::move(*plain)};
        if (!good) return std::nullopt;
    }
    return read_text_operand(item, value, context.lists, report);
}

Result read_null(const Item& item, const yaml::Node& value, Report& report) {
    if (changes_text(item)) {
        report.error(value.mark(), item.keyword ? "a keyword must be text"
                                                : "null combines with no modifier but all and neq");
        return std::nullopt;
    }
    Predicate out = predicate_of(item, Op::null);
    out.cased = false;
    return std::vector{std::move(out)};
}

}  // namespace

Result read_operand(const Item& item, const yaml::Node& value, RuleContext& context,
                    Report& report) {
    const auto& modifiers = item.modifiers;
    if (has(modifiers, Modifier::exists)) return read_exists(item, value, report);
    for (const NumericOp& op : numeric_ops)
        if (has(modifiers, op.modifier)) return read_numeric(item, op, value, report);
    if (value.is_null()) return read_null(item, value, report);
    if (has(modifiers, Modifier::cidr)) return read_cidr(item, value, report);
    if (has(modifiers, Modifier::fieldref)) return read_field_reference(item, value, report);
    if (has(modifiers, Modifier::re)) return read_regex(item, value, context, report);
    return read_string(item, value, context, report);
}

}  // namespace policy
