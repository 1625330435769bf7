#pragma once

#include "decode/decoder.hpp"
#include "decode/json_parser.hpp"
#include "decode/line_walker.hpp"
#include "decode/walker.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace decode::test {

/// Whether two values are the same to the bit.
inline bool same(const call::Value& a, const call::Value& b) {
    if (a.kind() != b.kind()) return false;
    switch (a.kind()) {
        case call::Value::Kind::absent:
        case call::Value::Kind::null:
        case call::Value::Kind::object:
            return true;
        case call::Value::Kind::boolean:
            return a.boolean() == b.boolean();
        case call::Value::Kind::integer:
            return a.integer() == b.integer();
        case call::Value::Kind::big_integer:
            return a.big_integer() == b.big_integer();
        case call::Value::Kind::real:
            return std::bit_cast<std::uint64_t>(a.real()) == std::bit_cast<std::uint64_t>(b.real());
        case call::Value::Kind::text:
            return a.text() == b.text();
        case call::Value::Kind::list: {
            if (a.list().size() != b.list().size()) return false;
            for (std::size_t i = 0; i < a.list().size(); ++i) {
                if (!same(a.list()[i], b.list()[i])) return false;
            }
            return true;
        }
    }
    return false;
}

/// Reads records both ways: as LineWalker does, and as the parts it stands in for do.
class BothWays {
public:
    /// Paths that meet all that a path can be: of objects, through arrays, of a whole key with
    /// dots, of the rest of one, under a text that is JSON, twice in one place.
    static std::vector<std::string> paths() {
        return {"a",
                "b",
                "a.b",
                "a.b.c",
                "c.d",
                "time",
                "list.x",
                "other",
                "n.x",
                "n.x.y.z",
                "long name",
                "u.v.w",
                "userIdentity.type",
                "a.b"};
    }

    explicit BothWays(const Limits& limits, const std::vector<std::string>& wanted = paths())
        : limits_(limits),
          trie_(trie_of(wanted)),
          parser_(limits.max_depth),
          reference_(trie_, wanted.size()),
          walker_(trie_, wanted.size()),
          line_walker_(trie_, walker_, limits_) {}

    struct Outcome {
        std::size_t valid = 0;  ///< Records that the reference took.
        std::size_t taken = 0;  ///< Those of them that the line walker took.
        std::string different;  ///< A record that came out differently, or empty.
    };
    /// Of all lines of a text.
    Outcome read(std::string_view lines) {
        Outcome out;
        // Of its exact size, so that a sanitizer sees what is read beyond the padding.
        std::vector<char> buffer(lines.begin(), lines.end());
        buffer.insert(buffer.end(), LineIndex::padding, '\n');
        buffer.shrink_to_fit();
        const std::string_view all(buffer.data(), buffer.size());
        line_walker_.begin(all);
        for (std::size_t at = 0; at < lines.size();) {
            const std::size_t end = all.find('\n', at);
            const std::string_view line = all.substr(at, end - at);
            const bool valid = read_reference(line);
            const bool taken = line_walker_.walk(line);
            out.valid += valid ? 1u : 0u;
            out.taken += taken ? 1u : 0u;
            if (taken && !(valid && same_cells())) out.different = line;
            at = end + 1;
        }
        line_walker_.begin({});
        return out;
    }

private:
    static PathTrie trie_of(const std::vector<std::string>& wanted) {
        PathTrie trie;
        for (std::size_t i = 0; i < wanted.size(); ++i) trie.add(wanted[i], static_cast<Cell>(i));
        trie.mark_json("n");
        trie.mark_json("n.x");
        trie.finish();
        return trie;
    }
    bool read_reference(std::string_view line) {
        if (parser_.parse(line, 0) || parser_.tape().type(Tape::root) != '{') return false;
        if (check_keys(parser_.tape(), limits_.max_keys)) return false;
        reference_.walk(parser_.tape());
        return true;
    }
    bool same_cells() const {
        for (std::size_t i = 0; i < walker_.cells().size(); ++i) {
            if (!same(walker_.cells()[i], reference_.cells()[i])) return false;
        }
        return true;
    }

    Limits limits_;
    PathTrie trie_;
    JsonParser parser_;
    Walker reference_;
    Walker walker_;
    LineWalker line_walker_;
};

/// Decodes lines together, where those with enough behind them are walked, and one by one, where
/// none is.
class TogetherAndAlone {
public:
    TogetherAndAlone(const Format& format, std::shared_ptr<const call::Names> names, bool ungated)
        : names_(std::move(names)),
          together_(format, names_, {.limits = {}, .ungated = ungated}),
          alone_(format, names_, {.limits = {}, .ungated = ungated}) {}

    /// The first line that comes out differently, or nothing.
    std::optional<std::string> different(std::string_view lines, base::WallTime arrival);

private:
    std::shared_ptr<const call::Names> names_;
    Decoder together_;
    Decoder alone_;
};

inline bool same(const call::Call& a, const call::Call& b) {
    const call::Header& x = a.header();
    const call::Header& y = b.header();
    if (x.time != y.time || x.id != y.id || x.record != y.record || x.notes != y.notes ||
        x.raw != y.raw) {
        return false;
    }
    for (call::Slot slot = 0; slot < a.names().size(); ++slot) {
        if (!same(a.at(slot), b.at(slot))) return false;
    }
    return true;
}

inline std::optional<std::string> TogetherAndAlone::different(std::string_view lines,
                                                              base::WallTime arrival) {
    call::Batch all(names_);
    call::Batch one(names_);
    std::vector<Reject> all_rejects;
    std::vector<Reject> rejects;
    const std::string padded = std::string(lines) + std::string(LineIndex::padding + 1, '\n');
    together_.decode(padded, 0, arrival, all, all_rejects);
    std::size_t calls = 0;
    std::size_t refused = 0;
    std::uint32_t index = 0;
    for (std::size_t at = 0; at < lines.size(); ++index) {
        const std::size_t end = std::min(lines.find('\n', at), lines.size());
        const std::string line(lines.substr(at, end - at));
        at = end + 1;
        one.clear();
        rejects.clear();
        alone_.decode(line, index, arrival, one, rejects);
        if (!rejects.empty()) {
            if (refused == all_rejects.size()) return line;
            const Reject& theirs = all_rejects[refused++];
            if (theirs.line != rejects[0].line || theirs.code != rejects[0].code ||
                theirs.sample != rejects[0].sample) {
                return line;
            }
        }
        if (one.size() == 0) continue;
        if (calls == all.size()) return line;
        if (!same(all[calls++], one[0])) return line;
    }
    if (calls != all.size() || refused != all_rejects.size()) return "more than there was";
    return {};
}

}  // namespace decode::test
