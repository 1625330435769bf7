#include "registry/rows.hpp"

#include <array>
#include <cstddef>

namespace registry {
namespace {

constexpr std::array<std::string_view, 6> kinds = {"tenant",  "key",  "party",
                                                   "licence", "gate", "leak"};

}  // namespace

std::string_view name(Kind kind) noexcept {
    return kinds[static_cast<std::size_t>(kind)];
}

std::optional<Kind> kind_of(std::string_view text) noexcept {
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        if (kinds[i] == text) return static_cast<Kind>(i);
    }
    return std::nullopt;
}

}  // namespace registry
