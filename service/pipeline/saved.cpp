#include "pipeline/saved.hpp"

#include <cstdint>
#include <cstring>

namespace pipeline {
namespace {

constexpr std::string_view magic = "cps1";

}  // namespace

std::string pack(const std::vector<std::string>& parts) {
    std::string out(magic);
    for (const auto& part : parts) {
        const std::uint64_t size = part.size();
        char bytes[sizeof size];
        std::memcpy(bytes, &size, sizeof size);
        out.append(bytes, sizeof bytes);
        out += part;
    }
    return out;
}

std::optional<std::vector<std::string>> unpack(std::string_view packed) {
    if (!packed.starts_with(magic)) return {};
    packed.remove_prefix(magic.size());
    std::vector<std::string> parts;
    while (!packed.empty()) {
        std::uint64_t size = 0;
        if (packed.size() < sizeof size) return {};
        std::memcpy(&size, packed.data(), sizeof size);
        packed.remove_prefix(sizeof size);
        if (size > packed.size()) return {};
        parts.emplace_back(packed.substr(0, size));
        packed.remove_prefix(size);
    }
    return parts;
}

}  // namespace pipeline
