#include "policy/wildcard.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <span>
#include <utility>

namespace policy {
namespace {

constexpr char32_t one = 0xfffffffe;
constexpr char32_t dash = 0xfffffffd;
constexpr char32_t dashes[] = {U'-', U'/', 0x2013, 0x2014, 0x2015};
constexpr std::size_t small_words = 16;  // a pattern of 1 KB

bool fits(char32_t wanted, char32_t found) {
    if (wanted == one || wanted == found) return true;
    return wanted == dash && std::ranges::find(dashes, found) != std::end(dashes);
}

/// A code point, or for a byte that belongs to none a number above all code points.
struct Symbol {
    char32_t value;
    std::size_t size;
};

Symbol symbol_at(std::string_view text, std::size_t at) {
    const auto [c, size] = base::utf8::decode(text, at);
    if (c != base::utf8::invalid) return {c, size};
    return {0x200000u + static_cast<unsigned char>(text[at]), 1};
}

/// The start of the last symbol of a text that is not empty.
std::size_t last_symbol(std::string_view text) {
    const std::size_t end = text.size();
    for (std::size_t back = 2; back <= 4 && back <= end; ++back) {
        const std::size_t at = end - back;
        if (base::utf8::decode(text, at).size == back) return at;
        if ((static_cast<unsigned char>(text[at]) & 0xc0) != 0x80) break;
    }
    return end - 1;
}

}  // namespace

Wildcard::Wildcard(const Pattern& pattern) {
    const auto& tokens = pattern.tokens();
    any_first_ = !tokens.empty() && tokens.front().kind == Pattern::Token::Kind::any;
    any_last_ = !tokens.empty() && tokens.back().kind == Pattern::Token::Kind::any;
    std::vector<char32_t> symbols;
    for (const auto& token : tokens) {
        if (token.kind == Pattern::Token::Kind::one) {
            symbols.push_back(one);
        } else if (token.kind == Pattern::Token::Kind::dash) {
            symbols.push_back(dash);
        } else if (token.kind == Pattern::Token::Kind::any) {
            if (!symbols.empty()) segments_.push_back(make_segment(std::exchange(symbols, {})));
        } else {
            if (token.text.size() > longest_.size()) longest_ = token.text;
            for (std::size_t at = 0; at < token.text.size();) {
                const Symbol symbol = symbol_at(token.text, at);
                symbols.push_back(symbol.value);
                at += symbol.size;
            }
        }
    }
    if (!symbols.empty()) segments_.push_back(make_segment(std::move(symbols)));
}

Wildcard::Segment Wildcard::make_segment(std::vector<char32_t> symbols) {
    Segment segment;
    const std::size_t words = (symbols.size() + 63) / 64;
    segment.wild.resize(words);
    for (std::size_t i = 0; i < symbols.size(); ++i) {
        const std::uint64_t bit = std::uint64_t{1} << (i % 64);
        if (symbols[i] == one) {
            segment.plain = false;
            segment.wild[i / 64] |= bit;
            continue;
        }
        if (symbols[i] == dash) {
            segment.plain = false;
            for (const char32_t c : dashes) segment.mask(c, words)[i / 64] |= bit;
            continue;
        }
        segment.mask(symbols[i], words)[i / 64] |= bit;
        if (symbols[i] < 0x200000)
            base::utf8::append(segment.literal, symbols[i]);
        else
            segment.literal += static_cast<char>(symbols[i] - 0x200000);
    }
    for (auto& [symbol, mask] : segment.masks)
        for (std::size_t w = 0; w < words; ++w) mask[w] |= segment.wild[w];
    segment.symbols = std::move(symbols);
    return segment;
}

bool Wildcard::starts_with(const Segment& segment, std::string_view& text) {
    if (segment.plain) {
        if (!text.starts_with(segment.literal)) return false;
        text.remove_prefix(segment.literal.size());
        return true;
    }
    for (const char32_t wanted : segment.symbols) {
        if (text.empty()) return false;
        const Symbol symbol = symbol_at(text, 0);
        if (!fits(wanted, symbol.value)) return false;
        text.remove_prefix(symbol.size);
    }
    return true;
}

bool Wildcard::ends_with(const Segment& segment, std::string_view& text) {
    if (segment.plain) {
        if (!text.ends_with(segment.literal)) return false;
        text.remove_suffix(segment.literal.size());
        return true;
    }
    for (std::size_t i = segment.symbols.size(); i-- > 0;) {
        if (text.empty()) return false;
        const std::size_t at = last_symbol(text);
        const char32_t wanted = segment.symbols[i];
        if (!fits(wanted, symbol_at(text, at).value)) return false;
        text.remove_suffix(text.size() - at);
    }
    return true;
}

bool Wildcard::find(const Segment& segment, std::string_view& text) {
    if (!segment.plain) return shift_and(segment, text);
    if (text.size() < segment.literal.size()) return false;  // also: memmem takes no null
    // Not string_view::find, which is quadratic on "aaaa...".
    const void* const found =
        memmem(text.data(), text.size(), segment.literal.data(), segment.literal.size());
    if (found == nullptr) return false;
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    text.remove_prefix(at + segment.literal.size());
    return true;
}

bool Wildcard::shift_and(const Segment& segment, std::string_view& text) {
    const std::size_t words = segment.wild.size();
    const std::size_t length = segment.symbols.size();
    const std::uint64_t last = std::uint64_t{1} << ((length - 1) % 64);
    std::array<std::uint64_t, small_words> small{};
    std::vector<std::uint64_t> large(words > small_words ? words : 0);
    const std::span<std::uint64_t> state =
        words > small_words ? std::span(large) : std::span(small).first(words);
    for (std::size_t at = 0; at < text.size();) {
        const Symbol symbol = symbol_at(text, at);
        at += symbol.size;
        const auto known = segment.masks.find(symbol.value);
        const auto& mask = known == segment.masks.end() ? segment.wild : known->second;
        std::uint64_t carry = 1;
        for (std::size_t w = 0; w < words; ++w) {
            const std::uint64_t next = state[w] >> 63;
            state[w] = ((state[w] << 1) | carry) & mask[w];
            carry = next;
        }
        if ((state[words - 1] & last) != 0) {
            text.remove_prefix(at);
            return true;
        }
    }
    return false;
}

bool Wildcard::matches(std::string_view text) const {
    std::size_t first = 0;
    std::size_t last = segments_.size();
    if (!any_first_ && first < last) {
        if (!starts_with(segments_[first++], text)) return false;
    } else if (!any_first_) {
        return text.empty();
    }
    if (first == last) return any_last_ || text.empty();
    if (!any_last_ && !ends_with(segments_[--last], text)) return false;
    for (; first < last; ++first)
        if (!find(segments_[first], text)) return false;
    return true;
}

}  // namespace policy
