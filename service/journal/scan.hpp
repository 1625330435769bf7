#pragma once

#include "journal/frame.hpp"
#include "journal/index.hpp"
#include "journal/window.hpp"

#include <cstdint>
#include <vector>

namespace journal {

/// What a whole segment holds, before it is decided what of that counts.
struct Scan {
    struct Item {
        Lsn lsn = 0;
        std::uint64_t offset = 0;
        std::uint64_t end = 0;  ///< Where the next frame starts.
        base::WallTime received{};
        /// Part of a group whose frames are all here, one after the other, up to a commit frame
        /// that agrees with them.
        bool committed = false;
        std::uint64_t group_end = 0;  ///< After that commit frame.
        std::uint64_t digest = 0;     ///< Running digest, as that commit frame has it.
    };
    std::vector<Item> blocks;     ///< Good block frames in the order of the file.
    Lsn durable_upto = 0;         ///< Highest that a commit frame tells.
    std::uint64_t first_gap = 0;  ///< Where the first bad place starts that good frames follow.
};

/// Walks a segment's frames from its header to `size`, resuming by magic after a bad place.
[[nodiscard]] Io<Scan> scan(const Segment& segment, std::uint64_t size);

}  // namespace journal
