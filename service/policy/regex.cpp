#include "policy/regex.hpp"

#include "base/ascii.hpp"
#include "policy/fold.hpp"

#include <re2/re2.h>

#include <algorithm>

namespace policy {
namespace {

constexpr std::size_t most_bytes = 1024;
constexpr std::int64_t most_memory = 1 << 20;

std::string construct(const re2::RE2& regex) {
    const std::string& part = regex.error_arg();
    if (part.empty()) return regex.error();
    return regex.error() + " at " + quoted(part);
}

}  // namespace

std::string regex_flags(std::span<const Modifier> modifiers) {
    std::string flags;
    if (has(modifiers, Modifier::ignorecase)) flags += 'i';
    if (has(modifiers, Modifier::multiline)) flags += 'm';
    if (has(modifiers, Modifier::dotall)) flags += 's';
    return flags.empty() ? "" : "(?" + flags + ")";
}

std::shared_ptr<const re2::RE2> compile_regex(const std::string& source, yaml::Mark mark,
                                              RuleContext& context, Report& report) {
    if (source.size() > most_bytes) {
        report.error(mark, "a regular expression longer than 1 KB");
        return nullptr;
    }
    auto& known = context.regexes[source];
    if (known) return known;
    re2::RE2::Options options;
    options.set_max_mem(most_memory);
    options.set_log_errors(false);
    auto regex = std::make_shared<const re2::RE2>(source, options);
    if (!regex->ok()) {
        report.error(mark, "the regular expression is refused: " + construct(*regex) +
                               " (look-around and back-references are not supported)");
        return nullptr;
    }
    known = std::move(regex);
    return known;
}

std::string required_literal(std::string_view source) {
    while (source.starts_with("(?i)") || source.starts_with("(?m)") || source.starts_with("(?s)"))
        source.remove_prefix(4);
    // A group, or '|' anywhere, may make any part optional: give up on those.
    if (source.find_first_of("|()") != std::string_view::npos) return "";
    std::string best, run;
    const auto end_run = [&] {
        if (run.size() > best.size()) best = run;
        run.clear();
    };
    for (std::size_t i = 0; i < source.size(); ++i) {
        const char c = source[i];
        if (c == '[') {
            end_run();
            // A ']' that comes first, also behind '^', is one of the characters.
            const bool inverted = i + 1 < source.size() && source[i + 1] == '^';
            const auto close = source.find(']', i + (inverted ? 3 : 2));
            if (close == std::string_view::npos) return "";
            if (source.substr(i, close - i).find('\\') != std::string_view::npos ||
                source.substr(i + 1, close - i).find('[') != std::string_view::npos)
                return "";
            i = close;
        } else if (c == '*' || c == '?' || c == '{') {
            // Takes back the character before, which is all of a code point when it is ASCII.
            if (!run.empty() && static_cast<unsigned char>(run.back()) >= 0x80) return "";
            if (!run.empty()) run.pop_back();
            end_run();
            if (c == '{') {
                const auto close = source.find('}', i);
                if (close == std::string_view::npos) return "";
                i = close;
            }
        } else if (c == '\\') {
            if (i + 1 == source.size()) return "";
            const char next = source[++i];
            if (!base::ascii::is_alnum(next)) {
                run += next;
            } else if (next == 'd' || next == 's' || next == 'w' || next == 'D' || next == 'S' ||
                       next == 'W' || next == 'b' || next == 'B') {
                end_run();
            } else {
                return "";
            }
        } else if (c == '.' || c == '^' || c == '$' || c == '+') {
            end_run();
        } else {
            run += c;
        }
    }
    end_run();
    return folded(best);
}

}  // namespace policy
