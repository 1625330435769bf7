#include "policy/expand.hpp"

#include "base/ascii.hpp"

#include <re2/re2.h>

#include <utility>

namespace policy {
namespace {

constexpr std::size_t most_results = 10'000;

struct Part {
    bool placeholder = false;
    std::string text;
};

bool name_character(char c) {
    return base::ascii::is_alnum(c) || c == '_' || c == '-' || c == '.';
}

/// The end of the name that starts at `at`, if a '%' closes it; else 0.
std::size_t name_end(std::string_view text, std::size_t at) {
    std::size_t end = at;
    while (end < text.size() && name_character(text[end])) ++end;
    return end > at && end < text.size() && text[end] == '%' ? end : 0;
}

std::vector<Part> split(std::string_view text) {
    std::vector<Part> parts{{}};
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i).starts_with("\\%")) {
            parts.back().text += '%';
            ++i;
        } else if (const std::size_t end = text[i] == '%' ? name_end(text, i + 1) : 0; end != 0) {
            parts.push_back({true, std::string(text.substr(i + 1, end - i - 1))});
            parts.push_back({});
            i = end;
        } else {
            parts.back().text += text[i];
        }
    }
    return parts;
}

const std::vector<std::string>* find_list(const Part& part, const yaml::Node& value,
                                          const Lists& lists, Report& report) {
    const auto found = lists.find(part.text);
    if (found != lists.end()) return &found->second;
    std::vector<std::string_view> known;
    for (const auto& [name, values] : lists) known.push_back(name);
    report.error(value.mark(), "there is no list for '%" + part.text + "%'" +
                                   did_you_mean(part.text, known) +
                                   " Add a list of that name to the lists folder");
    return nullptr;
}

/// The product over all parts. `Text` is what is built, `append` adds a piece to it.
template <class Text, class Append>
std::optional<std::vector<Text>> product(const yaml::Node& value, const Lists& lists,
                                         Report& report, Append append) {
    std::vector<Text> out(1);
    const std::vector<Part> parts = split(value.text());
    if (parts.size() == 1 && parts.front().text == value.text())
        report.warn(value.mark(), "'expand' has no effect: there is no %name% in the value");
    for (const Part& part : parts) {
        if (!part.placeholder) {
            for (Text& text : out) append(text, part.text, false);
            continue;
        }
        const auto* list = find_list(part, value, lists, report);
        if (list == nullptr) return std::nullopt;
        if (list->empty())
            report.warn(value.mark(), "the list '%" + part.text + "%' is empty: nothing matches");
        if (out.size() * list->size() > most_results) {
            report.error(value.mark(), "the lists make more than 10,000 values");
            return std::nullopt;
        }
        std::vector<Text> more;
        for (const Text& text : out)
            for (const std::string& word : *list) {
                more.push_back(text);
                append(more.back(), word, true);
            }
        out = std::move(more);
    }
    return out;
}

}  // namespace

std::optional<std::vector<Pattern>> expand_text(const yaml::Node& value, const Lists& lists,
                                                Report& report) {
    return product<Pattern>(value, lists, report,
                            [](Pattern& pattern, const std::string& text, bool) {
                                pattern.append(Pattern::parse(text));
                            });
}

std::optional<std::vector<std::string>> expand_regex(const yaml::Node& value, const Lists& lists,
                                                     Report& report) {
    return product<std::string>(value, lists, report,
                                [](std::string& regex, const std::string& text, bool word) {
                                    regex += word ? re2::RE2::QuoteMeta(text) : text;
                                });
}

}  // namespace policy
