#include "policy/layout.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace policy {
namespace {

using Kind = LayoutLine::Kind;

constexpr std::size_t step = 2;  // spaces a level

bool is_dash(std::string_view text, std::size_t at) {
    return text[at] == '-' && (at + 1 == text.size() || text[at + 1] == ' ');
}

/// Where the next token behind a dash starts; the size of the text when there is none.
std::size_t behind_dash(std::string_view text, std::size_t at) {
    return std::min(text.find_first_not_of(' ', at + 1), text.size());
}

struct BlockHeader {
    std::size_t parent = 0;
    bool fixed = false;
    bool keep = false;  // empty lines behind it are its own
};

/// The tokens of a line that open a level: its dashes, and a key behind them.
std::vector<std::size_t> openers(std::string_view line, std::size_t indent, unsigned number,
                                 const KeyPlaces& keys) {
    std::vector<std::size_t> out;
    std::size_t at = indent;
    while (at < line.size() && is_dash(line, at)) {
        out.push_back(at);
        at = behind_dash(line, at);
    }
    if (at < line.size() && keys.contains({number, static_cast<unsigned>(at) + 1}))
        out.push_back(at);
    return out;
}

/// `key: |`, `- >-`, `key: |2 # why`: the lines below are a block scalar's.
std::optional<BlockHeader> block_header(std::string_view line,
                                        const std::vector<std::size_t>& open) {
    if (open.empty()) return {};
    if (const auto comment = line.find(" #"); comment != std::string_view::npos)
        line = line.substr(0, comment);
    const auto end = line.find_last_not_of(' ');
    const auto begin = line.find_last_of(' ', end);
    if (end == std::string_view::npos || begin == std::string_view::npos) return {};
    const auto word = line.substr(begin + 1, end - begin);
    if (word[0] != '|' && word[0] != '>') return {};
    if (word.find_first_not_of("+-123456789", 1) != std::string_view::npos) return {};
    const auto before = line.find_last_not_of(' ', begin);
    if (before == std::string_view::npos || (line[before] != ':' && line[before] != '-')) return {};
    return BlockHeader{open.back(), word.find_first_of("123456789", 1) != std::string_view::npos,
                       word.find('+', 1) != std::string_view::npos};
}

/// A level of the document: its column as it was and as it will be.
struct Level {
    std::size_t old_column = 0;
    std::size_t new_column = 0;
    bool sequence = false;
};

class Indenter {
public:
    Indenter(std::vector<LayoutLine>& lines, unsigned first, const KeyPlaces& keys)
        : lines_(lines), first_(first), keys_(keys) {}

    void run() {
        for (std::size_t i = 0; i < lines_.size(); ++i) {
            LayoutLine& line = lines_[i];
            if (line.kind == Kind::comment) {
                comments_.push_back(i);
            } else if (line.kind == Kind::structure) {
                place(line, first_ + static_cast<unsigned>(i));
            } else if (line.kind == Kind::more) {
                place_more(line);
            } else if (line.kind == Kind::block && line.first) {
                place_block(i);
            }
        }
        settle_comments(levels_, 0, 0);
    }

private:
    using Levels = std::vector<Level>;

    /// Dashes get one space behind them, and the line its indent.
    void place(LayoutLine& line, unsigned number) {
        const std::string whole = std::string(line.indent, ' ') + line.text;
        const auto open = openers(whole, line.indent, number, keys_);
        const Levels before = levels_;
        std::string text;
        std::size_t rest = line.indent;
        for (const std::size_t at : open) {
            const bool dash = is_dash(whole, at);
            enter(at, dash);
            if (at == open.front()) last_new_ = levels_.back().new_column;
            rest = dash ? behind_dash(whole, at) : at;
            if (dash) text += rest < whole.size() ? "- " : "-";
        }
        settle_comments(before, line.indent, last_new_);
        last_old_ = line.indent;
        line.indent = last_new_;
        line.text = text + whole.substr(rest);
    }

    /// As far from the line that it goes on as it was, and behind its start.
    void place_more(LayoutLine& line) {
        const std::size_t old = line.indent;
        const std::size_t moved = line.indent + last_new_;
        line.indent = std::max(last_new_ + step, moved > last_old_ ? moved - last_old_ : 0);
        if (line.text.empty()) line.indent = 0;
        settle_comments(levels_, old, line.indent);
    }

    /// Makes the level of a token at this column the innermost.
    void enter(std::size_t column, bool dash) {
        while (levels_.size() > 1 && levels_.back().old_column > column) levels_.pop_back();
        if (levels_.back().old_column == column && !dash && levels_.back().sequence)
            levels_.pop_back();  // the list stood at its key's own column
        const Level& now = levels_.back();
        const bool flush_list = now.old_column == column && dash && !now.sequence;
        if (now.old_column < column || flush_list)
            levels_.push_back({column, now.new_column + step, dash});
    }

    /// A comment stands where the next line does, or where what it follows did.
    void settle_comments(const Levels& levels, std::size_t next_old, std::size_t next_new) {
        for (const std::size_t i : comments_) {
            std::size_t column = next_new;
            for (const Level& level : levels)
                if (level.old_column <= lines_[i].indent && level.old_column > next_old)
                    column = level.new_column;
            lines_[i].indent = column;
        }
        comments_.clear();
    }

    /// Moves a block scalar as a whole: behind its parent, or as far as its parent moved.
    void place_block(std::size_t begin) {
        std::size_t end = begin + 1;
        while (end < lines_.size() && lines_[end].kind == Kind::block && !lines_[end].first) ++end;
        std::size_t least = std::string::npos;
        for (std::size_t i = begin; i < end; ++i)
            if (!lines_[i].text.empty()) least = std::min(least, lines_[i].indent);
        if (least == std::string::npos) return;
        const Level& parent = levels_.back();  // its header is the last thing that was entered
        const std::size_t wanted =
            parent.new_column + (lines_[begin].fixed ? least - lines_[begin].parent : step);
        for (std::size_t i = begin; i < end; ++i) {
            LayoutLine& line = lines_[i];
            const bool shown = !line.text.empty() || line.indent > least;
            line.indent = shown ? line.indent + wanted - least : 0;
        }
    }

    std::vector<LayoutLine>& lines_;
    unsigned first_;
    const KeyPlaces& keys_;
    Levels levels_{{0, 0, false}};
    std::vector<std::size_t> comments_;
    std::size_t last_old_ = 0;
    std::size_t last_new_ = 0;
};

}  // namespace

void collect_keys(const yaml::Node& node, KeyPlaces& out) {
    for (const yaml::Entry& entry : node.entries()) {
        out.insert({entry.key_mark.line, entry.key_mark.column});
        collect_keys(entry.value, out);
    }
    for (const yaml::Node& item : node.items()) collect_keys(item, out);
}

namespace {

/// Empty lines behind a block scalar that does not keep them are like any other.
void release_empty(std::vector<LayoutLine>& lines, std::size_t end, const BlockHeader& block) {
    if (block.keep) return;
    while (end > 0 && lines[end - 1].kind == Kind::block && lines[end - 1].text.empty()) {
        --end;
        lines[end].kind = Kind::empty;
        lines[end].indent = 0;
    }
}

/// An empty line before one that goes on is a line break of its text.
void claim_empty(std::vector<LayoutLine>& lines) {
    bool inside = false;
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
        if (line->kind != Kind::empty)
            inside = line->kind == Kind::more;
        else if (inside)
            line->kind = Kind::more;
    }
}

}  // namespace

std::vector<LayoutLine> read_layout(const std::vector<std::string_view>& lines, unsigned first,
                                    const KeyPlaces& keys) {
    std::vector<LayoutLine> out;
    std::optional<BlockHeader> block;
    bool begins = false;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string_view line = lines[i];
        LayoutLine& made = out.emplace_back();
        made.indent = std::min(line.find_first_not_of(' '), line.size());
        if (block && (made.indent == line.size() || made.indent > block->parent)) {
            made.kind = Kind::block;
            made.text = line.substr(made.indent);
            made.parent = block->parent;
            made.fixed = block->fixed;
            made.first = std::exchange(begins, false);
            continue;
        }
        if (block) release_empty(out, i, *block);
        block.reset();
        const auto end = line.find_last_not_of(" \t");
        if (end == std::string_view::npos) {
            made.indent = 0;
            continue;
        }
        made.text = line.substr(made.indent, end + 1 - made.indent);
        const auto open = openers(line, made.indent, first + static_cast<unsigned>(i), keys);
        made.kind = made.text[0] == '#' ? Kind::comment
                    : open.empty()      ? Kind::more
                                        : Kind::structure;
        block = block_header(line, open);
        begins = block.has_value();
    }
    if (block) release_empty(out, out.size(), *block);
    claim_empty(out);
    return out;
}

void indent(std::vector<LayoutLine>& lines, unsigned first, const KeyPlaces& keys) {
    Indenter(lines, first, keys).run();
}

}  // namespace policy
