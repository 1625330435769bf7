#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace decode {

/// Where a walk puts what it finds: one cell a wanted path.
using Cell = std::uint16_t;
inline constexpr Cell no_cell = 0xffff;

/// Key look-up with a bounded over-read: a key of a Tape has its length in front and readable bytes
/// behind, so eight bytes are loaded from either end whatever its size.
struct KeySignature {
    std::uint64_t head = 0;  ///< First eight bytes; of a shorter key all, the rest zero.
    std::uint64_t tail = 0;  ///< Last eight bytes; zero for a key of eight bytes or less.
    std::uint32_t size = 0;

    /// Of a key on a tape.
    static KeySignature of_tape(std::string_view key) noexcept {
        KeySignature out;
        out.size = static_cast<std::uint32_t>(key.size());
        std::memcpy(&out.head, key.data(), 8);
        if (out.size <= 8) {
            out.head &=
                out.size == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * out.size)) - 1;
        } else {
            std::memcpy(&out.tail, key.data() + out.size - 8, 8);
        }
        return out;
    }
    /// Of any text.
    static KeySignature of(std::string_view key) noexcept;
    bool operator==(const KeySignature&) const = default;
};

/// The wanted paths as a tree of keys, made for matching every key of a record once.
///
/// Look-up rules are those of sigma.md section 7: a key of the whole record that equals the whole
/// path wins; else the path is walked, and where a segment is missing, the rest of the path is
/// tried as one key. So edges whose key holds a dot are whole or rest paths and end in a leaf.
class PathTrie {
public:
    struct Node;

    struct Edge {
        KeySignature signature;
        const char* key = nullptr;  // lent by keys_
        std::uint32_t target = 0;   // index of a node
        std::uint32_t segment = 0;  // for a whole or rest path: bytes of its first segment, else 0
        std::int32_t next = -1;     // another edge with the same signature
        bool used = false;
    };

    struct Node {
        std::uint32_t slots = 0;  // first of its slots in slots_
        std::uint32_t shift = 0;
        std::uint64_t multiplier = 0;
        Cell cell = no_cell;    // the first of its cells, and for nearly all nodes the only one
        bool has_more = false;  // more cells are in more_
        bool has_children = false;
        bool json = false;  // a text here may be JSON, to be walked as if it stood there
    };

    /// Adds a path whose values go to `cell`. Before `finish` only.
    void add(std::string_view path, Cell cell);
    /// Texts at this path that are JSON are walked. Before `finish` only.
    void mark_json(std::string_view path);
    /// Builds the tables.
    void finish();

    // Indices come from our own tables, and this is the hottest loop there is: no checked access
    // here.
    [[nodiscard]] const Node& root() const noexcept { return *nodes_.data(); }
    [[nodiscard]] const Node& node(std::uint32_t index) const noexcept {
        return nodes_.data()[index];
    }
    /// Calls `function` for each cell of the node.
    template <class Function>
    void each_cell(const Node& node, Function&& function) const {
        if (node.cell == no_cell) return;
        function(node.cell);
        if (node.has_more) [[unlikely]] {
            for (const Cell cell : more_.at(static_cast<std::uint32_t>(&node - nodes_.data()))) {
                function(cell);
            }
        }
    }

    /// The edge of a key of a Tape, or null.
    [[nodiscard]] const Edge* find(const Node& node, std::string_view key) const noexcept {
        if (!node.has_children) return nullptr;
        const KeySignature signature = KeySignature::of_tape(key);
        const Edge* edge =
            slots_.data() + node.slots + slot(signature, node.multiplier, node.shift);
        while (!(edge->signature == signature) || !equal_middle(*edge, key)) {
            if (edge->next < 0) return nullptr;
            edge = slots_.data() + edge->next;
        }
        return edge->used ? edge : nullptr;
    }

private:
    static std::size_t slot(const KeySignature& key, std::uint64_t multiplier,
                            std::uint32_t shift) noexcept {
        const std::uint64_t mixed = (key.head + key.tail * 3 + key.size) * multiplier;
        return static_cast<std::size_t>(mixed >> shift);
    }
    static bool equal_middle(const Edge& edge, std::string_view key) noexcept {
        return key.size() <= 16 || std::memcmp(edge.key + 8, key.data() + 8, key.size() - 16) == 0;
    }

    struct Draft {
        std::map<std::string, std::uint32_t, std::less<>> children;
    };
    std::uint32_t child(std::uint32_t node, std::string_view key);
    void put(std::uint32_t node, Cell cell);
    void build(std::uint32_t node);
    bool place(std::uint32_t node, const std::vector<Edge>& edges, std::uint64_t multiplier,
               std::uint32_t bits);

    std::vector<Node> nodes_{1};
    std::vector<Draft> drafts_{1};
    std::map<std::uint32_t, std::vector<Cell>> more_;  // by node
    std::vector<Edge> slots_;
    std::deque<std::string> keys_;
};

}  // namespace decode
