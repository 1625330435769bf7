#include "policy/encode.hpp"

#include "base/ascii.hpp"
#include "base/digest.hpp"
#include "base/utf8.hpp"

#include <span>

namespace policy {
namespace {

using Kind = Pattern::Token::Kind;

constexpr std::size_t most_dashes = 8;
constexpr std::string_view dash_texts[] = {"-", "/", "\u2013", "\u2014", "\u2015"};

void append_unit(std::string& out, unsigned unit, bool big) {
    const char low = static_cast<char>(unit & 0xff);
    const char high = static_cast<char>(unit >> 8);
    out += big ? high : low;
    out += big ? low : high;
}

/// As \w of Python's re for what matters here: letters beyond ASCII count, punctuation dashes do
/// not.
bool word_at(std::string_view text, std::size_t at) {
    if (at >= text.size()) return false;
    const char c = text[at];
    if (static_cast<unsigned char>(c) < 0x80) return base::ascii::is_alnum(c) || c == '_';
    const char32_t point = base::utf8::decode(text, at).code_point;
    return point >= 0xaa && (point < 0x2000 || point > 0x206f);
}

bool word_before(std::string_view text, std::size_t at) {
    if (at == 0) return false;
    std::size_t start = at - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xc0) == 0x80) --start;
    return word_at(text, start);
}

std::size_t append_with_dashes(std::string_view text, Pattern& out) {
    std::size_t dashes = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = text[i] == '-' || text[i] == '/';
        if (dash && !word_before(text, i) && word_at(text, i + 1)) {
            out.append_dash();
            ++dashes;
        } else {
            out.append_literal(text.substr(i, 1));
        }
    }
    return dashes;
}

}  // namespace

std::string to_utf16(std::string_view text, Modifier form) {
    const bool big = form == Modifier::utf16be;
    std::string out = form == Modifier::utf16 ? "\xff\xfe" : "";
    for (std::size_t at = 0; at < text.size();) {
        const auto [c, size] = base::utf8::decode(text, at);
        at += size;
        if (c >= 0x10000 && c != base::utf8::invalid) {
            append_unit(out, static_cast<unsigned>(0xd800 + ((c - 0x10000) >> 10)), big);
            append_unit(out, static_cast<unsigned>(0xdc00 + ((c - 0x10000) & 0x3ff)), big);
        } else {
            append_unit(out, static_cast<unsigned>(c & 0xffff), big);
        }
    }
    return out;
}

std::array<std::string, 3> base64_offsets(std::string_view bytes) {
    constexpr std::size_t head[] = {0, 2, 3};
    constexpr std::size_t tail[] = {0, 3, 2};
    std::array<std::string, 3> out;
    for (std::size_t i = 0; i < 3; ++i) {
        const std::string filled = std::string(i, ' ') + std::string(bytes);
        const auto* data = reinterpret_cast<const std::uint8_t*>(filled.data());
        const std::string text = base::base64(std::span(data, filled.size()));
        const std::size_t cut = head[i] + tail[filled.size() % 3];
        if (text.size() > cut) out[i] = text.substr(head[i], text.size() - cut);
    }
    return out;
}

std::optional<Pattern> with_dashes(const Pattern& pattern) {
    Pattern out;
    std::size_t dashes = 0;
    for (const auto& token : pattern.tokens()) {
        switch (token.kind) {
            case Kind::any:
                out.append_any();
                break;
            case Kind::one:
                out.append_one();
                break;
            case Kind::dash:
                out.append_dash();
                break;
            case Kind::literal:
                dashes += append_with_dashes(token.text, out);
                break;
        }
    }
    if (dashes > most_dashes) return std::nullopt;
    return out;
}

std::optional<std::vector<std::string>> texts_of(const Pattern& pattern) {
    std::vector<std::string> texts{""};
    for (const auto& token : pattern.tokens()) {
        if (token.kind == Kind::any || token.kind == Kind::one) return std::nullopt;
        if (token.kind == Kind::literal) {
            for (std::string& text : texts) text += token.text;
            continue;
        }
        std::vector<std::string> more;
        for (const std::string& text : texts)
            for (const std::string_view dash : dash_texts) more.push_back(text + std::string(dash));
        texts = std::move(more);
    }
    return texts;
}

}  // namespace policy
