#include "policy/problem.hpp"

#include <algorithm>
#include <string_view>

namespace policy {
namespace {

/// What messages begin their advice with.
constexpr std::string_view verbs[] = {"add",  "change", "give", "load", "make",
                                      "name", "remove", "say",  "use",  "write"};

bool advises(std::string_view text) {
    return std::ranges::find(verbs, text.substr(0, text.find_first_of(" ,"))) != std::end(verbs);
}

}  // namespace

std::string to_text(const Problem& problem) {
    std::string out = problem.file;
    if (problem.line != 0) {
        out += ':' + std::to_string(problem.line);
        out += ':' + std::to_string(problem.column);
    }
    out += problem.warning ? ": warning: " : ": ";
    return out + problem.what;
}

Advice advice_of(const Problem& problem) {
    const std::string_view what = problem.what;
    constexpr std::string_view meant = "; did you mean ";
    if (const auto at = what.find(meant); at != std::string_view::npos)
        return {std::string(what.substr(0, at)), std::string(what.substr(at + 2))};
    // The first that is followed by advice: what was written is quoted, and may hold a colon too.
    for (auto at = what.find(": "); at != std::string_view::npos; at = what.find(": ", at + 1)) {
        if (advises(what.substr(at + 2)))
            return {std::string(what.substr(0, at)), std::string(what.substr(at + 2))};
    }
    return {problem.what, ""};
}

}  // namespace policy
