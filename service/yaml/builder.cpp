#include "yaml/builder.hpp"

#include "yaml/node_data.hpp"

#include <algorithm>
#include <utility>

namespace yaml {
namespace {

Mark place_of(const YAML::Mark& mark) {
    return {static_cast<unsigned>(mark.line + 1), static_cast<unsigned>(mark.column + 1)};
}

std::size_t depth_of(const Node& node) {
    std::size_t deepest = 0;
    for (const Node& item : node.items()) deepest = std::max(deepest, depth_of(item));
    for (const Entry& entry : node.entries()) deepest = std::max(deepest, depth_of(entry.value));
    return node.is_map() || node.is_sequence() ? deepest + 1 : 0;
}

}  // namespace

Node Builder::take() {
    return std::exchange(root_, Node());
}

void Builder::OnDocumentStart(const YAML::Mark& mark) {
    start_ = place_of(mark);
    root_ = Node();
    open_.clear();
    anchored_.clear();
}

void Builder::check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) const {
    // yaml-cpp says "?" for a plain node and "!" for a quoted one; anything else was written.
    if (!tag.empty() && tag != "?" && tag != "!")
        throw Problem{place_of(mark),
                      "tags such as !!str are not allowed: remove it, and put text "
                      "in quotes where it must stay text"};
    if (anchor != 0 && !limits_.aliases)
        throw Problem{place_of(mark), "anchors (&name) are not allowed: write the value out"};
}

void Builder::count(Mark mark, std::size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > limits_.nodes)
        throw Problem{mark, "more than " + std::to_string(limits_.nodes) +
                                " values (aliases count in full): split the file"};
}

bool Builder::key_expected() const {
    return !open_.empty() && open_.back().data->kind == Node::Kind::map && open_.back().expects_key;
}

void Builder::take_key(Mark mark, const std::string& text) {
    Open& map = open_.back();
    if (text.size() > limits_.key_bytes)
        throw Problem{mark, "a key longer than " + std::to_string(limits_.key_bytes) + " bytes"};
    if (text == "<<")
        throw Problem{mark, "merge keys (<<) are not part of YAML 1.2: write the entries out"};
    if (!map.keys.insert(text).second)
        throw Problem{mark, "duplicate key '" + text + "': keep one of them"};
    map.key = text;
    map.key_mark = mark;
    map.expects_key = false;
}

void Builder::place(const Node& node) {
    if (open_.empty()) {
        root_ = node;
        return;
    }
    Open& parent = open_.back();
    if (parent.data->kind == Node::Kind::sequence) {
        parent.data->items.push_back(node);
        return;
    }
    parent.data->entries.push_back({std::move(parent.key), parent.key_mark, node});
    parent.key.clear();
    parent.expects_key = true;
}

void Builder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
    check(mark, "", anchor);
    const Mark at = place_of(mark);
    count(at, 1);
    if (key_expected()) throw Problem{at, "an empty key: write a name before the colon"};
    // yaml-cpp takes a line without a colon for a key whose value is null, and says so by its mark.
    if (!open_.empty() && open_.back().data->kind == Node::Kind::map &&
        at.line == open_.back().key_mark.line && at.column == open_.back().key_mark.column)
        throw Problem{at, "'" + open_.back().key + "' has no colon: write a key and its value"};
    auto data = std::make_shared<Node::Data>();
    data->mark = at;
    const Node node(std::move(data));
    if (anchor != 0) anchored_[anchor] = {node, 1, 0};
    place(node);
}

void Builder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       const std::string& value) {
    check(mark, tag, anchor);
    const Mark at = place_of(mark);
    count(at, 1);
    auto data = std::make_shared<Node::Data>();
    data->kind = Node::Kind::scalar;
    data->quoted = tag == "!";
    data->mark = at;
    data->text = value;
    const Node node(std::move(data));
    if (anchor != 0) anchored_[anchor] = {node, 1, 0};
    if (key_expected())
        take_key(at, value);
    else
        place(node);
}

void Builder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
    const Mark at = place_of(mark);
    if (!limits_.aliases) throw Problem{at, "aliases (*name) are not allowed: write the value out"};
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) throw Problem{at, "this alias stands inside the value it names"};
    const Anchored& target = found->second;
    count(at, target.nodes);
    if (open_.size() + target.depth > limits_.depth)
        throw Problem{at, "nested deeper than " + std::to_string(limits_.depth) + " levels"};
    if (!key_expected())
        place(target.node);
    else if (target.node.is_scalar())
        take_key(at, target.node.text());
    else
        throw Problem{at, "a key must be text"};
}

void Builder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                              YAML::EmitterStyle::value) {
    check(mark, tag, anchor);
    open(mark, anchor, Node::Kind::sequence);
}

void Builder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) {
    check(mark, tag, anchor);
    open(mark, anchor, Node::Kind::map);
}

void Builder::open(const YAML::Mark& mark, YAML::anchor_t anchor, Node::Kind kind) {
    const Mark at = place_of(mark);
    if (key_expected()) throw Problem{at, "a key must be text, not a list or a map"};
    if (open_.size() >= limits_.depth)
        throw Problem{at, "nested deeper than " + std::to_string(limits_.depth) + " levels"};
    Open entry;
    entry.nodes_before = nodes_;
    entry.data = std::make_shared<Node::Data>();
    entry.data->kind = kind;
    entry.data->mark = at;
    entry.anchor = anchor;
    open_.push_back(std::move(entry));
    count(at, 1);
}

void Builder::close() {
    const Open done = std::move(open_.back());
    open_.pop_back();
    const Node node(done.data);
    if (done.anchor != 0)
        anchored_[done.anchor] = {node, nodes_ - done.nodes_before, depth_of(node)};
    place(node);
}

}  // namespace yaml
