#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

/// Integers in the files: little-endian, unaligned.
namespace journal {

static_assert(std::endian::native == std::endian::little, "the files are little-endian");

template <std::integral T>
void put(std::string& out, T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    out.append(bytes, sizeof value);
}

/// Reads at a place that the caller has checked to lie inside.
template <std::integral T>
[[nodiscard]] T load(const char* from) noexcept {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

/// Takes an integer from the front; false when too few bytes are left.
template <std::integral T>
[[nodiscard]] bool take(std::string_view& in, T& value) noexcept {
    if (in.size() < sizeof value) return false;
    value = load<T>(in.data());
    in.remove_prefix(sizeof value);
    return true;
}

/// Takes `size` bytes from the front.
[[nodiscard]] inline bool take(std::string_view& in, std::size_t size, std::string_view& out) {
    if (in.size() < size) return false;
    out = in.substr(0, size);
    in.remove_prefix(size);
    return true;
}

}  // namespace journal
