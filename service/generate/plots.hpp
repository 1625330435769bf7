#pragma once

#include "generate/actors.hpp"

#include <cstdint>

namespace generate {

/// Plants one abuse for each of ten shipped signatures, all within the first 72 hours.
void plant_abuses(Cast& cast, std::uint64_t seed);

/// Plants the look-alikes: what a careless policy would accuse, and the near misses.
void plant_twins(Cast& cast, std::uint64_t seed);

}  // namespace generate
