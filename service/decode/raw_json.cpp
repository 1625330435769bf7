#include "decode/raw_json.hpp"

#include <algorithm>
#include <array>

namespace decode {
namespace {

/// Bytes that end a run of ordinary ones outside strings.
constexpr std::array<bool, 256> make_structural() {
    std::array<bool, 256> out{};
    for (const char c : {'"', '{', '}', '[', ']'}) out[static_cast<unsigned char>(c)] = true;
    return out;
}
constexpr auto structural = make_structural();

bool blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

std::size_t RawJson::skip_blanks(std::size_t at) const noexcept {
    while (at < text_.size() && blank(text_[at])) ++at;
    return at;
}

std::optional<std::size_t> RawJson::skip_string(std::size_t at) const noexcept {
    for (++at; at < text_.size(); ++at) {
        const char c = text_[at];
        if (c == '"') return at + 1;
        if (c == '\\') {
            ++at;
        } else if (c == '\n') {
            return {};
        }
    }
    return {};
}

std::optional<std::size_t> RawJson::skip_value(std::size_t at, std::size_t most) const noexcept {
    const std::size_t end = at + std::min(most, text_.size() - at);
    if (at >= end) return {};
    if (text_[at] == '"') return skip_string(at);
    if (text_[at] != '{' && text_[at] != '[') {
        while (at < end && !blank(text_[at]) && text_[at] != ',' && text_[at] != ']' &&
               text_[at] != '}') {
            ++at;
        }
        return at;
    }
    std::size_t depth = 0;
    while (at < end) {
        const char c = text_[at];
        if (!structural[static_cast<unsigned char>(c)]) {
            ++at;
        } else if (c == '"') {
            const auto behind = skip_string(at);
            if (!behind) return {};
            at = *behind;
        } else {
            ++at;
            depth += c == '{' || c == '[' ? 1u : 0u;
            if (c == '}' || c == ']') {
                --depth;
                if (depth == 0) return at;
            }
        }
    }
    return {};
}

std::optional<std::size_t> RawJson::member(std::size_t at, std::string_view path) const noexcept {
    const std::size_t dot = path.find('.');
    const std::string_view wanted = path.substr(0, dot);
    if (at >= text_.size() || text_[at] != '{') return {};
    at = skip_blanks(at + 1);
    while (at < text_.size() && text_[at] == '"') {
        const auto key_end = skip_string(at);
        if (!key_end) return {};
        const std::string_view key = text_.substr(at + 1, *key_end - at - 2);
        at = skip_blanks(*key_end);
        if (at >= text_.size() || text_[at] != ':') return {};
        at = skip_blanks(at + 1);
        if (key == wanted) {
            if (dot == std::string_view::npos) return at;
            return member(at, path.substr(dot + 1));
        }
        const auto end = skip_value(at, text_.size());
        if (!end || *end == at) return {};
        at = skip_blanks(*end);
        if (at >= text_.size() || text_[at] != ',') return {};
        at = skip_blanks(at + 1);
    }
    return {};
}

}  // namespace decode
