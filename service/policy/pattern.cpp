#include "policy/pattern.hpp"

#include "policy/fold.hpp"

#include <algorithm>

namespace policy {
namespace {

using Kind = Pattern::Token::Kind;

bool escapable(char c) {
    return c == '*' || c == '?' || c == '\\';
}

}  // namespace

Pattern Pattern::parse(std::string_view text) {
    Pattern out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\\' && i + 1 < text.size() && escapable(text[i + 1])) {
            out.append_literal(text.substr(++i, 1));
        } else if (c == '*') {
            out.append_any();
        } else if (c == '?') {
            out.append_one();
        } else {
            out.append_literal(text.substr(i, 1));
        }
    }
    return out;
}

Pattern Pattern::literal(std::string_view text) {
    Pattern out;
    out.append_literal(text);
    return out;
}

void Pattern::append_literal(std::string_view text) {
    if (text.empty()) return;
    if (!tokens_.empty() && tokens_.back().kind == Kind::literal)
        tokens_.back().text += text;
    else
        tokens_.push_back({Kind::literal, std::string(text)});
}

void Pattern::append_any() {
    if (tokens_.empty() || tokens_.back().kind != Kind::any) tokens_.push_back({Kind::any, {}});
}

void Pattern::append_one() {
    tokens_.push_back({Kind::one, {}});
}

void Pattern::append_dash() {
    tokens_.push_back({Kind::dash, {}});
}

void Pattern::append(const Pattern& other) {
    for (const Token& token : other.tokens_) {
        if (token.kind == Kind::literal)
            append_literal(token.text);
        else if (token.kind == Kind::any)
            append_any();
        else
            tokens_.push_back(token);
    }
}

void Pattern::prepend_any() {
    if (tokens_.empty() || tokens_.front().kind != Kind::any)
        tokens_.insert(tokens_.begin(), {Kind::any, {}});
}

bool Pattern::is_literal() const noexcept {
    return tokens_.empty() || (tokens_.size() == 1 && tokens_.front().kind == Kind::literal);
}

std::string Pattern::literal_text() const {
    return tokens_.empty() ? std::string() : tokens_.front().text;
}

Pattern Pattern::case_folded() const {
    Pattern out = *this;
    for (Token& token : out.tokens_) token.text = folded(token.text);
    return out;
}

std::string Pattern::key() const {
    std::string out;
    for (const Token& token : tokens_) {
        out += static_cast<char>('0' + static_cast<int>(token.kind));
        out += std::to_string(token.text.size()) + ':' + token.text;
    }
    return out;
}

}  // namespace policy
