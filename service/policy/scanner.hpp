#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace policy {

/// Where in a text a literal must stand.
enum class Anchor : std::uint8_t { anywhere, start, end };

/// Finds all of many literals in a text in one pass.
///
/// Each literal is filed under its four bytes that fewest others share (shorter ones under all they
/// have). The pass looks every four bytes of the text up in a bit table that fits the first-level
/// cache, and compares literals only where it has an entry. An Aho-Corasick automaton over the
/// 40,000 literals of the community rules would be tens of megabytes and miss the cache at each
/// byte.
class Scanner {
public:
    /// Files a literal, which must not be empty. `id` is told when it is found.
    void add(std::string literal, Anchor anchor, std::uint32_t id);
    /// After the last add, before the first scan.
    void build();
    [[nodiscard]] bool empty() const noexcept { return literals_.empty(); }

    /// Calls found(id) for every literal in the text, perhaps more than once.
    template <class Found>
    void scan(std::string_view text, Found&& found) const {
        for (std::size_t width = 1; width <= widest; ++width)
            if (tables_[width].entries.size() > 0) scan_width(width, text, found);
    }

private:
    static constexpr std::size_t widest = 4;

    struct Literal {
        std::string text;
        Anchor anchor;
        std::uint32_t id;
        std::uint32_t offset = 0;  // of the bytes it is filed under
    };
    /// The literals filed under runs of one width: a bit table in front of a chained hash table.
    struct Table {
        std::vector<std::uint64_t> bits;
        unsigned shift = 0;                // hash bits to drop: 64 - log2 of the number of bits
        std::vector<std::uint32_t> heads;  // by hash; index into entries + 1
        unsigned head_shift = 0;
        struct Entry {
            std::uint32_t gram;
            std::uint32_t literal;
            std::uint32_t next;
        };
        std::vector<Entry> entries;
    };

    static std::uint64_t mix(std::uint32_t gram) noexcept {
        return (gram + std::uint64_t{1}) * 0x9e3779b97f4a7c15u;
    }
    static std::uint32_t gram_at(const char* text, std::size_t width) noexcept {
        std::uint32_t gram = 0;
        std::memcpy(&gram, text, width);
        return gram;
    }

    template <class Found>
    void scan_width(std::size_t width, std::string_view text, Found& found) const {
        if (text.size() < width) return;
        const Table& table = tables_[width];
        const std::size_t last = text.size() - width;
        for (std::size_t at = 0; at <= last; ++at) {
            const std::uint32_t gram =
                width == 4 ? gram_at(text.data() + at, 4) : gram_at(text.data() + at, width);
            const std::uint64_t bit = mix(gram) >> table.shift;
            if ((table.bits[bit >> 6] >> (bit & 63) & 1) == 0) continue;
            for (std::uint32_t e = table.heads[mix(gram) >> table.head_shift]; e != 0;
                 e = table.entries[e - 1].next) {
                const auto& entry = table.entries[e - 1];
                if (entry.gram == gram && stands(literals_[entry.literal], text, at))
                    found(literals_[entry.literal].id);
            }
        }
    }

    [[nodiscard]] static bool stands(const Literal& literal, std::string_view text,
                                     std::size_t at) noexcept {
        if (at < literal.offset) return false;
        const std::size_t start = at - literal.offset;
        const std::size_t end = start + literal.text.size();
        if (end > text.size()) return false;
        if (literal.anchor == Anchor::start && start != 0) return false;
        if (literal.anchor == Anchor::end && end != text.size()) return false;
        return std::memcmp(text.data() + start, literal.text.data(), literal.text.size()) == 0;
    }

    std::vector<Literal> literals_;
    Table tables_[widest + 1];
};

}  // namespace policy
