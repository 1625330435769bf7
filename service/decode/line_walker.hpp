#pragma once

#include "decode/limits.hpp"
#include "decode/line_index.hpp"
#include "decode/path_trie.hpp"
#include "decode/shapes.hpp"
#include "decode/walker.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace decode {

/// Fills the cells of a Walker straight from a LineIndex, without a tape between: what most records
/// of a log take, at less than half the cost of parsing, checking keys and walking one after the
/// other.
///
/// It takes a record only when JsonParser, check_keys and Walker::walk would take it, and then
/// leaves the same cells. Whatever it is not made for (a key with an escape, a path that is looked
/// up as the rest of one, a number of more than 18 digits, a fault of any kind) it leaves to them:
/// they alone say why a record is refused. Not thread-safe.
class LineWalker {
public:
    /// Borrows all.
    LineWalker(const PathTrie& trie, Walker& walker, const Limits& limits)
        : trie_(trie), walker_(walker), limits_(limits) {}

    /// The texts to come stand in `buffer`, which stays as it is until the next `begin`.
    void begin(std::string_view buffer) noexcept { index_.begin(buffer); }

    /// True when the text was taken: one object, valid, of distinct keys within the limits. The
    /// walker's cells then borrow from the text and from this object, until the next `walk`.
    bool walk(std::string_view text);

private:
    bool taken(std::string_view text);
    void weigh();

    using Part = const std::uint32_t*;  // A part that is not consumed yet; null gives up.
    using Node = PathTrie::Node;
    static constexpr std::ptrdiff_t near_keys = 4;
    // Parts that are passed again to compare keys. The parser's tape steps over what lies between
    // keys, so records of hundreds of keys in no order are better left to it.
    static constexpr std::uint32_t most_looked_back = 4096;

    /// The object being walked.
    struct Object {
        Part first = nullptr;        // Behind its bracket.
        const Node* node = nullptr;  // None where nothing is wanted.
        Shapes::Id shape = Shapes::none;
        bool ordered = true;       // All keys so far came in the shape's order, so are distinct.
        std::size_t expected = 0;  // Place of the next key in that order.
    };

    Part object(Part at, Shapes::Id shape, const Node* node);
    Part array(Part at, Shapes::Id shape, const Node* node);
    Part other(Part at, Shapes::Id shape, const Shapes::Member& key);
    Part value(Part at, Shapes::Id inside, const Node* node);
    Part string(Part at, const Node* node);
    bool unescape(std::string_view& text);
    Part number(Part at, const Node* node);
    Part real(Part at, const Node* node);
    Part boolean(Part at, const Node* node);
    bool word(Part at, std::string_view spelling) const;

    const Shapes::Member* unexpected(Part at, Object& object);
    bool distinct(Part at, Object& object, std::string_view key, std::uint32_t hash);
    bool string_at(Part at, std::string_view& out) const;
    template <class Function>
    void each_key(Part from, Part to, Function&& function);

    [[nodiscard]] bool may_hold_escape(Part at) const noexcept { return base_ + at[1] > escape_; }
    [[nodiscard]] char first_of(Part at) const noexcept { return base_[*at]; }

    const PathTrie& trie_;
    Walker& walker_;
    const Limits& limits_;
    LineIndex index_;
    Shapes shapes_;
    Shapes::Member passing_;  // A key that is not kept.
    const char* base_ = nullptr;
    Part end_ = nullptr;
    const char* escape_ = nullptr;  // The next backslash, or a place behind the text.
    const char* text_end_ = nullptr;
    std::uint32_t depth_ = 0;
    // Of the objects being walked that are not ordered: bits of their keys' hashes.
    std::array<std::array<std::uint64_t, 4>, most_depth> seen_{};
    std::uint32_t keys_ = 0;
    std::uint32_t strange_ = 0;  // Keys of the record that no shape has.
    std::uint32_t in_vain_ = 0;  // Records of late with many of them, less those with few.
    std::uint32_t left_ = 0;     // Records still to be left to the parser.
    std::uint32_t looked_back_ = 0;
    std::vector<char> unescaped_;
    char* unescaped_end_ = nullptr;
};

}  // namespace decode
