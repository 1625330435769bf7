#include "enrich/range_table.hpp"

#include "base/ascii.hpp"
#include "base/digest.hpp"
#include "base/utf8.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <set>
#include <tuple>

namespace enrich {
namespace {

namespace ascii = base::ascii;

constexpr std::size_t max_lines_named = 10;
constexpr std::size_t max_name_bytes = 256;
constexpr std::array<std::string_view, 9> kinds = {
    "hosting", "mobile", "isp", "vpn", "tor", "business", "education", "government", "unknown"};

/// Splits a line at commas outside double quotes; a doubled quote inside quotes is one. False when
/// a quote stays open: such tables have no line breaks inside cells.
bool split(std::string_view line, std::vector<std::string>& cells) {
    cells.clear();
    bool quoted = false;
    std::string cell;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
            cell += line[++i];
        } else if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            cells.emplace_back(ascii::trimmed(cell, ascii::is_space));
            cell.clear();
        } else {
            cell += c;
        }
    }
    cells.emplace_back(ascii::trimmed(cell, ascii::is_space));
    return !quoted;
}

bool number(std::string_view text, std::uint32_t& out) noexcept {
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), out);
    return !text.empty() && fault == std::errc{} && end == text.data() + text.size();
}

/// One end of a range: an address, or an IPv4 address as a number.
std::optional<call::Address> end_of_range(std::string_view text) noexcept {
    std::uint32_t value = 0;
    if (!number(text, value)) return call::parse_address(text);
    call::Address out;
    for (std::size_t i = 0; i < 4; ++i)
        out.bytes[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
    return out;
}

template <class Point>
Point point_of(const call::Address& address) noexcept {
    Point out = 0;
    for (std::size_t i = 0; i < sizeof(Point); ++i)
        out = static_cast<Point>(out << 8) | address.bytes[i];
    return out;
}

/// The last address of a block.
call::Address last_of(const call::Network& network) noexcept {
    call::Address out = network.start;
    for (unsigned bit = network.prefix; bit < out.bits(); ++bit)
        out.bytes[bit / 8] |= static_cast<std::uint8_t>(0x80u >> (bit % 8));
    return out;
}

/// Gives every address to the narrowest range around it, of equal ones to the later: a sweep over
/// all places where a range starts or has just ended.
template <class Range>
std::vector<Range> flattened(std::vector<Range> ranges) {
    using Point = decltype(Range::first);
    const auto overlaps = [](const Range& a, const Range& b) { return a.last >= b.first; };
    if (std::ranges::adjacent_find(ranges, overlaps) == ranges.end()) return ranges;

    std::vector<Point> turns;
    std::vector<std::size_t> by_first(ranges.size());
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        by_first[i] = i;
        turns.push_back(ranges[i].first);
        if (ranges[i].last != static_cast<Point>(~Point{0}))
            turns.push_back(static_cast<Point>(ranges[i].last + 1));
    }
    std::ranges::sort(turns);
    turns.erase(std::unique(turns.begin(), turns.end()), turns.end());
    std::ranges::sort(
        by_first, [&](std::size_t a, std::size_t b) { return ranges[a].first < ranges[b].first; });

    const auto narrower = [&](std::size_t a, std::size_t b) {
        const Point wide_a = static_cast<Point>(ranges[a].last - ranges[a].first);
        const Point wide_b = static_cast<Point>(ranges[b].last - ranges[b].first);
        return wide_a != wide_b ? wide_a < wide_b : a > b;
    };
    std::set<std::size_t, decltype(narrower)> open(narrower);
    std::vector<Range> out;
    std::size_t next = 0;
    for (std::size_t t = 0; t < turns.size(); ++t) {
        while (next < by_first.size() && ranges[by_first[next]].first == turns[t])
            open.insert(by_first[next++]);
        // Ended ranges need to go only when they stand in front.
        while (!open.empty() && ranges[*open.begin()].last < turns[t]) open.erase(open.begin());
        if (open.empty()) continue;
        const Range& winner = ranges[*open.begin()];
        const Point last =
            t + 1 < turns.size() ? static_cast<Point>(turns[t + 1] - 1) : winner.last;
        const bool continues = !out.empty() && out.back().fact == winner.fact &&
                               static_cast<Point>(out.back().last + 1) == turns[t];
        if (continues)
            out.back().last = last;
        else
            out.push_back({turns[t], last, winner.fact});
    }
    return out;
}

template <class Range>
std::vector<std::uint32_t> starts_of(const std::vector<Range>& ranges) {
    if (ranges.empty()) return {};
    std::vector<std::uint32_t> out((1u << 16) + 1, static_cast<std::uint32_t>(ranges.size()));
    std::uint32_t range = 0;
    for (std::uint32_t upper = 0; upper < 1u << 16; ++upper) {
        while (range < ranges.size() && ranges[range].first < upper << 16) ++range;
        out[upper] = range;
    }
    return out;
}

/// The range around a point, if it starts among those from `from` to `to` or right before them.
template <class Range, class Point>
const Range* find(const std::vector<Range>& ranges, std::size_t from, std::size_t to,
                  Point point) noexcept {
    const auto at = [&](std::size_t i) { return ranges.begin() + static_cast<std::ptrdiff_t>(i); };
    const auto after = std::upper_bound(at(from), at(to), point,
                                        [](Point p, const Range& r) { return p < r.first; });
    if (after == ranges.begin()) return nullptr;
    const Range& range = *std::prev(after);
    return range.last >= point ? &range : nullptr;
}

bool is_country(std::string_view text) noexcept {
    return text.size() == 2 && std::ranges::all_of(text, ascii::is_upper);
}

bool says_nothing(std::string_view country) noexcept {
    return country.empty() || country == "-" || country == "ZZ" || country == "None";
}

}  // namespace

/// Reads the lines of one file into a table that is not shared yet.
class RangeParser {
public:
    RangeParser(RangeTable& table, std::string_view kind) : table_(table), kind_(kind) {}

    /// The faults of the file, empty if there is none.
    std::string read(std::string_view text) {
        if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
        for (std::size_t at = 0; at < text.size();) {
            ++line_;
            const std::size_t end = std::min(text.find('\n', at), text.size());
            const std::string_view line =
                ascii::trimmed(text.substr(at, end - at), ascii::is_space);
            at = end + 1;
            if (line.empty() || line.starts_with('#') || (line_ == 1 && is_header(line))) continue;
            if (const auto fault = read_line(line); !fault.empty()) complain(fault);
        }
        if (found_ > max_lines_named)
            faults_ += "; and " + std::to_string(found_ - max_lines_named) + " more lines";
        table_.v4_ = flattened(std::move(table_.v4_));
        table_.v6_ = flattened(std::move(table_.v6_));
        table_.v4_.shrink_to_fit();
        table_.v4_starts_ = starts_of(table_.v4_);
        table_.v6_.shrink_to_fit();
        return std::move(faults_);
    }

private:
    using Layout = RangeTable::Layout;

    [[nodiscard]] bool is_header(std::string_view line) const noexcept {
        switch (table_.layout_) {
            case Layout::asn:
                return line == "first,last,asn,name";
            case Layout::country:
                return line == "first,last,country";
            case Layout::kind:
                return false;
            case Layout::kinds:
                return line == "network,kind";
        }
        return false;
    }

    void complain(std::string_view what) {
        if (++found_ > max_lines_named) return;
        faults_ += (faults_.empty() ? "line " : "; line ") + std::to_string(line_) + ": ";
        faults_ += what;
    }

    std::string_view read_line(std::string_view line) {
        if (!base::utf8::valid(line)) return "not UTF-8";
        if (!split(line, cells_)) return "a quote stays open";
        switch (table_.layout_) {
            case Layout::asn:
                return read_asn();
            case Layout::country:
                return read_country();
            case Layout::kind:
                return read_block(kind_);
            case Layout::kinds:
                if (cells_.size() != 2) return "write network,kind";
                return read_block(cells_[1]);
        }
        return {};
    }

    std::string_view read_asn() {
        std::uint32_t asn = 0;
        if (cells_.size() != 4) return "write first,last,asn,name";
        if (!number(cells_[2], asn)) return "the AS is no number of 32 bits";
        if (cells_[3].size() > max_name_bytes) return "the name is longer than 256 bytes";
        // AS 0 marks what is not routed: it says nothing.
        return read_range(asn, cells_[3], asn != 0);
    }

    std::string_view read_country() {
        if (cells_.size() != 3) return "write first,last,country";
        const bool told = !says_nothing(cells_[2]);
        if (told && !is_country(cells_[2])) return "the country is not two upper-case letters";
        return read_range(0, cells_[2], told);
    }

    std::string_view read_range(std::uint32_t asn, const std::string& text, bool told) {
        const auto first = end_of_range(cells_[0]);
        const auto last = end_of_range(cells_[1]);
        if (!first || !last) return "an end is no address";
        if (first->v6 != last->v6) return "the ends are of two families";
        if (*last < *first) return "the last address is below the first";
        if (told) add(*first, *last, asn, text);
        return {};
    }

    std::string_view read_block(std::string_view kind) {
        const auto network = call::parse_network(cells_[0]);
        if (!network || (table_.layout_ == Layout::kind && cells_.size() != 1))
            return "no network; write a CIDR block without host bits";
        if (std::ranges::find(kinds, kind) == kinds.end()) return "unknown kind";
        add(network->start, last_of(*network), 0, std::string(kind));
        return {};
    }

    void add(const call::Address& first, const call::Address& last, std::uint32_t asn,
             const std::string& text) {
        std::string key = std::to_string(asn) + "," + text;
        const auto [fact, fresh] =
            known_.emplace(std::move(key), static_cast<std::uint32_t>(table_.facts_.size()));
        if (fresh) table_.facts_.push_back({asn, text});
        if (first.v6) {
            using Point = RangeTable::Wide;
            table_.v6_.push_back({point_of<Point>(first), point_of<Point>(last), fact->second});
        } else {
            using Point = std::uint32_t;
            table_.v4_.push_back({point_of<Point>(first), point_of<Point>(last), fact->second});
        }
    }

    RangeTable& table_;
    std::string_view kind_;
    std::size_t line_ = 0;
    std::size_t found_ = 0;
    std::string faults_;
    std::vector<std::string> cells_;
    boost::unordered_flat_map<std::string, std::uint32_t> known_;
};

base::Result<std::shared_ptr<const RangeTable>> RangeTable::parse(std::string name,
                                                                  std::string_view text,
                                                                  Layout layout,
                                                                  std::string_view kind) {
    const std::string where = "table " + name + ": ";
    if (layout == Layout::kind && std::ranges::find(kinds, kind) == kinds.end()) {
        return base::fail(base::Fault::invalid,
                          where +
                              "its kind is unknown; write hosting, mobile, isp, vpn, tor, "
                              "business, education, government or unknown");
    }
    std::shared_ptr<RangeTable> out(
        new RangeTable(std::move(name), base::hex(base::sha256(text)), layout));
    const std::string faults = RangeParser(*out, kind).read(text);
    if (!faults.empty()) return base::fail(base::Fault::invalid, where + faults);
    if (out->size() == 0) return base::fail(base::Fault::invalid, where + "holds no range");
    return out;
}

const RangeTable::Range<std::uint32_t>* RangeTable::find_v4(std::uint32_t point) const noexcept {
    if (v4_starts_.empty()) return nullptr;
    const std::uint32_t upper = point >> 16;
    return find(v4_, v4_starts_[upper], v4_starts_[upper + 1], point);
}

void RangeTable::look_up(const call::Address& address, NetworkFacts& facts) const {
    const Fact* fact = nullptr;
    if (address.v6) {
        if (const auto* range = find(v6_, 0, v6_.size(), point_of<Wide>(address)))
            fact = &facts_[range->fact];
    } else if (const auto* range = find_v4(point_of<std::uint32_t>(address))) {
        fact = &facts_[range->fact];
    }
    if (fact == nullptr) return;
    switch (layout_) {
        case Layout::asn:
            // Number and name belong together: never one table's number with another's name.
            if (facts.asn) return;
            facts.asn = fact->asn;
            facts.as_name = fact->text;
            return;
        case Layout::country:
            if (facts.country.empty()) facts.country = fact->text;
            return;
        case Layout::kind:
        case Layout::kinds:
            if (facts.kind.empty()) facts.kind = fact->text;
            return;
    }
}

}  // namespace enrich
