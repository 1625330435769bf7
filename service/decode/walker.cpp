#include "decode/walker.hpp"

namespace decode {

Walker::Walker(const PathTrie& trie, std::size_t cells)
    : trie_(trie), cells_(cells), lists_(cells), whole_found_(cells) {}

void Walker::reset() {
    std::fill(cells_.begin(), cells_.end(), call::Value{});
    if (any_whole_) whole_found_.assign(whole_found_.size(), false);
    any_whole_ = false;
    nested_used_ = 0;
}

std::span<const call::Value> Walker::walk(const Tape& tape) {
    reset();
    if (tape.type(Tape::root) == '{') object(tape, Tape::root, trie_.root());
    return cells_;
}

void Walker::object(const Tape& tape, std::size_t object_at, const Node& node) {
    const std::size_t end = tape.close(object_at);
    const bool is_root = &node == &trie_.root();
    for (std::size_t at = object_at + 1; at < end;) {
        const std::string_view key = tape.text(at);
        const std::size_t value_at = at + 1;
        if (const PathTrie::Edge* edge = trie_.find(node, key)) {
            const Node& target = trie_.node(edge->target);
            if (edge->segment == 0) [[likely]] {
                value(tape, value_at, target);
            } else if (is_root) {
                begin_whole(target);
                value(tape, value_at, target);
                end_whole(target);
            } else {
                // A rest path counts only where its first segment is no key of this object.
                const std::string_view segment = key.substr(0, edge->segment);
                bool segment_found = false;
                for (std::size_t i = object_at + 1; i < end && !segment_found;
                     i = tape.next(i + 1)) {
                    segment_found = tape.text(i) == segment;
                }
                if (!segment_found) value(tape, value_at, target);
            }
        }
        at = tape.next(value_at);
    }
}

void Walker::value(const Tape& tape, std::size_t at, const Node& node) {
    switch (tape.type(at)) {
        case '{':
            found(node, call::Value::object());
            if (node.has_children) object(tape, at, node);
            return;
        case '[':
            array(tape, at, node);
            return;
        case '"':
            found_text(node, tape.text(at));
            return;
        default:
            found(node, scalar(tape, at));
    }
}

void Walker::array(const Tape& tape, std::size_t array_at, const Node& node) {
    const std::size_t end = tape.close(array_at);
    if (array_at + 1 == end) found_empty_array(node);
    for (std::size_t at = array_at + 1; at < end; at = tape.next(at)) value(tape, at, node);
}

void Walker::nested(std::string_view text, const Node& node) {
    const std::size_t start = text.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos || (text[start] != '{' && text[start] != '[')) return;
    if (nested_used_ == max_nested) return;
    if (nested_used_ == nested_.size()) nested_.emplace_back(nested_depth);
    const std::size_t mine = nested_used_++;
    if (nested_[mine].parse(text, 0)) return;  // Not JSON: it is a text like any other.
    const Tape tape = nested_[mine].tape();
    if (tape.type(Tape::root) == '{') object(tape, Tape::root, node);
    if (tape.type(Tape::root) == '[') array(tape, Tape::root, node);
}

void Walker::found(const Node& node, const call::Value& value) {
    trie_.each_cell(node, [&](Cell cell) { append(cell, value); });
}

void Walker::found_empty_array(const Node& node) {
    trie_.each_cell(node, [&](Cell cell) {
        if (cells_[cell].absent()) cells_[cell] = call::Value::of(std::span<const call::Value>{});
    });
}

void Walker::begin_whole(const Node& node) {
    trie_.each_cell(node, [&](Cell cell) {
        whole_found_[cell] = false;
        cells_[cell] = call::Value{};
    });
}

void Walker::end_whole(const Node& node) {
    trie_.each_cell(node, [&](Cell cell) { whole_found_[cell] = true; });
    any_whole_ = true;
}

void Walker::append(Cell cell, const call::Value& value) {
    if (whole_found_[cell]) return;
    call::Value& held = cells_[cell];
    if (held.absent()) {
        held = value;
        return;
    }
    std::vector<call::Value>& list = lists_[cell];
    if (held.kind() != call::Value::Kind::list) {
        list.assign({held});
    } else if (held.list().empty()) {
        list.clear();
    }
    list.push_back(value);
    held = list.size() == 1 ? list.front() : call::Value::of(std::span<const call::Value>(list));
}

}  // namespace decode
