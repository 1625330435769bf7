#include "presence/clue.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <set>

namespace presence {
namespace {

constexpr std::size_t most_spellings = 16;
constexpr std::size_t most_clues_of_a_text = 32;

/// What stands in code and screenshots, each with the kind of clue that its first group gives. In
/// this order: what an earlier one took is not read again.
struct Pattern {
    Kind kind;
    const char* text;
};
constexpr auto patterns = std::to_array<Pattern>({
    // Keys with a known beginning, then anything that is called a key and long enough to be one.
    {Kind::key,
     R"((?:^|[^0-9A-Za-z_-])((?:sk-|sk_live_|sk_test_|rk_live_|cp_|hf_|ghp_|AIza)[0-9A-Za-z_-]{16,200}))"},
    {Kind::key,
     R"re((?i)(?:api[-_ ]?key|subscription[-_ ]?key|secret|token)["']?\s*[:=]\s*["']?([0-9A-Za-z_-]{20,200}))re"},
    // A key that the screenshot cuts off.
    {Kind::key_prefix,
     R"((?:^|[^0-9A-Za-z_-])((?:sk-|sk_live_|sk_test_|rk_live_|cp_|hf_|ghp_|AIza)[0-9A-Za-z_-]{4,15})(?:\.\.|\*|…))"},
    {Kind::address, R"((?:^|[^0-9.])((?:[0-9]{1,3}\.){3}[0-9]{1,3})(?:[^0-9.]|$))"},
    {Kind::user_agent, R"re((?i)user[-_ ]?agent["']?\s*[:=]\s*["']([^"'\n]{3,200})["'])re"},
    {Kind::sdk,
     R"((?i)\b((?:python-requests|aiohttp|okhttp|axios|boto3|openai|anthropic|azure-[a-z-]+|google-cloud-[a-z-]+)(?:[/=]=?[0-9][0-9.]*)?))"},
    {Kind::resource,
     R"re((?i)(?:person_?group|large_?person_?group|face_?list|collection|deployment|dataset)[-_ ]?(?:id|name)?["']?\s*[:=/]\s*["']?([0-9A-Za-z][0-9A-Za-z_.-]{3,127}))re"},
});

/// Characters that a person or a program reads as each other in a screenshot.
std::string_view alike(char c) {
    switch (c) {
        case '0':
            return "O";
        case 'O':
            return "0";
        case '1':
            return "lI";
        case 'l':
            return "1I";
        case 'I':
            return "1l";
        case '5':
            return "S";
        case 'S':
            return "5";
        case '8':
            return "B";
        case 'B':
            return "8";
        default:
            return {};
    }
}

/// The text and what it may have been: each with one character read otherwise, since two misread
/// characters in one key are rarer than a chance hit among so many spellings.
std::vector<std::string> spellings_of(const std::string& text) {
    std::vector<std::string> out = {text};
    for (std::size_t i = 0; i < text.size(); ++i) {
        for (const char other : alike(text[i])) {
            if (out.size() == most_spellings) return out;
            out.push_back(text);
            out.back()[i] = other;
        }
    }
    return out;
}

}  // namespace

std::vector<Clue> clues_in(std::string_view text, std::size_t from) {
    std::vector<Clue> out;
    std::set<std::pair<Kind, std::string>> seen;
    std::string rest(text.substr(0, longest_text));
    for (const Pattern& pattern : patterns) {
        const re2::RE2 expression(pattern.text, re2::RE2::Quiet);
        re2::StringPiece found;
        std::size_t at = 0;
        while (re2::RE2::PartialMatch(re2::StringPiece(rest).substr(at), expression, &found)) {
            const auto start = static_cast<std::size_t>(found.data() - rest.data());
            const std::string value(found.data(), found.size());
            at = start + found.size();
            // Blanked, so that a key is not also read as a resource id.
            std::fill_n(rest.begin() + static_cast<std::ptrdiff_t>(start), found.size(), ' ');
            const bool is_key = pattern.kind == Kind::key;
            const auto spellings = is_key ? spellings_of(value) : std::vector{value};
            for (const std::string& spelling : spellings) {
                auto clue = make_clue(pattern.kind, spelling);
                if (!clue || !seen.emplace(pattern.kind, clue->value).second) continue;
                if (out.size() == most_clues_of_a_text) return out;
                clue->from = from;
                clue->spellings = static_cast<std::uint32_t>(spellings.size());
                clue->note = "read in the text";
                out.push_back(std::move(*clue));
            }
        }
    }
    return out;
}

}  // namespace presence
