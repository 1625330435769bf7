#include "policy/scanner.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <bit>
#include <unordered_map>
#include <utility>

namespace policy {

void Scanner::add(std::string literal, Anchor anchor, std::uint32_t id) {
    BASE_ASSERT(!literal.empty());
    literals_.push_back({std::move(literal), anchor, id});
}

void Scanner::build() {
    std::unordered_map<std::uint32_t, std::uint32_t> counts;
    for (const Literal& literal : literals_)
        for (std::size_t at = 0; at + widest <= literal.text.size(); ++at)
            ++counts[gram_at(literal.text.data() + at, widest)];

    for (std::uint32_t i = 0; i < literals_.size(); ++i) {
        Literal& literal = literals_[i];
        const std::size_t width = std::min(widest, literal.text.size());
        std::uint32_t fewest = UINT32_MAX;
        for (std::size_t at = 0; width == widest && at + width <= literal.text.size(); ++at) {
            const std::uint32_t count = counts[gram_at(literal.text.data() + at, width)];
            if (count < fewest) {
                fewest = count;
                literal.offset = static_cast<std::uint32_t>(at);
            }
        }
        tables_[width].entries.push_back(
            {gram_at(literal.text.data() + literal.offset, width), i, 0});
    }

    for (Table& table : tables_) {
        if (table.entries.empty()) continue;
        // Sixteen bits for each literal: one position in sixteen at most is looked at in vain.
        const std::size_t bits =
            std::clamp<std::size_t>(std::bit_ceil(table.entries.size() * 16), 512, 1u << 19);
        const std::size_t heads = std::bit_ceil(table.entries.size() * 2);
        table.bits.resize(bits / 64);
        table.shift = 64u - static_cast<unsigned>(std::countr_zero(bits));
        table.heads.resize(heads);
        table.head_shift = 64u - static_cast<unsigned>(std::countr_zero(heads));
        for (std::uint32_t i = 0; i < table.entries.size(); ++i) {
            auto& entry = table.entries[i];
            const std::uint64_t hash = mix(entry.gram);
            table.bits[(hash >> table.shift) >> 6] |= std::uint64_t{1}
                                                      << ((hash >> table.shift) & 63);
            entry.next = std::exchange(table.heads[hash >> table.head_shift], i + 1);
        }
    }
}

}  // namespace policy
