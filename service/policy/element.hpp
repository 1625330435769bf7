#pragma once

#include "call/value.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace policy {

/// One value of a field, ready to be compared: its text and its folded text, made once a call.
struct Element {
    call::Value value;
    bool has_text = false;  ///< False for null and objects: no text comparison holds on them.
    std::string_view text;
    std::string_view folded;
};

/// The elements of a field of the current call, and the memory behind them, which is kept from call
/// to call. Views are good until the next `fill`.
class Elements {
public:
    void fill(const call::Value& value);
    [[nodiscard]] std::span<const Element> all() const noexcept { return elements_; }

private:
    std::vector<Element> elements_;
    std::string texts_;  // of numbers
    std::string folded_;
    std::string scratch_;
};

}  // namespace policy
