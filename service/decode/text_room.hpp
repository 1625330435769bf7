#pragma once

#include "call/batch.hpp"
#include "call/value.hpp"

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace decode {

/// Where texts of calls live. What stands in the lines being decoded stays there, since they live
/// as long as the batch; the rest is copied to room taken from the batch a few kilobytes at a time.
/// Dies before the batch is cleared.
class TextRoom {
public:
    TextRoom(call::Batch& batch, std::string_view lines) : batch_(batch), lines_(lines) {}

    std::string_view keep(std::string_view text) {
        // One comparison for both ends: a text before the lines is far behind them.
        const auto offset = reinterpret_cast<std::uintptr_t>(text.data()) -
                            reinterpret_cast<std::uintptr_t>(lines_.data());
        if (offset < lines_.size()) [[likely]]
            return text;
        if (text.empty()) return "";
        if (text.size() > free_.size()) [[unlikely]] {
            if (text.size() > window_bytes / 8) return batch_.keep(text);
            free_ = batch_.keep_room(window_bytes);
        }
        char* start = free_.data();
        std::memcpy(start, text.data(), text.size());
        free_ = free_.subspan(text.size());
        return {start, text.size()};
    }

    /// The value with its texts copied, made in its place.
    void keep(const call::Value& value, call::Value& out) {
        switch (value.kind()) {
            case call::Value::Kind::absent:
                return;
            case call::Value::Kind::text:
                out = call::Value::of(keep(value.text()));
                return;
            case call::Value::Kind::list:
                out = keep_list(value);
                return;
            default:
                out = value;
        }
    }
    call::Value keep(const call::Value& value) {
        call::Value out;
        keep(value, out);
        return out;
    }

    /// A list whose elements are owned already.
    call::Value keep_elements(std::span<const call::Value> elements) {
        return call::Value::of(batch_.keep(elements));
    }

private:
    static constexpr std::size_t window_bytes = 8 * 1024;
    call::Value keep_list(const call::Value& value);

    call::Batch& batch_;
    std::string_view lines_;
    std::span<char> free_;
    std::vector<call::Value> elements_;
};

}  // namespace decode
