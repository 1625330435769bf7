#include "policy/predicate.hpp"

#include "base/digest.hpp"
#include "policy/fold.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <cstring>

namespace policy {
namespace {

using Op = Predicate::Op;
using Kind = call::Value::Kind;

/// Not string_view::find, which is quadratic on repeated text.
bool contains(std::string_view text, std::string_view part) {
    if (text.size() < part.size()) return false;
    if (part.empty()) return true;  // memmem takes no null
    return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

bool is_number(const call::Value& value) {
    return value.kind() == Kind::integer || value.kind() == Kind::big_integer ||
           value.kind() == Kind::real;
}

bool boolean_holds(bool wanted, const Element& element) {
    if (element.value.kind() == Kind::boolean) return element.value.boolean() == wanted;
    return element.value.is_text() && element.folded == (wanted ? "true" : "false");
}

bool compare_holds(const Predicate& predicate, const call::Value& value) {
    const auto number = Number::of(value);
    if (!number) return false;
    switch (predicate.op) {
        case Op::lt:
            return *number < predicate.number;
        case Op::lte:
            return *number <= predicate.number;
        case Op::gt:
            return *number > predicate.number;
        case Op::gte:
            return *number >= predicate.number;
        default:
            return *number == predicate.number;
    }
}

bool date_holds(const Predicate& predicate, const call::Value& value) {
    const auto time = time_of(value);
    return time && Number::of(part_of(*time, predicate.part)) == predicate.number;
}

bool cidr_holds(const Predicate& predicate, const call::Value& value) {
    if (!value.is_text()) return false;
    const auto address = call::parse_address(value.text());
    return address && predicate.network.contains(*address);
}

/// One value against a predicate that reads no text.
bool value_holds(const Predicate& predicate, const call::Value& value) {
    switch (predicate.op) {
        case Op::null:
            return value.kind() == Kind::null;
        case Op::cidr:
            return cidr_holds(predicate, value);
        case Op::date_part:
            return date_holds(predicate, value);
        default:
            return compare_holds(predicate, value);
    }
}

bool regex_holds(const Predicate& predicate, const Element& element) {
    if (!element.has_text) return false;
    // Match is given the whole value, so that where it stops looking is no end to `$` and `\b`.
    const re2::StringPiece text(element.text.data(), element.text.size());
    const std::size_t end = std::min(text.size(), most_regex_bytes);
    return predicate.regex->Match(text, 0, end, RE2::UNANCHORED, nullptr, 0);
}

bool element_holds(const Predicate& predicate, const Element& element) {
    const std::string_view text = predicate.cased ? element.text : element.folded;
    switch (predicate.op) {
        case Op::equals:
            return element.has_text && text == predicate.text;
        case Op::contains:
            return element.has_text && contains(text, predicate.text);
        case Op::starts_with:
            return element.has_text && text.starts_with(predicate.text);
        case Op::ends_with:
            return element.has_text && text.ends_with(predicate.text);
        case Op::wildcard:
            return element.has_text && predicate.wildcard->matches(text);
        case Op::regex:
            return regex_holds(predicate, element);
        case Op::boolean:
            return boolean_holds(predicate.flag, element);
        default:
            return value_holds(predicate, element.value);
    }
}

bool pair_holds(const Predicate& predicate, const Element& mine, const Element& other) {
    if (!mine.has_text || !other.has_text) return false;
    const std::string_view left = predicate.cased ? mine.text : mine.folded;
    const std::string_view right = predicate.cased ? other.text : other.folded;
    switch (predicate.op) {
        case Op::contains_field:
            return contains(left, right);
        case Op::starts_with_field:
            return left.starts_with(right);
        case Op::ends_with_field:
            return left.ends_with(right);
        default:
            break;
    }
    if (is_number(mine.value) || is_number(other.value)) {
        const auto a = Number::of(mine.value);
        const auto b = Number::of(other.value);
        if (a && b) return *a == *b;
    }
    return left == right;
}

/// A pair of long lists is not worth more than this.
constexpr std::size_t most_pairs = 4096;

bool field_reference_holds(const Predicate& predicate, std::span<const Element> mine,
                           std::span<const Element> other) {
    std::size_t pairs = 0;
    for (const Element& left : mine)
        for (const Element& right : other) {
            if (++pairs > most_pairs) return false;
            if (pair_holds(predicate, left, right)) return true;
        }
    return false;
}

}  // namespace

bool holds(const Predicate& predicate, const call::Value& value) {
    if (predicate.op == Op::exists) return value.absent() != predicate.flag;
    if (predicate.op == Op::null && value.absent()) return true;
    return std::ranges::any_of(value.each(),
                               [&](const auto& one) { return value_holds(predicate, one); });
}

bool holds(const Predicate& predicate, const call::Value& value, std::span<const Element> elements,
           std::span<const Element> other) {
    if (!predicate.reads_text()) return holds(predicate, value);
    if (predicate.refers_to_field()) return field_reference_holds(predicate, elements, other);
    return std::ranges::any_of(
        elements, [&](const Element& element) { return element_holds(predicate, element); });
}

std::string Predicate::key() const {
    base::LengthPrefixed key;
    key.add(field).add(static_cast<std::int64_t>(op)).add(cased ? 1 : 0).add(flag ? 1 : 0);
    key.add(static_cast<std::int64_t>(part)).add(text).add(number.text());
    if (op == Op::cidr) key.add(call::to_text(network));
    return key.text();
}

std::string_view name(Predicate::Op op) noexcept {
    switch (op) {
        case Op::equals:
        case Op::number:
        case Op::boolean:
            return "equals";
        case Op::contains:
        case Op::contains_field:
            return "contains";
        case Op::starts_with:
        case Op::starts_with_field:
            return "startswith";
        case Op::ends_with:
        case Op::ends_with_field:
            return "endswith";
        case Op::wildcard:
            return "like";
        case Op::regex:
            return "re";
        case Op::null:
            return "is null";
        case Op::exists:
            return "exists";
        case Op::cidr:
            return "cidr";
        case Op::lt:
            return "lt";
        case Op::lte:
            return "lte";
        case Op::gt:
            return "gt";
        case Op::gte:
            return "gte";
        case Op::date_part:
            return "date part";
        case Op::same_as:
            return "equals";
    }
    return "";
}

std::string_view name(DatePart part) noexcept {
    switch (part) {
        case DatePart::minute:
            return "minute";
        case DatePart::hour:
            return "hour";
        case DatePart::day:
            return "day";
        case DatePart::week:
            return "week";
        case DatePart::month:
            return "month";
        case DatePart::year:
            return "year";
    }
    return "";
}

}  // namespace policy
