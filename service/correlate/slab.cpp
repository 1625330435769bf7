#include "correlate/slab.hpp"

#include "base/assert.hpp"

#include <new>
#include <utility>

#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#else  // a package that only those need who test: what builds the program does without
#define ASAN_POISON_MEMORY_REGION(place, size) (static_cast<void>(place), static_cast<void>(size))
#define ASAN_UNPOISON_MEMORY_REGION(place, size) (static_cast<void>(place), static_cast<void>(size))
#endif

namespace correlate {

Slab::~Slab() {
    for (Page* list : with_room_) {
        while (list != nullptr) drop(std::exchange(list, list->next));
    }
    if (spare_ != nullptr) drop(spare_);
    BASE_ASSERT(bytes_ == 0);  // full pages and large blocks are given back by their owner
}

Slab::Page* Slab::page_of(void* block) noexcept {
    return reinterpret_cast<Page*>(reinterpret_cast<std::uintptr_t>(block) & ~(alignment - 1));
}

Slab::Page* Slab::new_page() {
    if (spare_ != nullptr) return std::exchange(spare_, nullptr);
    void* raw = ::operator new(page_bytes, std::align_val_t{alignment});
    bytes_ += page_bytes;
    return new (raw) Page;
}

void Slab::drop(Page* page) noexcept {
    bytes_ -= page_bytes;
    ASAN_UNPOISON_MEMORY_REGION(page, page_bytes);
    ::operator delete(page, page_bytes, std::align_val_t{alignment});
}

void Slab::link(Page* page, Page*& list) noexcept {
    page->previous = nullptr;
    page->next = list;
    if (list != nullptr) list->previous = page;
    list = page;
}

void Slab::unlink(Page* page, Page*& list) noexcept {
    (page->previous == nullptr ? list : page->previous->next) = page->next;
    if (page->next != nullptr) page->next->previous = page->previous;
}

void* Slab::take(std::size_t bytes) {
    const std::size_t size = (bytes + step - 1) / step * step;
    if (size > largest) {
        bytes_ += size;
        return ::operator new(size);
    }
    Page*& list = with_room_[size / step];
    if (list == nullptr) {
        Page* page = new_page();
        page->fresh = sizeof(Page);
        page->free = nullptr;
        link(page, list);
    }
    Page* page = list;
    ++page->used;
    void* block = nullptr;
    if (page->free != nullptr) {
        block = page->free;
        ASAN_UNPOISON_MEMORY_REGION(block, size);
        page->free = page->free->next;
    } else {
        block = reinterpret_cast<char*>(page) + page->fresh;
        page->fresh += static_cast<std::uint32_t>(size);
        ASAN_UNPOISON_MEMORY_REGION(block, size);
    }
    if (page->free == nullptr && page->fresh + size > page_bytes) unlink(page, list);
    return block;
}

void Slab::give(void* block, std::size_t bytes) noexcept {
    const std::size_t size = (bytes + step - 1) / step * step;
    if (size > largest) {
        bytes_ -= size;
        return ::operator delete(block);
    }
    Page*& list = with_room_[size / step];
    Page* page = page_of(block);
    const bool was_full = page->free == nullptr && page->fresh + size > page_bytes;
    page->free = new (block) Free{page->free};
    ASAN_POISON_MEMORY_REGION(block, size);
    --page->used;
    if (page->used == 0) {
        if (!was_full) unlink(page, list);
        if (spare_ == nullptr) {
            spare_ = page;
        } else {
            drop(page);
        }
    } else if (was_full) {
        link(page, list);
    }
}

}  // namespace correlate
