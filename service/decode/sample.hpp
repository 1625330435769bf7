#pragma once

#include "decode/scrubber.hpp"

#include <string>
#include <string_view>

namespace decode {

/// The start of a refused record as a Reject may carry it: at most 512 bytes, without secrets,
/// valid UTF-8 without NUL.
[[nodiscard]] std::string sample_of(std::string_view record, Scrubber& scrubber);

}  // namespace decode
