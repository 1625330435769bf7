#include "policy/text_operand.hpp"

#include "base/digest.hpp"
#include "policy/encode.hpp"
#include "policy/expand.hpp"
#include "policy/fold.hpp"
#include "policy/pattern.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace policy {
namespace {

using Kind = Pattern::Token::Kind;
using Op = Predicate::Op;

constexpr std::size_t most_alternatives = 10'000;
constexpr std::size_t most_wildcard_bytes = 1024;

/// One of the alternatives while modifiers are applied to it.
struct Alternative {
    Pattern pattern;
    std::string utf16;  // set between a UTF-16 modifier and the base64 behind it
};

std::string base64_of(const std::string& bytes) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    return base::base64(std::span(data, bytes.size()));
}

class Transformer {
public:
    Transformer(const yaml::Node& value, Report& report) : value_(value), report_(report) {}

    /// False after reporting.
    bool apply(Modifier modifier, std::vector<Alternative>& alternatives) {
        switch (modifier) {
            case Modifier::contains:
                for (auto& a : alternatives) a.pattern.prepend_any();
                [[fallthrough]];
            case Modifier::startswith:
                for (auto& a : alternatives) a.pattern.append_any();
                return true;
            case Modifier::endswith:
                for (auto& a : alternatives) a.pattern.prepend_any();
                return true;
            case Modifier::windash:
                return dashes(alternatives);
            case Modifier::wide:
            case Modifier::utf16be:
            case Modifier::utf16:
                return encode(alternatives, [&](const std::string& text, auto& out) {
                    out.push_back({{}, to_utf16(text, modifier)});
                });
            case Modifier::base64:
                return encode(alternatives, [](const std::string& text, auto& out) {
                    out.push_back({Pattern::literal(base64_of(text)), {}});
                });
            case Modifier::base64offset:
                return encode(alternatives, [](const std::string& text, auto& out) {
                    for (const auto& part : base64_offsets(text))
                        out.push_back({Pattern::literal(part), {}});
                });
            default:
                return true;
        }
    }

private:
    bool dashes(std::vector<Alternative>& alternatives) {
        for (Alternative& a : alternatives) {
            auto dashed = with_dashes(a.pattern);
            if (!dashed) {
                report_.error(value_.mark(), "'windash' on more than 8 dashes");
                return false;
            }
            a.pattern = std::move(*dashed);
        }
        return true;
    }

    template <class Encode>
    bool encode(std::vector<Alternative>& alternatives, Encode encode_one) {
        std::vector<Alternative> out;
        for (const Alternative& a : alternatives) {
            auto texts =
                a.utf16.empty() ? texts_of(a.pattern) : std::optional(std::vector{a.utf16});
            if (!texts) {
                report_.error(value_.mark(),
                              "a wildcard cannot be encoded: escape it as \\* or "
                              "\\?, or leave it out");
                return false;
            }
            for (const std::string& text : *texts) encode_one(text, out);
            if (out.size() > most_alternatives) {
                report_.error(value_.mark(), "more than 10,000 alternatives");
                return false;
            }
        }
        alternatives = std::move(out);
        return true;
    }

    const yaml::Node& value_;
    Report& report_;
};

/// The cheapest operator that a pattern needs.
Op op_of(const std::vector<Pattern::Token>& tokens) {
    const auto is = [&](std::size_t i, Kind kind) { return tokens[i].kind == kind; };
    if (tokens.empty()) return Op::equals;
    if (tokens.size() == 1 && is(0, Kind::literal)) return Op::equals;
    if (tokens.size() == 2 && is(0, Kind::any) && is(1, Kind::literal)) return Op::ends_with;
    if (tokens.size() == 2 && is(0, Kind::literal) && is(1, Kind::any)) return Op::starts_with;
    if (tokens.size() == 3 && is(0, Kind::any) && is(1, Kind::literal) && is(2, Kind::any))
        return Op::contains;
    return Op::wildcard;
}

std::optional<Predicate> predicate_of(const Item& item, const Pattern& written,
                                      const yaml::Node& value, Report& report) {
    Predicate out;
    out.field = item.field;
    out.cased = has(item.modifiers, Modifier::cased);
    const Pattern pattern = out.cased ? written : written.case_folded();
    out.op = op_of(pattern.tokens());
    if (out.op != Op::wildcard) {
        for (const auto& token : pattern.tokens()) out.text += token.text;
        return out;
    }
    out.text = pattern.key();
    std::size_t bytes = 0;
    for (const auto& token : pattern.tokens()) bytes += std::max<std::size_t>(1, token.text.size());
    if (bytes > most_wildcard_bytes) {
        report.error(value.mark(), "a pattern with wildcards longer than 1 KB");
        return std::nullopt;
    }
    out.wildcard = std::make_shared<const Wildcard>(pattern);
    return out;
}

}  // namespace

std::optional<std::vector<Predicate>> read_text_operand(const Item& item, const yaml::Node& value,
                                                        const Lists& lists, Report& report) {
    std::vector<Alternative> alternatives;
    if (has(item.modifiers, Modifier::expand)) {
        auto patterns = expand_text(value, lists, report);
        if (!patterns) return std::nullopt;
        for (Pattern& pattern : *patterns) alternatives.push_back({std::move(pattern), {}});
    } else {
        alternatives.push_back({Pattern::parse(value.text()), {}});
    }

    Transformer transformer(value, report);
    for (const Modifier modifier : item.modifiers)
        if (!transformer.apply(modifier, alternatives)) return std::nullopt;
    const bool anchored =
        has(item.modifiers, Modifier::startswith) || has(item.modifiers, Modifier::endswith);
    if (item.keyword && !anchored) (void)transformer.apply(Modifier::contains, alternatives);

    std::vector<Predicate> out;
    for (const Alternative& a : alternatives) {
        auto predicate = predicate_of(item, a.pattern, value, report);
        if (!predicate) return std::nullopt;
        out.push_back(std::move(*predicate));
    }
    return out;
}

}  // namespace policy
