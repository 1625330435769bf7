#include "decode/shapes.hpp"

#include <algorithm>
#include <string>

namespace decode {

std::optional<std::size_t> Shapes::find(Id shape, std::string_view key,
                                        std::uint32_t hash) const noexcept {
    const Shape& here = shapes_[shape];
    if (here.members.empty()) return {};
    for (std::size_t slot = hash % slots; here.places[slot] != 0; slot = (slot + 1) % slots) {
        const std::uint16_t entry = here.places[slot];
        if ((entry & 0xff00) != tag(hash)) continue;
        const std::size_t place = (entry & 0xff) - std::size_t{1};
        const Member& member = here.members[place];
        if (member.size == key.size() + 4 &&
            std::memcmp(member.pattern.data() + 1, key.data(), key.size()) == 0) {
            return place;
        }
    }
    return {};
}

void Shapes::learn(Id shape, std::size_t place, std::string_view key, Member made) {
    Shape& here = shapes_[shape];
    const std::string pattern = "\"" + std::string(key) + "\":\"";
    std::ranges::copy(pattern, made.pattern.begin());
    made.size = static_cast<std::uint32_t>(pattern.size());
    made.pattern_bytes = (std::uint64_t{1} << pattern.size()) - 1;
    made.key_bytes = made.pattern_bytes >> 2;
    here.members.insert(here.members.begin() + static_cast<std::ptrdiff_t>(place), made);
    place_all(here);
}

/// Places behind an insertion moved, so all are put anew: keys are learnt rarely.
void Shapes::place_all(Shape& shape) {
    shape.places = {};
    for (std::size_t place = 0; place < shape.members.size(); ++place) {
        std::size_t slot = shape.members[place].hash % slots;
        while (shape.places[slot] != 0) slot = (slot + 1) % slots;
        shape.places[slot] =
            static_cast<std::uint16_t>(tag(shape.members[place].hash) | (place + 1));
    }
}

Shapes::Id Shapes::behind(Id shape, const Member& member) {
    if (member.shape != none || member.size == 0) return member.shape;
    if (shapes_.size() == most_shapes) {
        ++missed_;
        return none;
    }
    const auto made = static_cast<Id>(shapes_.size());
    Shape& here = shapes_[shape];
    here.members[static_cast<std::size_t>(&member - here.members.data())].shape = made;
    shapes_.emplace_back();
    return made;
}

void Shapes::forget() {
    shapes_.clear();
    shapes_.resize(2);
    missed_ = 0;
}

}  // namespace decode
