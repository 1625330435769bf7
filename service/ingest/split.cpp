#include "ingest/split.hpp"

#include "base/assert.hpp"

namespace ingest {
namespace {

// Compression gains little above it, and a record behind an alert is read back with its block: at
// 1 MB that was a quarter of all processor time when many alerts opened.
constexpr std::size_t wanted_bytes = 128 * 1024;

}  // namespace

std::vector<journal::Block> split(std::string_view lines, const journal::Block& head) {
    std::vector<journal::Block> blocks;
    while (!lines.empty()) {
        std::size_t size = 0;
        std::uint32_t records = 0;
        while (size < lines.size() && records < journal::max_block_records) {
            const std::size_t newline = lines.find('\n', size);
            const std::size_t end = newline == std::string_view::npos ? lines.size() : newline + 1;
            if (end > wanted_bytes && records > 0) break;  // a longer line is a block of its own
            size = end;
            ++records;
        }
        BASE_ASSERT(size > 0);
        journal::Block& block = blocks.emplace_back(head);
        block.lines.assign(lines.substr(0, size));
        block.records = records;
        lines.remove_prefix(size);
    }
    return blocks;
}

}  // namespace ingest
