#pragma once

#include "call/value.hpp"
#include "decode/json_parser.hpp"
#include "decode/path_trie.hpp"
#include "decode/tape.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace decode {

/// The scalar of a tape as a Value; text borrows from the tape. Not for brackets.
[[nodiscard]] inline call::Value scalar(const Tape& tape, std::size_t at) noexcept {
    switch (tape.type(at)) {
        case '"':
            return call::Value::of(tape.text(at));
        case 'l':
            return call::Value::of(tape.integer(at));
        case 'u':
            return call::Value::of(tape.big_integer(at));
        case 'd':
            return call::Value::of(tape.real(at));
        case 't':
            return call::Value::of(true);
        case 'f':
            return call::Value::of(false);
        default:
            return call::Value::null();
    }
}

/// Fills the cells of a PathTrie from one record, in one pass over its keys: from a tape, or with
/// what a LineWalker finds. The only door between JSON and the rest of decoding.
///
/// Values borrow from the tape, from this walker and from its nested parsers: they live until the
/// next `walk`. Not thread-safe.
class Walker {
public:
    /// Borrows the trie. `cells` is one more than the highest cell in it.
    Walker(const PathTrie& trie, std::size_t cells);

    /// The value of each cell, absent where its path is not in the record. A path found once gives
    /// that value, several times (through arrays) a list, an empty array an empty list.
    std::span<const call::Value> walk(const Tape& tape);

    /// Starts over with all cells absent, for records that are no JSON: fill them with `put`.
    void reset();
    template <class Scalar>
    void put(Cell cell, Scalar scalar) {
        // Nearly always the first value of its cell. It is made in its place: a value that is put
        // together elsewhere and copied whole at once waits for its parts to reach the cache.
        call::Value& held = cells_.data()[cell];
        if (held.absent()) [[likely]] {
            held = call::Value::of(scalar);
        } else {
            append(cell, call::Value::of(scalar));
        }
    }

    // For another way of walking than a tape, which comes by the same values in the same order.

    using Node = PathTrie::Node;
    template <class Scalar>
    void found(const Node& node, Scalar scalar) {
        if (node.cell == no_cell) return;
        if (!node.has_more) [[likely]] {
            put(node.cell, scalar);
        } else {
            found(node, call::Value::of(scalar));
        }
    }
    void found(const Node& node, const call::Value& value);
    void found_text(const Node& node, std::string_view text) {
        if (node.json && node.has_children) [[unlikely]]
            nested(text, node);
        found(node, text);
    }
    void found_empty_array(const Node& node);
    /// Around the value of a key of the record that is the whole path: it alone counts.
    void begin_whole(const Node& node);
    void end_whole(const Node& node);

    [[nodiscard]] std::span<const call::Value> cells() const noexcept { return cells_; }

private:
    static constexpr std::size_t max_nested = 4;  // JSON texts within one record
    static constexpr std::uint32_t nested_depth = 32;

    void object(const Tape& tape, std::size_t at, const Node& node);
    void value(const Tape& tape, std::size_t at, const Node& node);
    void array(const Tape& tape, std::size_t at, const Node& node);
    void nested(std::string_view text, const Node& node);
    void append(Cell cell, const call::Value& value);

    const PathTrie& trie_;
    std::vector<call::Value> cells_;
    std::vector<std::vector<call::Value>> lists_;  // by cell: its values once there are several
    std::vector<bool> whole_found_;                // by cell: the whole path was a key
    bool any_whole_ = false;
    std::vector<JsonParser> nested_;
    std::size_t nested_used_ = 0;
};

}  // namespace decode
