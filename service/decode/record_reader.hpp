#pragma once

#include "base/time.hpp"
#include "decode/format_model.hpp"
#include "decode/json_parser.hpp"
#include "decode/limits.hpp"
#include "decode/line_walker.hpp"
#include "decode/plan.hpp"
#include "decode/time_text.hpp"
#include "decode/walker.hpp"

#include <array>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

namespace decode {

/// Reads one line of a format into cells and finds its time: what the gate and the decoder share,
/// so that what passes one passes the other. Not thread-safe.
class RecordReader {
public:
    RecordReader(const FormatModel& model, const PathTrie& trie, std::size_t cells,
                 const std::array<std::vector<Cell>, column_count>& columns, const Limits& limits);

    /// The lines to come stand in `buffer`, which stays as it is until the next `begin`, and nobody
    /// will ask for their tapes: most are then read without a parse of their own.
    void begin(std::string_view buffer) noexcept { line_walker_.begin(buffer); }

    /// Reads a line into cells; the reason when it is no record. `check` looks at keys too.
    std::optional<RejectCode> read(std::string_view line, std::size_t readable_behind, bool check);
    /// Looks at the keys of the JSON record just read.
    [[nodiscard]] std::optional<RejectCode> check_keys() const;

    struct Time {
        base::EventTime time;
        std::uint32_t notes = 0;
        call::Value logged;  ///< As it stood; absent when it was missing.
    };
    /// The event time of the record just read, from the first of these cells that has one.
    std::expected<Time, RejectCode> time(std::span<const Cell> cells, base::WallTime arrival);

    [[nodiscard]] std::span<const call::Value> cells() const noexcept { return walker_.cells(); }
    /// Of the JSON record just read, outside of any `begin`.
    [[nodiscard]] const Tape& tape() const noexcept { return parser_.tape(); }
    /// Of the access line just read.
    [[nodiscard]] const Columns& columns() const noexcept { return columns_; }
    /// Notes about how the record just read had to be read.
    [[nodiscard]] std::uint32_t notes() const noexcept { return notes_; }

private:
    std::optional<RejectCode> read_access(std::string_view line);
    std::optional<ReadTime> read_time(const call::Value& value);

    const FormatModel& model_;
    const std::array<std::vector<Cell>, column_count>& column_cells_;
    Limits limits_;
    JsonParser parser_;
    Walker walker_;
    LineWalker line_walker_;
    bool line_walked_ = false;  // The record just read has no tape, and its keys are distinct.
    Columns columns_;
    std::uint32_t notes_ = 0;
    std::array<char, 40> last_time_text_{};
    std::size_t last_time_size_ = 0;
    ReadTime last_time_;
};

}  // namespace decode
