#pragma once

#include <cstddef>
#include <string_view>

namespace decode {

/// The first place at or behind `from` where three bytes stand that some secret or the name of one
/// must hold (`eyJ`, `sk-`, `oke` of token ...); text.size() when there is none. Most records have
/// one or two such places, so the search costs about what finding a line end costs.
[[nodiscard]] std::size_t next_anchor(std::string_view text, std::size_t from) noexcept;

}  // namespace decode
