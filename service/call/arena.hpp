#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace call {

/// Room for texts that live and die together, taken in chunks of one size: what one arena gives
/// back fits the next, where buffers that grow left the allocator with pages to return and to fetch
/// again. Moving keeps every view valid.
class Arena {
public:
    /// Room for `size` characters until `clear` or the end of the arena.
    [[nodiscard]] std::span<char> room(std::size_t size);
    /// Copies the text and lends it for as long.
    [[nodiscard]] std::string_view keep(std::string_view text);

    /// Memory that is taken.
    [[nodiscard]] std::size_t bytes() const noexcept {
        return chunks_.size() * chunk_bytes + large_bytes_;
    }
    /// Forgets the texts and keeps the chunks.
    void clear() noexcept;

private:
    static constexpr std::size_t chunk_bytes = 64 * 1024;

    std::vector<std::unique_ptr<char[]>> chunks_;
    std::size_t chunk_ = 0;                       // index of the chunk being filled
    std::size_t used_ = 0;                        // bytes of it that are taken
    std::vector<std::unique_ptr<char[]>> large_;  // texts that would leave too much of a chunk
    std::size_t large_bytes_ = 0;
};

}  // namespace call
