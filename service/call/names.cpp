#include "call/names.hpp"

#include "base/assert.hpp"

namespace call {

Names::Names() {
    by_field_.fill(no_slot);
}

Slot Names::add(std::string_view text) {
    const std::string key(canonical(text));
    if (const auto found = by_name_.find(key); found != by_name_.end()) return found->second;
    BASE_ASSERT(names_.size() < 4'000);  // policy::Set refuses more before it gets here
    const Slot slot = static_cast<Slot>(names_.size());
    names_.push_back(key);
    by_name_.emplace(key, slot);
    if (const auto field = field_of(key)) by_field_[static_cast<std::size_t>(*field)] = slot;
    return slot;
}

Slot Names::find(std::string_view text) const noexcept {
    const auto found = by_name_.find(std::string(canonical(text)));
    return found == by_name_.end() ? no_slot : found->second;
}

}  // namespace call
