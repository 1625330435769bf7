#pragma once

#include "base/result.hpp"
#include "base/time.hpp"
#include "coverage/gaps.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace coverage {

/// How many calls a gateway counted itself, in whole minutes of event time.
struct Counter {
    std::string source;
    Span span;
    std::uint64_t count = 0;  ///< Below 2^63.
    std::size_t line = 0;     ///< Of the file.

    bool operator==(const Counter&) const = default;
};

/// Reads a CSV file with the columns source, from, to and count: RFC 3339 times in whole minutes,
/// spans of a source that do not overlap. Fails with Fault::invalid and every problem, each with
/// its line.
[[nodiscard]] base::Result<std::vector<Counter>> read_counters(std::string_view text);

}  // namespace coverage
