#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace correlate {

/// Memory for many small blocks of few sizes: the groups' blocks.
///
/// Blocks of one size, rounded up to 8 bytes, share pages of 16 KiB, without a word of their own
/// each as malloc has it. A page whose last block is given back returns to the allocator, so the
/// memory of a flood of groups does not stay. Larger blocks come from the allocator one by one.
/// Owned by one thread.
class Slab {
public:
    static constexpr std::size_t largest = 512;  ///< Bytes of a block that shares a page.

    Slab() = default;
    ~Slab();
    Slab(const Slab&) = delete;
    Slab& operator=(const Slab&) = delete;

    /// A block, 8-aligned and not initialised. At least one byte.
    [[nodiscard]] void* take(std::size_t bytes);
    /// Takes a block back; `bytes` as at take.
    void give(void* block, std::size_t bytes) noexcept;

    /// What it has from the allocator.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    struct Free {
        Free* next;
    };
    /// The head of a page, in the list of those of its size that have room.
    struct Page {
        Page* next = nullptr;
        Page* previous = nullptr;
        Free* free = nullptr;     // blocks given back
        std::uint32_t used = 0;   // blocks taken
        std::uint32_t fresh = 0;  // bytes from the page's start that were ever taken
    };
    static constexpr std::size_t step = 8;
    static constexpr std::size_t alignment = std::size_t{16} << 10;
    // Less than the alignment by what the allocator keeps before each: pages then lie side by side.
    static constexpr std::size_t page_bytes = alignment - 64;

    [[nodiscard]] static Page* page_of(void* block) noexcept;
    [[nodiscard]] Page* new_page();
    void drop(Page* page) noexcept;
    void link(Page* page, Page*& list) noexcept;
    void unlink(Page* page, Page*& list) noexcept;

    std::array<Page*, largest / step + 1> with_room_{};  // by size in steps
    Page* spare_ =
        nullptr;  // one empty page, so that a single block coming and going costs nothing
    std::size_t bytes_ = 0;
};

}  // namespace correlate
