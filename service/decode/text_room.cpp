#include "decode/text_room.hpp"

namespace decode {

call::Value TextRoom::keep_list(const call::Value& value) {
    elements_.clear();
    for (const call::Value& element : value.list()) elements_.push_back(keep(element));
    return keep_elements(elements_);
}

}  // namespace decode
