#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <type_traits>

namespace base {

/// A zeroed array for tables that are looked up at random. From 2 MiB on it asks for huge pages: on
/// a virtual machine the walk for a small page costs more than the look-up (a fifth of the origin
/// fingerprint). T is a plain value for which all bytes zero mean empty.
template <class T>
class HugeArray {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

public:
    explicit HugeArray(std::size_t size) : size_(size) {
        const std::size_t bytes = size * sizeof(T);
        if (bytes < huge_bytes) {
            const std::size_t lines = (bytes + line_bytes - 1) / line_bytes * line_bytes;
            items_ = {static_cast<T*>(std::aligned_alloc(line_bytes, lines)), Free{}};
            if (!items_) throw std::bad_alloc();
            std::memset(static_cast<void*>(items_.get()), 0, lines);
            return;
        }
        // Mapped memory is zero already. Room for one huge page more, to start at the next of them.
        const std::size_t room = (bytes + 2 * huge_bytes - 1) / huge_bytes * huge_bytes;
        void* start =
            mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (start == MAP_FAILED) throw std::bad_alloc();
        void* aligned = start;
        std::size_t space = room;
        std::align(huge_bytes, bytes, aligned, space);
        (void)madvise(aligned, bytes, MADV_HUGEPAGE);  // no matter if it cannot be had
        items_ = {static_cast<T*>(aligned), Free{start, room}};
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] T& operator[](std::size_t i) noexcept { return items_.get()[i]; }
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return items_.get()[i]; }
    [[nodiscard]] std::span<const T> all() const noexcept { return {items_.get(), size_}; }
    void clear() noexcept { std::memset(static_cast<void*>(items_.get()), 0, size_ * sizeof(T)); }

private:
    static constexpr std::size_t huge_bytes = std::size_t{2} << 20;
    static constexpr std::size_t line_bytes = 64;
    static_assert(alignof(T) <= line_bytes);
    struct Free {
        void* start = nullptr;  // of what was mapped, if it was
        std::size_t room = 0;
        void operator()(T* memory) const noexcept {
            if (start == nullptr)
                std::free(memory);
            else
                munmap(start, room);
        }
    };
    std::size_t size_;
    std::unique_ptr<T, Free> items_;
};

}  // namespace base
