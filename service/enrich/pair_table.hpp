#pragma once

#include "base/huge_array.hpp"

#include <cstddef>
#include <cstdint>

namespace enrich {

/// A table of fixed size in which new answers push old ones out: what a worker remembers cannot
/// grow. Two lines share a place, so that two busy inputs of one place do not fight. Line says
/// whether it is `used`, and all bytes zero is a line that is not.
template <class Line>
class PairTable {
public:
    /// `size` is a power of two, at least 2.
    explicit PairTable(std::size_t size) : lines_(size) {}

    void prefetch(std::uint64_t hash) const noexcept {
        const char* line = reinterpret_cast<const char*>(&lines_[place(hash)]);
        for (std::size_t at = 0; at < sizeof(Line); at += 64) __builtin_prefetch(line + at);
    }
    template <class Same>
    [[nodiscard]] const Line* find(std::uint64_t hash, Same&& same) const noexcept {
        const Line* pair = &lines_[place(hash)];
        for (const Line* line : {pair, pair + 1})
            if (line->used && same(*line)) return line;
        return nullptr;
    }
    /// Takes the place of the older of two. The reference is good until the next add.
    const Line& add(std::uint64_t hash, const Line& line) noexcept {
        Line* pair = &lines_[place(hash)];
        pair[1] = pair[0];
        pair[0] = line;
        return pair[0];
    }
    void clear() noexcept { lines_.clear(); }

private:
    [[nodiscard]] std::size_t place(std::uint64_t hash) const noexcept {
        return hash & (lines_.size() - 2);
    }
    base::HugeArray<Line> lines_;
};

}  // namespace enrich
