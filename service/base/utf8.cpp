#include "base/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace base::utf8 {
namespace {

constexpr std::uint8_t byte_at(std::string_view text, std::size_t at) {
    return static_cast<std::uint8_t>(text[at]);
}

}  // namespace

Decoded decode(std::string_view text, std::size_t at) noexcept {
    const std::uint8_t first = byte_at(text, at);
    if (first < 0x80) return {first, 1};
    const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || at + size > text.size()) return {invalid, 1};
    char32_t code_point = first & (0xffU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        const std::uint8_t next = byte_at(text, at + i);
        if ((next & 0xc0) != 0x80) return {invalid, 1};
        code_point = (code_point << 6) | (next & 0x3fU);
    }
    const bool overlong = (size == 3 && code_point < 0x800) || (size == 4 && code_point < 0x10000);
    const bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
    if (overlong || surrogate || code_point > 0x10ffff) return {invalid, 1};
    return {code_point, size};
}

bool valid(std::string_view text) noexcept {
    for (std::size_t at = 0; at < text.size();) {
        // Nearly all text is ASCII: eight bytes at a time.
        if (std::uint64_t word = 0; text.size() - at >= sizeof word) {
            std::memcpy(&word, text.data() + at, sizeof word);
            if ((word & 0x8080'8080'8080'8080u) == 0) {
                at += sizeof word;
                continue;
            }
        }
        const auto decoded = decode(text, at);
        if (decoded.code_point == invalid) return false;
        at += decoded.size;
    }
    return true;
}

void append(std::string& out, char32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xc0 | (c >> 6));
        out += static_cast<char>(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xe0 | (c >> 12));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (c & 0x3f));
    } else {
        out += static_cast<char>(0xf0 | (c >> 18));
        out += static_cast<char>(0x80 | ((c >> 12) & 0x3f));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (c & 0x3f));
    }
}

std::string storable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto decoded = decode(text, at);
        if (decoded.code_point == invalid || decoded.code_point == 0) {
            out += "\uFFFD";
        } else {
            out.append(text, at, decoded.size);
        }
        at += decoded.size;
    }
    return out;
}

}  // namespace base::utf8
