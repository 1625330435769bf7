#include "policy/condition.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace policy {
namespace {

constexpr int most_depth = 64;

using IndexOf = std::function<std::optional<std::size_t>(std::string_view)>;

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_word(char c) {
    return base::ascii::is_alnum(c) || c == '_' || c == '-' || c == '*' || c == '.' || c == ':' ||
           static_cast<unsigned char>(c) >= 0x80;
}

/// "and" in either all lower or all upper case.
bool is(std::string_view token, std::string_view lower) {
    if (token == lower) return true;
    return std::ranges::equal(token, lower, [](char t, char l) { return t == l - 32; });
}

/// `*` for any characters at any place. Patterns are short: the classical two pointers will do.
bool glob(std::string_view pattern, std::string_view text) {
    std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.size() && pattern[p] == text[t]) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

/// Thrown out of the recursive descent at the first mistake and caught at its top.
struct Mistake {
    std::string what;
};

class Parser {
public:
    Parser(std::string_view text, std::span<const std::string> identifiers, const IndexOf& index_of,
           bool selectors)
        : text_(text), identifiers_(identifiers), index_of_(index_of), selectors_(selectors) {
        advance();
    }

    Expression whole() {
        if (token_.empty()) throw Mistake{"the condition is empty"};
        Expression out = disjunction(0);
        if (token_ == ")") throw Mistake{"there is a ')' without its '('"};
        if (token_ == "|")
            throw Mistake{"'|' aggregations are not part of Sigma any more: write a correlation"};
        if (!token_.empty())
            throw Mistake{quoted(token_) + " was not expected: join with 'and' or 'or'"};
        return out;
    }

private:
    void advance() {
        while (at_ < text_.size() && is_space(text_[at_])) ++at_;
        const std::size_t start = at_;
        while (at_ < text_.size() && is_word(text_[at_])) ++at_;
        if (at_ == start && at_ < text_.size()) ++at_;
        token_ = text_.substr(start, at_ - start);
    }

    [[nodiscard]] std::string_view next_token() const {
        Parser ahead = *this;
        ahead.advance();
        return ahead.token_;
    }

    Expression disjunction(int depth) {
        std::vector<Expression> parts;
        parts.push_back(conjunction(depth));
        while (is(token_, "or")) {
            advance();
            parts.push_back(conjunction(depth));
        }
        return Expression::of(Expression::Kind::any, std::move(parts));
    }

    Expression conjunction(int depth) {
        std::vector<Expression> parts;
        parts.push_back(negation(depth));
        while (is(token_, "and")) {
            advance();
            parts.push_back(negation(depth));
        }
        return Expression::of(Expression::Kind::all, std::move(parts));
    }

    Expression negation(int depth) {
        if (depth > most_depth) throw Mistake{"nested deeper than 64 levels"};
        if (!is(token_, "not")) return primary(depth);
        advance();
        return Expression::negation(negation(depth + 1));
    }

    Expression primary(int depth) {
        if (token_.empty()) throw Mistake{"the condition ends too early: a selection is missing"};
        if (token_ == "(") {
            advance();
            Expression inner = disjunction(depth + 1);
            if (token_ != ")") throw Mistake{"a ')' is missing"};
            advance();
            return inner;
        }
        if (is(token_, "and") || is(token_, "or"))
            throw Mistake{"there is nothing to the left of " + quoted(token_)};
        if (!is_word(token_.front())) throw Mistake{quoted(token_) + " was not expected"};
        if (selectors_ && is(next_token(), "of")) return selector();
        return identifier();
    }

    Expression identifier() {
        const std::string_view name = token_;
        advance();
        if (name.find('*') != std::string_view::npos)
            throw Mistake{quoted(name) + " is a pattern: write '1 of " + std::string(name) +
                          "' or 'all of " + std::string(name) + "'"};
        const auto index = index_of_(name);
        if (!index) throw Mistake{""};
        return Expression::leaf(*index);
    }

    Expression selector() {
        const std::string_view quantity = token_;
        std::uint32_t count = 0;
        if (!is(quantity, "all") && !is(quantity, "any")) {
            const auto [stop, error] =
                std::from_chars(quantity.data(), quantity.data() + quantity.size(), count);
            if (error != std::errc{} || stop != quantity.data() + quantity.size() || count == 0)
                throw Mistake{quoted(quantity) + " before 'of' must be 1, any, all or a number"};
        }
        advance();
        advance();
        auto parts = matching(token_);
        if (parts.empty())
            throw Mistake{"'" + std::string(quantity) + " of " + std::string(token_) +
                          "' matches no selection, so it would decide nothing"};
        advance();
        if (is(quantity, "all")) return Expression::of(Expression::Kind::all, std::move(parts));
        if (count <= 1) return Expression::of(Expression::Kind::any, std::move(parts));
        if (count > parts.size())
            throw Mistake{"there are only " + std::to_string(parts.size()) + " such selections"};
        return {Expression::Kind::at_least, count, std::move(parts)};
    }

    /// Names that start with '_' are hidden from `them` and from patterns that do not.
    [[nodiscard]] std::vector<Expression> matching(std::string_view pattern) const {
        std::vector<Expression> out;
        const bool them = is(pattern, "them");
        for (std::size_t i = 0; i < identifiers_.size(); ++i) {
            const std::string& name = identifiers_[i];
            const bool hidden = name.starts_with('_') && (them || !pattern.starts_with('_'));
            if (!hidden && (them || glob(pattern, name))) out.push_back(Expression::leaf(i));
        }
        return out;
    }

    std::string_view text_;
    std::span<const std::string> identifiers_;
    const IndexOf& index_of_;
    bool selectors_;
    std::size_t at_ = 0;
    std::string_view token_;
};

std::optional<Expression> read(const ConditionText& condition,
                               std::span<const std::string> identifiers, const IndexOf& index_of,
                               bool selectors, Report& report) {
    try {
        return Parser(condition.text, identifiers, index_of, selectors).whole();
    } catch (const Mistake& mistake) {
        if (!mistake.what.empty()) report.error(condition.mark, "condition: " + mistake.what);
        return std::nullopt;
    }
}

}  // namespace

std::optional<Expression> read_condition(const ConditionText& condition,
                                         std::span<const std::string> identifiers, Report& report) {
    const IndexOf index_of = [&](std::string_view name) -> std::optional<std::size_t> {
        const auto found = std::ranges::find(identifiers, name);
        if (found != identifiers.end())
            return static_cast<std::size_t>(found - identifiers.begin());
        const std::vector<std::string_view> known(identifiers.begin(), identifiers.end());
        report.error(condition.mark, "condition: there is no selection " + quoted(name) +
                                         did_you_mean(name, known));
        return std::nullopt;
    };
    return read(condition, identifiers, index_of, true, report);
}

std::optional<Expression> read_rule_condition(const ConditionText& condition,
                                              const IndexOf& index_of, Report& report) {
    return read(condition, {}, index_of, false, report);
}

}  // namespace policy
