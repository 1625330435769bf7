#include "decode/path_trie.hpp"

#include <bit>

namespace decode {

KeySignature KeySignature::of(std::string_view key) noexcept {
    char room[16] = {};
    KeySignature out;
    out.size = static_cast<std::uint32_t>(key.size());
    std::memcpy(room, key.data(), key.size() < 8 ? key.size() : 8);
    std::memcpy(&out.head, room, 8);
    if (key.size() > 8) std::memcpy(&out.tail, key.data() + key.size() - 8, 8);
    return out;
}

std::uint32_t PathTrie::child(std::uint32_t node, std::string_view key) {
    if (const auto found = drafts_[node].children.find(key);
        found != drafts_[node].children.end()) {
        return found->second;
    }
    const auto made = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
    drafts_.emplace_back();
    drafts_[node].children.emplace(key, made);
    return made;
}

void PathTrie::put(std::uint32_t node, Cell cell) {
    if (nodes_[node].cell == no_cell) {
        nodes_[node].cell = cell;
    } else {
        nodes_[node].has_more = true;
        more_[node].push_back(cell);
    }
}

void PathTrie::add(std::string_view path, Cell cell) {
    std::uint32_t node = 0;
    std::string_view rest = path;
    for (;;) {
        const std::size_t dot = rest.find('.');
        if (dot == std::string_view::npos) break;
        put(child(node, rest), cell);
        node = child(node, rest.substr(0, dot));
        rest.remove_prefix(dot + 1);
    }
    put(child(node, rest), cell);
}

void PathTrie::mark_json(std::string_view path) {
    std::uint32_t node = 0;
    for (std::string_view rest = path;;) {
        const std::size_t dot = rest.find('.');
        node = child(node, rest.substr(0, dot));
        if (dot == std::string_view::npos) break;
        rest.remove_prefix(dot + 1);
    }
    nodes_[node].json = true;
}

void PathTrie::finish() {
    for (std::uint32_t node = 0; node < nodes_.size(); ++node) build(node);
}

void PathTrie::build(std::uint32_t node) {
    std::vector<Edge> edges;
    for (const auto& [key, target] : drafts_[node].children) {
        keys_.push_back(key);
        Edge edge{.signature = KeySignature::of(key), .key = keys_.back().data(), .target = target};
        edge.used = true;
        const std::size_t dot = key.find('.');
        if (dot != std::string::npos) edge.segment = static_cast<std::uint32_t>(dot);
        edges.push_back(edge);
    }
    nodes_[node].has_children = !edges.empty();
    if (edges.empty()) return;
    // A multiplier under which no two keys share a slot is found at once in a table twice as wide;
    // a wider one is tried when not. Keys that differ only in their middle share a signature and
    // chain.
    std::uint64_t multiplier = 0x9e37'79b9'7f4a'7c15u;
    for (std::uint32_t bits = static_cast<std::uint32_t>(std::bit_width(edges.size() * 2));;
         ++bits) {
        for (int attempt = 0; attempt < 64; ++attempt) {
            if (place(node, edges, multiplier, bits)) return;
            multiplier = multiplier * 6364136223846793005u + 1442695040888963407u;
            multiplier |= 1;
        }
    }
}

bool PathTrie::place(std::uint32_t node, const std::vector<Edge>& edges, std::uint64_t multiplier,
                     std::uint32_t bits) {
    std::vector<Edge> table(std::size_t{1} << bits);
    std::vector<Edge> chained;
    const std::uint32_t shift = 64 - bits;
    for (const Edge& edge : edges) {
        Edge& home = table[slot(edge.signature, multiplier, shift)];
        if (!home.used) {
            home = edge;
        } else if (home.signature == edge.signature) {
            chained.push_back(edge);
        } else {
            return false;
        }
    }
    const std::size_t start = slots_.size();
    for (Edge& edge : chained) {
        Edge& home = table[slot(edge.signature, multiplier, shift)];
        edge.next = home.next;
        home.next = static_cast<std::int32_t>(start + table.size() +
                                              static_cast<std::size_t>(&edge - chained.data()));
    }
    slots_.insert(slots_.end(), table.begin(), table.end());
    slots_.insert(slots_.end(), chained.begin(), chained.end());
    nodes_[node].slots = static_cast<std::uint32_t>(start);
    nodes_[node].shift = shift;
    nodes_[node].multiplier = multiplier;
    return true;
}

}  // namespace decode
