#include "policy/format.hpp"

#include "policy/layout.hpp"
#include "policy/source.hpp"
#include "yaml/parse.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace policy {
namespace {

using Kind = LayoutLine::Kind;

/// The language page has them in this order.
constexpr std::string_view key_order[] = {
    "sigma-version",  "title",     "id",          "name",        "related", "taxonomy", "status",
    "description",    "license",   "references",  "author",      "date",    "modified", "tags",
    "scope",          "logsource", "detection",   "correlation", "filter",  "generate", "fields",
    "falsepositives", "level",     "callerprint", "tests"};

std::unexpected<base::Error> refuse(yaml::Mark mark, const std::string& what) {
    return base::fail(base::Fault::invalid,
                      std::to_string(mark.line) + ":" + std::to_string(mark.column) + ": " + what);
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        out.push_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

/// Whether two values are written alike: kinds, texts, quotes and the order of entries.
bool same(const yaml::Node& a, const yaml::Node& b) {
    const auto same_entry = [](const yaml::Entry& x, const yaml::Entry& y) {
        return x.key == y.key && same(x.value, y.value);
    };
    return a.kind() == b.kind() && a.text() == b.text() && a.quoted() == b.quoted() &&
           std::ranges::equal(a.items(), b.items(), same) &&
           std::ranges::equal(a.entries(), b.entries(), same_entry);
}

/// The same, but for the order of the top-level keys.
bool same_document(const yaml::Node& a, const yaml::Node& b) {
    if (!a.is_map() || !b.is_map()) return same(a, b);
    return a.entries().size() == b.entries().size() &&
           std::ranges::all_of(a.entries(), [&](const yaml::Entry& entry) {
               const yaml::Node* other = b.find(entry.key);
               return other != nullptr && same(entry.value, *other);
           });
}

std::vector<std::string> comments_of(const std::vector<std::string_view>& lines) {
    std::vector<std::string> out;
    for (const std::string_view line : lines) {
        const auto at = line.find_first_not_of(' ');
        if (at == std::string_view::npos || line[at] != '#') continue;
        out.emplace_back(line.substr(at, line.find_last_not_of(" \t") + 1 - at));
    }
    std::ranges::sort(out);
    return out;
}

/// Lines of a top-level key, with the comments right above it.
struct Block {
    std::size_t rank = 0;
    std::size_t place = 0;  // as written, for those of one rank
    std::vector<LayoutLine> lines;
};

class Document {
public:
    Document(const yaml::Node& root, std::span<const std::string_view> lines, unsigned first)
        : root_(root), lines_(lines.begin(), lines.end()), first_(first) {}

    std::string format() {
        KeyPlaces keys;
        collect_keys(root_, keys);
        auto lines = read_layout(lines_, first_, keys);
        indent(lines, first_, keys);
        while (!lines.empty() && lines.back().kind == Kind::empty) lines.pop_back();
        std::string out;
        bool empty = true;  // before: at the start there is nothing to part
        for (const Block& block : sorted(lines)) {
            for (const LayoutLine& line : block.lines) {
                if (line.kind == Kind::empty && std::exchange(empty, true)) continue;
                if (line.kind != Kind::empty) empty = false;
                out += std::string(line.indent, ' ') + line.text + '\n';
            }
        }
        return out;
    }

private:
    std::vector<Block> sorted(std::vector<LayoutLine>& lines) const {
        std::vector<Block> blocks(1);
        std::size_t at = 0;
        for (const yaml::Entry& entry : root_.entries()) {
            std::size_t begin = entry.key_mark.line - first_;
            while (begin > at && lines[begin - 1].kind == Kind::comment &&
                   lines[begin - 1].indent == 0)
                --begin;
            move(lines, at, begin, blocks.back());
            at = begin;
            const auto known = std::ranges::find(key_order, entry.key);
            // What nobody knows stays behind what it stood behind.
            const std::size_t rank =
                known != std::end(key_order)
                    ? static_cast<std::size_t>(known - std::begin(key_order)) + 1
                    : blocks.back().rank;
            blocks.push_back({rank, blocks.size(), {}});
        }
        move(lines, at, lines.size(), blocks.back());
        std::ranges::sort(blocks, {},
                          [](const Block& block) { return std::pair(block.rank, block.place); });
        return blocks;
    }

    static void move(std::vector<LayoutLine>& lines, std::size_t begin, std::size_t end,
                     Block& to) {
        for (std::size_t i = begin; i < end; ++i) to.lines.push_back(std::move(lines[i]));
    }

    const yaml::Node& root_;
    std::vector<std::string_view> lines_;
    unsigned first_;
};

/// Whether each key of the map starts a line of its own at the first column.
bool is_laid_out_in_lines(const yaml::Node& root) {
    unsigned before = 0;
    return std::ranges::all_of(root.entries(), [&](const yaml::Entry& entry) {
        const bool good = entry.key_mark.column == 1 && entry.key_mark.line > before;
        before = entry.key_mark.line;
        return good;
    });
}

bool is_separator(std::string_view line) {
    return line.starts_with("---");
}

/// Formats once, without proof.
base::Result<std::string> lay_out(std::span<const yaml::Node> roots,
                                  const std::vector<std::string_view>& lines) {
    std::string out;
    std::size_t root = 0;
    for (std::size_t begin = 0; begin < lines.size();) {
        const bool separated = is_separator(lines[begin]);
        const std::size_t inner = begin + (separated ? 1 : 0);
        std::size_t end = inner;
        while (end < lines.size() && !is_separator(lines[end])) ++end;
        if (separated)
            out += std::string(lines[begin].substr(0, lines[begin].find_last_not_of(" \t") + 1)) +
                   '\n';
        while (root < roots.size() && roots[root].entries().empty()) ++root;
        const bool mine = root < roots.size() &&
                          roots[root].entries().front().key_mark.line > inner &&
                          roots[root].entries().front().key_mark.line <= end;
        const yaml::Node none;
        const yaml::Node& node = mine ? roots[root++] : none;
        // A marker inside quotes looks like the end of a document.
        const bool whole = !mine || node.entries().back().key_mark.line <= end;
        if (!whole || !is_laid_out_in_lines(node))
            return refuse(node.mark(), "its keys do not each start a line: write them so");
        out += Document(node, std::span(lines).subspan(inner, end - inner),
                        static_cast<unsigned>(inner) + 1)
                   .format();
        begin = end;
    }
    return out;
}

}  // namespace

base::Result<std::string> format(std::string_view text) {
    std::string given(text);
    std::optional<std::string> before;
    const auto original = yaml::parse(text, source_limits);
    if (!original) return refuse(original.error().mark, original.error().what);
    auto roots = *original;
    while (true) {
        auto made = lay_out(roots, lines_of(given));
        if (!made) return made;
        const auto parsed = yaml::parse(*made, source_limits);
        const bool proven = parsed && std::ranges::equal(*original, *parsed, same_document) &&
                            comments_of(lines_of(text)) == comments_of(lines_of(*made));
        if (!proven) return refuse({1, 1}, "this layout cannot be changed without changing more");
        if (*made == given) return made;
        if (before) return refuse({1, 1}, "this layout has no settled form");
        before = std::move(given);
        given = std::move(*made);
        roots = *parsed;
    }
}

}  // namespace policy
