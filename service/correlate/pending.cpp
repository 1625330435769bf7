#include "correlate/pending.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace correlate {

PendingList::~PendingList() {
    std::free(data_);
}

void PendingList::grow() {
    // The system moves pages of a large block: growing it often costs little.
    constexpr std::size_t is_large = 65'536;
    const std::size_t wanted =
        capacity_ < is_large ? std::max<std::size_t>(64, capacity_ * 2) : capacity_ / 4 * 5;
    void* larger = std::realloc(data_, wanted * sizeof(Pending));
    if (larger == nullptr) throw std::bad_alloc();  // as a vector would
    data_ = static_cast<Pending*>(larger);
    capacity_ = wanted;
}

void PendingList::erase_front(std::size_t count) noexcept {
    std::copy(data_ + count, data_ + size_, data_);
    size_ -= count;
}

void PendingList::reset() noexcept {
    std::free(data_);
    data_ = nullptr;
    size_ = capacity_ = 0;
}

}  // namespace correlate
