#pragma once

#include "policy/pattern.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace policy {

/// Matches whole texts against a Pattern in time linear in the text.
///
/// The pattern is cut at `*` into segments. The first and the last are tied to the ends; each of
/// the others is looked for behind the one before, leftmost first, which is enough since `*` takes
/// anything. A segment of literal text is found by memmem (two-way, linear); one with `?` or dashes
/// by Shift-And, a word of bits for 64 code points of pattern. Backtracking would be quadratic and
/// worse.
class Wildcard {
public:
    explicit Wildcard(const Pattern& pattern);

    [[nodiscard]] bool matches(std::string_view text) const;

    /// It is `*` alone: every text matches.
    [[nodiscard]] bool matches_all() const noexcept { return segments_.empty() && any_first_; }
    /// The longest literal that every matching text contains; may be empty.
    [[nodiscard]] const std::string& longest_literal() const noexcept { return longest_; }

private:
    /// A run of code points, some of which may be anything.
    struct Segment {
        std::string literal;            // used when `plain`
        std::vector<char32_t> symbols;  // `one` for `?`, `dash` for a dash place
        bool plain = true;
        // Shift-And: bit i of a mask says that the symbol may stand at place i.
        std::vector<std::uint64_t> wild;
        std::unordered_map<char32_t, std::vector<std::uint64_t>> masks;

        std::vector<std::uint64_t>& mask(char32_t symbol, std::size_t words) {
            auto& found = masks[symbol];
            found.resize(words);
            return found;
        }
    };

    static Segment make_segment(std::vector<char32_t> symbols);
    static bool starts_with(const Segment& segment, std::string_view& text);
    static bool ends_with(const Segment& segment, std::string_view& text);
    static bool find(const Segment& segment, std::string_view& text);
    static bool shift_and(const Segment& segment, std::string_view& text);

    bool any_first_ = false;
    bool any_last_ = false;
    std::vector<Segment> segments_;
    std::string longest_;
};

}  // namespace policy
