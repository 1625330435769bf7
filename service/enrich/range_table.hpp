#pragma once

#include "base/result.hpp"
#include "enrich/table.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace enrich {

/// Address ranges in memory, found by binary search.
class RangeTable final : public Table {
public:
    enum class Layout : std::uint8_t {
        asn,      ///< `first,last,asn,name`
        country,  ///< `first,last,country`
        kind,     ///< One CIDR block a line, `#` comments; every one is of the kind given.
        kinds,    ///< `network,kind`
    };

    /// Reads the text of a file. The ends of a range are addresses as text or IPv4 as 32-bit
    /// numbers; both are inside. Where ranges overlap the narrower wins, of equal ones the later.
    /// Fails with Fault::invalid, naming the file and the lines (the first ten) that are wrong.
    /// `kind` is for Layout::kind.
    static base::Result<std::shared_ptr<const RangeTable>> parse(std::string name,
                                                                 std::string_view text,
                                                                 Layout layout,
                                                                 std::string_view kind = {});

    void look_up(const call::Address& address, NetworkFacts& facts) const override;

    /// Ranges without overlaps; at least as many as the file's lines need.
    [[nodiscard]] std::size_t size() const noexcept { return v4_.size() + v6_.size(); }

private:
    // An IPv6 address as a number; not ISO C++, but both compilers we name have it.
    __extension__ typedef unsigned __int128 Wide;
    template <class Point>
    struct Range {
        Point first;
        Point last;
        std::uint32_t fact;
    };
    struct Fact {
        std::uint32_t asn = 0;  ///< 0: none.
        std::string text;       ///< AS name, country or kind.
    };
    friend class RangeParser;

    RangeTable(std::string name, std::string version, Layout layout)
        : Table(std::move(name), std::move(version)), layout_(layout) {}

    Layout layout_;
    [[nodiscard]] const Range<std::uint32_t>* find_v4(std::uint32_t point) const noexcept;

    std::vector<Range<std::uint32_t>> v4_;  // ascending, without overlaps
    /// By the upper 16 bits of an address: the first range that starts at or behind them. A search
    /// over all ranges of the world missed the cache at each of its sixteen steps.
    std::vector<std::uint32_t> v4_starts_;
    std::vector<Range<Wide>> v6_;
    std::vector<Fact> facts_;
};

}  // namespace enrich
