#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace decode {

/// A scanner over JSON text that finds where values start and end and checks nothing else: for
/// wrappers that are too big to parse whole, and whose records are parsed one by one anyway.
class RawJson {
public:
    explicit RawJson(std::string_view text) : text_(text) {}

    [[nodiscard]] std::size_t skip_blanks(std::size_t at) const noexcept;

    /// Index behind the value that starts at `at`, looking at no more than `most` bytes; nothing
    /// when it does not end, or a string in it holds a line end.
    [[nodiscard]] std::optional<std::size_t> skip_value(std::size_t at,
                                                        std::size_t most) const noexcept;

    /// Calls `element(start, end)` for each element of the array that starts at `at`, and gives the
    /// index behind the array; nothing when it breaks off, after the elements before that.
    template <class Function>
    std::optional<std::size_t> each_element(std::size_t at, Function&& element) const {
        at = skip_blanks(at + 1);
        if (at < text_.size() && text_[at] == ']') return at + 1;
        while (at < text_.size()) {
            const auto end = skip_value(at, text_.size());
            if (!end || *end == at) return {};
            element(at, *end);
            at = skip_blanks(*end);
            if (at >= text_.size()) return {};
            if (text_[at] == ']') return at + 1;
            if (text_[at] != ',') return {};
            at = skip_blanks(at + 1);
        }
        return {};
    }

    /// Start of the value of a member of the object that starts at `at`; a path goes into objects.
    [[nodiscard]] std::optional<std::size_t> member(std::size_t at,
                                                    std::string_view path) const noexcept;

private:
    [[nodiscard]] std::optional<std::size_t> skip_string(std::size_t at) const noexcept;
    std::string_view text_;
};

}  // namespace decode
