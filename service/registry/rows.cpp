#include "registry/rows.hpp"

#include <array>
#include <cstddef>

namespace registry {
namespace {

constexpr std::array<std::string_view, 8> kinds = {"tenant", "key",  "party", "licence",
                                                   "gate",   "leak", "owner", "claim"};
constexpr std::array<std::string_view, 4> parts = {"whole", "prefix", "suffix", "scrubbed"};

}  // namespace

std::string_view name(Kind kind) noexcept {
    return kinds[static_cast<std::size_t>(kind)];
}

std::string_view name(KeyMark::Part part) noexcept {
    return parts[static_cast<std::size_t>(part)];
}

std::optional<Kind> kind_of(std::string_view text) noexcept {
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        if (kinds[i] == text) return static_cast<Kind>(i);
    }
    return std::nullopt;
}

}  // namespace registry
