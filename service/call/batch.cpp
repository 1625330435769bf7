#include "call/batch.hpp"

#include <cstring>

namespace call {
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

std::span<const Value> Batch::keep(std::span<const Value> elements) {
    if (elements.empty()) return {};
    // Chunks hold text of any length, so a list is aligned by hand.
    const std::size_t bytes = elements.size_bytes();
    const auto room = texts_.room(bytes + alignof(Value));
    void* start = room.data();
    std::size_t space = room.size();
    std::align(alignof(Value), bytes, start, space);
    std::memcpy(start, elements.data(), bytes);
    return {static_cast<const Value*>(start), elements.size()};
}

void Batch::clear() noexcept {
    headers_.clear();
    values_.clear();
    texts_.clear();
    owners_.clear();
}

}  // namespace call
