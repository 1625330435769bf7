#pragma once

#include "call/address.hpp"
#include "call/value.hpp"
#include "policy/date.hpp"
#include "policy/element.hpp"
#include "policy/number.hpp"
#include "policy/wildcard.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace policy {

/// A regular expression looks at this much of a value: with 500 hostile rules that is what keeps a
/// call under 2 ms.
inline constexpr std::size_t most_regex_bytes = 4096;

/// One comparison of one field with one operand: what rules are made of and what they share.
struct Predicate {
    enum class Op : std::uint8_t {
        equals,
        contains,
        starts_with,
        ends_with,
        wildcard,
        regex,
        number,
        boolean,
        null,
        exists,
        cidr,
        lt,
        lte,
        gt,
        gte,
        date_part,
        same_as,  ///< fieldref: equal to the other field; `text` names it, as in the next three.
        contains_field,
        starts_with_field,
        ends_with_field,
    };

    std::string field;  ///< Canonical name; "*" for every scalar of the record.
    Op op = Op::equals;
    bool cased = false;  ///< Compares text as it is; else both sides are folded.
    bool flag = false;   ///< Of boolean and exists.
    DatePart part = DatePart::minute;
    /// The literal (folded unless `cased`), the pattern's key, the regex with its flags, or the
    /// other field.
    std::string text;
    Number number = Number::of(std::int64_t{0});
    call::Network network;
    std::shared_ptr<const Wildcard> wildcard;
    std::shared_ptr<const re2::RE2> regex;

    /// Two predicates with one key are the same comparison.
    [[nodiscard]] std::string key() const;
    /// True for the four operators on literal text without `cased`: the ones that are indexed.
    [[nodiscard]] bool is_literal() const noexcept {
        return !cased && (op == Op::equals || op == Op::contains || op == Op::starts_with ||
                          op == Op::ends_with);
    }
    [[nodiscard]] bool refers_to_field() const noexcept { return op >= Op::same_as; }
    /// False for those that a value answers without its text being made and folded.
    [[nodiscard]] bool reads_text() const noexcept {
        return op <= Op::regex || op == Op::boolean || refers_to_field();
    }
    /// False only for those that a missing field can meet.
    [[nodiscard]] bool needs_field() const noexcept {
        return op != Op::null && !(op == Op::exists && !flag);
    }
};

/// Whether the comparison holds for a field, by sigma.md sections 5, 7, 8, 10: for at least one of
/// its elements. `other` is the other field of a fieldref.
[[nodiscard]] bool holds(const Predicate& predicate, const call::Value& value,
                         std::span<const Element> elements, std::span<const Element> other);

/// The same for a predicate that reads no text.
[[nodiscard]] bool holds(const Predicate& predicate, const call::Value& value);

/// "equals", "contains", "gte" ...
[[nodiscard]] std::string_view name(Predicate::Op op) noexcept;
[[nodiscard]] std::string_view name(DatePart part) noexcept;

}  // namespace policy
