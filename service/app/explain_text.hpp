#pragma once

#include "correlate/explain.hpp"

#include <span>
#include <string>

namespace app {

/// The trees of one record for people, lines ended: "+" and a word for what held, "-" and another
/// word for what did not. What was told once is not told again below a correlation. Fit for a
/// terminal whatever the record holds.
[[nodiscard]] std::string explain_text(const policy::Set& set,
                                       std::span<const correlate::Explained> explained);

}  // namespace app
