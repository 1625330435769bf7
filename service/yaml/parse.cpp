#include "yaml/parse.hpp"

#include "yaml/builder.hpp"

#include "base/utf8.hpp"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <sstream>

namespace yaml {
namespace {

Mark mark_at(std::string_view text, std::size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const auto start = before.rfind('\n');
    const std::size_t column = start == std::string_view::npos ? offset : offset - start - 1;
    return {static_cast<unsigned>(lines + 1), static_cast<unsigned>(column + 1)};
}

/// Characters that YAML 1.2 section 5.1 excludes; yaml-cpp would take most of them.
bool printable(char32_t c) {
    if (c == '\t' || c == '\n' || c == '\r' || c == 0x85) return true;
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return false;
    return c != 0xfffe && c != 0xffff;
}

/// yaml-cpp guesses UTF-16 and UTF-32 from the first bytes and repairs bad UTF-8 in silence.
void check_characters(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const auto [c, size] = base::utf8::decode(text, at);
        if (c == base::utf8::invalid)
            throw Problem{mark_at(text, at), "not UTF-8: save the file as UTF-8"};
        if (!printable(c))
            throw Problem{mark_at(text, at),
                          "a control character: remove it, or write it as an escape in double "
                          "quotes"};
        at += size;
    }
}

std::string_view without_byte_order_mark(std::string_view text) {
    return text.starts_with("\xef\xbb\xbf") ? text.substr(3) : text;
}

/// yaml-cpp takes any directive and ignores what it does not know.
void check_directives(std::string_view text) {
    bool directives_allowed = true;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        const std::string_view line = text.substr(at, end - at);
        if (directives_allowed && line.starts_with('%') && !line.starts_with("%YAML 1."))
            throw Problem{mark_at(text, at), "only the directive %YAML 1.2 is allowed: remove it"};
        if (line.starts_with("...")) {
            directives_allowed = true;
        } else if (!line.empty() && line[0] != '%' && line[0] != '#' && line[0] != '\r') {
            directives_allowed = false;
        }
        at = end + 1;
    }
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> out;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        out.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

/// Whether the line, from 1, starts a document or stands behind the end of one.
bool starts_document(const std::vector<std::string_view>& lines, std::size_t line) {
    if (line == 0 || line > lines.size()) return false;
    if (lines[line - 1].starts_with("---")) return true;
    std::size_t before = line - 1;
    while (before > 0 && (lines[before - 1].empty() || lines[before - 1][0] == '#')) --before;
    return before > 0 && lines[before - 1].starts_with("...");
}

std::vector<Node> read(std::string_view text, const Limits& limits) {
    if (text.size() > limits.bytes)
        throw Problem{{1, 1}, "larger than " + std::to_string(limits.bytes) + " bytes: split it"};
    text = without_byte_order_mark(text);
    check_characters(text);
    check_directives(text);

    const auto lines = lines_of(text);
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder(limits);
    std::vector<Node> documents;
    while (parser.HandleNextDocument(builder)) {
        documents.push_back(builder.take());
        const std::size_t most = limits.many_documents ? limits.documents : 1;
        // Where yaml-cpp cannot go on it ends the document and takes the rest for another.
        if (documents.size() > 1 && !starts_document(lines, builder.start().line))
            throw Problem{builder.start(),
                          "this does not continue what stands above: check the "
                          "indentation, or start a document with ---"};
        if (documents.size() > most)
            throw Problem{documents.back().mark(),
                          most == 1 ? "a second document: only one is allowed in a file"
                                    : "more than " + std::to_string(most) + " documents"};
    }
    return documents;
}

}  // namespace

std::expected<std::vector<Node>, Problem> parse(std::string_view text, const Limits& limits) {
    try {
        return read(text, limits);
    } catch (const Problem& problem) {
        return std::unexpected(problem);
    } catch (const YAML::Exception& error) {
        const Mark mark{static_cast<unsigned>(std::max(error.mark.line, 0) + 1),
                        static_cast<unsigned>(std::max(error.mark.column, 0) + 1)};
        return std::unexpected(Problem{mark, "not valid YAML: " + error.msg});
    } catch (const std::exception& error) {
        return std::unexpected(Problem{{1, 1}, std::string("not valid YAML: ") + error.what()});
    }
}

}  // namespace yaml
