#pragma once

#include "generate/actors.hpp"

#include <string>

namespace generate {

/// What the provider's registry knows of a cast: rows for `callerprint registry import`, NDJSON.
[[nodiscard]] std::string registry_rows(const Cast& cast);

/// What was planted, NDJSON.
[[nodiscard]] std::string truth(const Cast& cast);

}  // namespace generate
