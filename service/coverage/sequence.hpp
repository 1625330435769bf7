#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace coverage {

/// Numbers that a producer gave to what it sent: [first, last].
struct Numbers {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    bool operator==(const Numbers&) const = default;
};

/// What a producer said with its batches, or with several in a row.
struct Report {
    std::string source;
    std::string producer;
    Numbers numbers;
    bool records = false;    ///< The numbers are of records, else of batches.
    base::EventTime oldest;  ///< Of the records of the first batch; its arrival when it had none.
    base::EventTime newest;  ///< Of the last batch.

    bool operator==(const Report&) const = default;
};

/// Numbers of a producer that did not come, and when they should have.
struct Hole {
    Numbers numbers;
    bool records = false;
    base::EventTime from;  ///< Whole minutes, at least one: between what came before and behind.
    base::EventTime to;

    bool operator==(const Hole&) const = default;
};

/// How far a producer has come.
struct Progress {
    std::uint64_t next = 0;  ///< One above the greatest number that came.
    base::EventTime newest;  ///< Of the batch that had it.

    bool operator==(const Progress&) const = default;
};

/// What a report changes.
struct Step {
    Progress progress;
    std::vector<Hole> open;  ///< To be kept in place of the holes that were given.
    bool opened = false;     ///< One of them is new.
};

/// Applies a report. The first one of a producer sets where it stands and opens no hole: nobody
/// knows where it began. Numbers that were missing close their holes or cut them; numbers that came
/// before change nothing. `holes` are those that the report's numbers touch; others stay as they
/// are.
[[nodiscard]] Step apply(const std::optional<Progress>& before, const std::vector<Hole>& holes,
                         const Report& report);

/// Adds a report to those gathered: one that goes on where the producer's last one ended makes it
/// longer.
void gather(std::vector<Report>& reports, Report report);

/// Reads "17", a batch, or "17-42", records. Numbers are below 2^63.
[[nodiscard]] std::optional<Report> parse_sequence(std::string_view text) noexcept;

}  // namespace coverage
