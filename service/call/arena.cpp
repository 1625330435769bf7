#include "call/arena.hpp"

#include <cstring>

namespace call {

std::span<char> Arena::room(std::size_t size) {
    if (size > chunk_bytes / 4) {
        large_.push_back(std::make_unique_for_overwrite<char[]>(size));
        large_bytes_ += size;
        return {large_.back().get(), size};
    }
    if (chunks_.empty() || used_ + size > chunk_bytes) {
        if (!chunks_.empty()) ++chunk_;
        if (chunk_ == chunks_.size()) {
            chunks_.push_back(std::make_unique_for_overwrite<char[]>(chunk_bytes));
        }
        used_ = 0;
    }
    char* start = chunks_[chunk_].get() + used_;
    used_ += size;
    return {start, size};
}

std::string_view Arena::keep(std::string_view text) {
    if (text.empty()) return {};
    const auto out = room(text.size());
    std::memcpy(out.data(), text.data(), text.size());
    return {out.data(), out.size()};
}

void Arena::clear() noexcept {
    large_.clear();
    large_bytes_ = 0;
    chunk_ = 0;
    used_ = 0;
}

}  // namespace call
