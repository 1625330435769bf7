#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace policy {

/// A Sigma string: literal text with `*` (any run, also empty, also across line breaks) and `?`
/// (one code point), after the escapes of sigma.md section 6 are read. The modifier `windash` adds
/// places that hold any one of the five dashes `-`, `/`, U+2013, U+2014, U+2015.
class Pattern {
public:
    struct Token {
        enum class Kind : std::uint8_t { literal, any, one, dash };
        Kind kind = Kind::literal;
        std::string text;  ///< Of a literal; never empty.
        bool operator==(const Token&) const = default;
    };

    /// Reads the escapes and wildcards of a rule's text. Never fails.
    [[nodiscard]] static Pattern parse(std::string_view text);
    [[nodiscard]] static Pattern literal(std::string_view text);

    void append_literal(std::string_view text);
    void append_any();  ///< No two in a row.
    void append_one();
    void append_dash();
    void append(const Pattern& other);
    /// `*` in front and behind, unless it is there already.
    void prepend_any();

    [[nodiscard]] const std::vector<Token>& tokens() const noexcept { return tokens_; }
    /// No wildcard and no dash place in it.
    [[nodiscard]] bool is_literal() const noexcept;
    /// The text of a pattern that is_literal.
    [[nodiscard]] std::string literal_text() const;
    /// The pattern with its literals folded.
    [[nodiscard]] Pattern case_folded() const;
    /// A text that only this pattern has.
    [[nodiscard]] std::string key() const;
    bool operator==(const Pattern&) const = default;

private:
    std::vector<Token> tokens_;
};

}  // namespace policy
