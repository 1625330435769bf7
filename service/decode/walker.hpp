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

/// Fills the cells of a PathTrie from one record, in one pass over its keys. The only door between
/// parsed JSON and the rest of decoding, so that another way of finding values can take its place.
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
    void put(Cell cell, call::Value value) { add(cell, value); }
    [[nodiscard]] std::span<const call::Value> cells() const noexcept { return cells_; }

private:
    static constexpr std::size_t max_nested = 4;  // JSON texts within one record
    static constexpr std::uint32_t nested_depth = 32;

    void object(const Tape& tape, std::size_t at, const PathTrie::Node& node);
    void value(const Tape& tape, std::size_t at, const PathTrie::Node& node);
    void array(const Tape& tape, std::size_t at, const PathTrie::Node& node);
    void nested(std::string_view text, const PathTrie::Node& node);
    void whole(const Tape& tape, std::size_t at, const PathTrie::Node& node);
    void add_scalar(const Tape& tape, std::size_t at, const PathTrie::Node& node);
    void add(const PathTrie::Node& node, const call::Value& value) {
        trie_.each_cell(node, [&](Cell cell) { add(cell, value); });
    }
    void add(Cell cell, const call::Value& value) {
        call::Value& held = cells_.data()[cell];
        if (held.absent()) [[likely]] {
            held = value;
        } else {
            append(cell, value);
        }
    }
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
