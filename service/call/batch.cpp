#include "call/batch.hpp"

#include <cstring>

namespace call {
namespace {

constexpr std::size_t chunk_bytes = 64 * 1024;

}  // namespace

Batch::Batch(std::shared_ptr<const Names> names)
    : names_(std::move(names)), width_(names_->size()) {}

Batch::Row Batch::append() {
    headers_.emplace_back();
    values_.resize(values_.size() + width_);
    return row(headers_.size() - 1);
}

void Batch::drop_last() noexcept {
    headers_.pop_back();
    values_.resize(values_.size() - width_);
}

std::span<char> Batch::keep_room(std::size_t size) {
    if (size > chunk_bytes / 4) {
        large_.push_back(std::make_unique_for_overwrite<char[]>(size));
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

std::string_view Batch::keep(std::string_view text) {
    if (text.empty()) return {};
    const auto room = keep_room(text.size());
    std::memcpy(room.data(), text.data(), text.size());
    return {room.data(), room.size()};
}

std::span<const Value> Batch::keep(std::span<const Value> elements) {
    if (elements.empty()) return {};
    // Chunks hold text of any length, so a list is aligned by hand.
    const std::size_t bytes = elements.size_bytes();
    const auto room = keep_room(bytes + alignof(Value));
    void* start = room.data();
    std::size_t space = room.size();
    std::align(alignof(Value), bytes, start, space);
    std::memcpy(start, elements.data(), bytes);
    return {static_cast<const Value*>(start), elements.size()};
}

void Batch::clear() noexcept {
    headers_.clear();
    values_.clear();
    large_.clear();
    owners_.clear();
    chunk_ = 0;
    used_ = 0;
}

}  // namespace call
