#include "policy/modifier.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace policy {
namespace {

struct Named {
    std::string_view name;
    Modifier modifier;
};

using enum Modifier;

// The first name of each modifier is the one that messages show.
constexpr Named names[] = {
    {"contains", contains},
    {"startswith", startswith},
    {"endswith", endswith},
    {"all", all},
    {"cased", cased},
    {"neq", neq},
    {"exists", exists},
    {"re", re},
    {"i", ignorecase},
    {"m", multiline},
    {"s", dotall},
    {"cidr", cidr},
    {"lt", lt},
    {"lte", lte},
    {"gt", gt},
    {"gte", gte},
    {"base64", base64},
    {"base64offset", base64offset},
    {"wide", wide},
    {"utf16be", utf16be},
    {"utf16", utf16},
    {"windash", windash},
    {"fieldref", fieldref},
    {"expand", expand},
    {"minute", minute},
    {"hour", hour},
    {"day", day},
    {"week", week},
    {"month", month},
    {"year", year},
    {"ignorecase", ignorecase},
    {"multiline", multiline},
    {"dotall", dotall},
    {"utf16le", wide},
};

bool is_string(Modifier m) {
    return m == contains || m == startswith || m == endswith;
}
bool is_flag(Modifier m) {
    return m == ignorecase || m == multiline || m == dotall;
}
bool is_utf16(Modifier m) {
    return m == wide || m == utf16be || m == utf16;
}
bool is_base64(Modifier m) {
    return m == base64 || m == base64offset;
}
/// Those that compare in their own way and stand alone but for `all` and `neq`.
bool is_raw(Modifier m) {
    return m == cidr || m == lt || m == lte || m == gt || m == gte || (m >= minute && m <= year);
}

std::string of(std::span<const Modifier> list, bool (*kind)(Modifier)) {
    const auto found = std::ranges::find_if(list, kind);
    return found == list.end() ? "" : std::string(name(*found));
}

std::size_t count(std::span<const Modifier> list, bool (*kind)(Modifier)) {
    return static_cast<std::size_t>(std::ranges::count_if(list, kind));
}

/// Why UTF-16 and base64 cannot stand as they do; empty when they can.
std::string wrong_encoding(std::span<const Modifier> list) {
    if (count(list, is_utf16) > 1) return "only one of wide, utf16be and utf16 may be given";
    if (count(list, is_base64) > 1) return "base64 and base64offset exclude each other";
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (is_utf16(list[i]) && (i + 1 == list.size() || !is_base64(list[i + 1])))
            return "'" + std::string(name(list[i])) +
                   "' has a meaning only right before base64 or base64offset";
        if (is_base64(list[i]) &&
            std::ranges::any_of(list.first(i), [](Modifier m) { return is_string(m); }))
            return "'" + std::string(name(list[i])) + "' must stand before '" +
                   of(list.first(i), is_string) + "'";
    }
    return "";
}

std::string wrong_regex(std::span<const Modifier> list) {
    if (!has(list, re)) {
        if (count(list, is_flag) == 0) return "";
        return "'" + of(list, is_flag) + "' is a flag of 're': write re|" + of(list, is_flag);
    }
    if (list.front() != re) return "'re' must be the first modifier";
    for (const Modifier m : list) {
        if (m == re || is_flag(m) || m == all || m == neq || m == expand || m == contains) continue;
        return "'re' and '" + std::string(name(m)) + "' exclude each other";
    }
    return "";
}

std::string wrong_raw(std::span<const Modifier> list) {
    if (has(list, exists))
        return list.size() > 1 ? "'exists' combines with no other modifier" : std::string();
    const std::string raw = of(list, is_raw);
    if (raw.empty()) return "";
    for (const Modifier m : list) {
        if (name(m) == raw || m == all || m == neq) continue;
        return "'" + raw + "' and '" + std::string(name(m)) + "' exclude each other";
    }
    return "";
}

std::string wrong_text(std::span<const Modifier> list) {
    if (count(list, is_string) > 1) return "contains, startswith and endswith exclude each other";
    if (!has(list, fieldref)) return "";
    for (const Modifier m : list) {
        if (m == fieldref || m == all || m == neq || m == cased || is_string(m)) continue;
        return "'fieldref' and '" + std::string(name(m)) + "' exclude each other";
    }
    return "";
}

std::string wrong(std::span<const Modifier> list) {
    for (std::size_t i = 0; i < list.size(); ++i)
        if (has(list.first(i), list[i]))
            return "'" + std::string(name(list[i])) + "' is given twice";
    for (auto* check : {wrong_regex, wrong_raw, wrong_text, wrong_encoding})
        if (auto what = check(list); !what.empty()) return what;
    return "";
}

std::string unknown(std::string_view text) {
    std::array<std::string_view, std::size(names)> known;
    std::ranges::transform(names, known.begin(), &Named::name);
    const std::string lower = base::ascii::lowered(text);
    if (lower != text && std::ranges::find(known, lower) != known.end())
        return "unknown modifier " + quoted(text) + ": modifiers are written in lower case";
    if (text.empty()) return "an empty modifier: remove the '|' or write a name behind it";
    return "unknown modifier " + quoted(text) + did_you_mean(text, known);
}

}  // namespace

std::string_view name(Modifier modifier) noexcept {
    return std::ranges::find(names, modifier, &Named::modifier)->name;
}

bool has(std::span<const Modifier> modifiers, Modifier wanted) noexcept {
    return std::ranges::find(modifiers, wanted) != modifiers.end();
}

std::optional<std::vector<Modifier>> read_modifiers(std::string_view text, yaml::Mark mark,
                                                    Report& report) {
    std::vector<Modifier> out;
    bool good = true;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t end = std::min(text.find('|', at), text.size());
        const std::string_view word = text.substr(at, end - at);
        const auto* const found = std::ranges::find(names, word, &Named::name);
        if (found == std::end(names)) {
            report.error(mark, unknown(word));
            good = false;
        } else {
            out.push_back(found->modifier);
        }
        at = end + 1;
    }
    if (!good) return std::nullopt;
    if (auto what = wrong(out); !what.empty()) {
        report.error(mark, std::move(what));
        return std::nullopt;
    }
    return out;
}

}  // namespace policy
