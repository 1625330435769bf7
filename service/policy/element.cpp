#include "policy/element.hpp"

#include "policy/fold.hpp"

namespace policy {

void Elements::fill(const call::Value& value) {
    elements_.clear();
    texts_.clear();
    folded_.clear();
    // The buffers may move while they grow, so views into them are made at the end.
    for (const call::Value& one : value.each()) {
        Element element{one, false, {}, {}};
        element.has_text = call::scalar_text(one, scratch_, element.text);
        if (element.has_text) {
            const std::size_t start = folded_.size();
            fold(element.text, folded_);
            element.folded = {nullptr, folded_.size() - start};
            if (!one.is_text() && one.kind() != call::Value::Kind::boolean) texts_ += element.text;
        }
        elements_.push_back(element);
    }
    const char* folded = folded_.data();
    const char* text = texts_.data();
    for (Element& element : elements_) {
        if (!element.has_text) continue;
        element.folded = {folded, element.folded.size()};
        folded += element.folded.size();
        if (element.value.is_text() || element.value.kind() == call::Value::Kind::boolean) continue;
        element.text = {text, element.text.size()};
        text += element.text.size();
    }
}

}  // namespace policy
