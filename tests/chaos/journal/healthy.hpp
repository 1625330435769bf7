#pragma once

#include "ledger.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace journal::test {

using Files = std::map<std::string, std::string>;

/// One frame of a sound journal: which bytes it needs.
struct Placed {
    std::string file;
    std::size_t begin = 0;
    std::size_t end = 0;
    Lsn lsn = 0;  ///< Of a block; of a commit frame the first of its group.
    bool commit = false;
};

/// A sound journal and a map of its bytes, made without the code that reads it: frames are told by
/// their length and their place in the row of LSNs, not by a checksum.
struct Healthy {
    Files files;
    Files older;  ///< Contents of an earlier time, when these files held other segments.
    std::vector<Placed> frames;
    std::vector<std::string> segments;
    std::map<Lsn, std::string> texts;
    Lsn first = 0, end = 0;
    std::uint64_t segment_bytes = 0;

    static Healthy make(std::uint64_t seed, std::uint64_t segment_bytes, bool recycled);
    /// A mark file that says this.
    static std::string mark(Lsn durable);
};

/// What must be read of changed files, and what must be named as lost, by the rules of
/// docs/reference/journal.md.
struct Expected {
    std::set<Lsn> readable;
    std::set<Lsn> lost;
};
[[nodiscard]] Expected expected_of(const Healthy& healthy, const Files& changed, Lsn mark,
                                   Lsn known_position);

}  // namespace journal::test
