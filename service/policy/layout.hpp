#pragma once

#include "yaml/node.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace policy {

/// A line of a policy file and what it is, for `format`.
struct LayoutLine {
    enum class Kind : std::uint8_t {
        empty,
        comment,
        structure,  ///< Starts with a key or a dash.
        more,       ///< Goes on with what a line above began: its indent means nothing.
        block,      ///< Inside a block scalar: only its indent as a whole may change.
    };

    Kind kind = Kind::empty;
    std::string text;        ///< Without indent and, but for `block`, without blanks at the end.
    std::size_t indent = 0;  ///< Spaces before it.
    std::size_t parent = 0;  ///< Of `block`: the column that the scalar is indented from.
    bool fixed = false;      ///< Of `block`: the header says the indent as a number.
    bool first = false;      ///< Of `block`: the first line of its scalar.
};

/// Places, from (1, 1), where a key of a map stands.
using KeyPlaces = std::set<std::pair<unsigned, unsigned>>;
void collect_keys(const yaml::Node& node, KeyPlaces& out);

/// Tells what the lines are; line `i` has the number `first + i`.
[[nodiscard]] std::vector<LayoutLine> read_layout(const std::vector<std::string_view>& lines,
                                                  unsigned first, const KeyPlaces& keys);

/// Gives every line its new indent, two spaces a level.
void indent(std::vector<LayoutLine>& lines, unsigned first, const KeyPlaces& keys);

}  // namespace policy
