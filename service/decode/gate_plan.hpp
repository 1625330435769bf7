#pragma once

#include "decode/call_writer.hpp"
#include "decode/format_model.hpp"
#include "decode/plan.hpp"
#include "decode/record_reader.hpp"

#include <memory>
#include <vector>

namespace decode {

/// What the gate looks at in the records of one format: the time, what they may be wrapped in, what
/// is set aside, and its own id.
struct GatePlan {
    struct Envelope {
        const Unwrap* unwrap = nullptr;
        Cell cell = 0;
        CellConditions when;
    };

    GatePlan(const FormatModel& format, const Limits& limits, std::uint64_t id_key);
    GatePlan(const GatePlan&) = delete;

    const FormatModel& model;
    PathTrie trie;
    std::array<std::vector<Cell>, column_count> columns;
    std::vector<Cell> time;
    std::vector<Envelope> envelopes;
    std::vector<CellConditions> set_aside;
    std::unique_ptr<RecordReader> reader;
    std::uint64_t id_key;
    Plan id;  ///< Of metadata.uid alone, with cells of this trie.
    CallWriter id_writer;

    /// Keyed hash of the id of the record that `reader` has read, as the decoder will see it; 0
    /// when it has none.
    [[nodiscard]] std::uint64_t event_id();
};

}  // namespace decode
