#pragma once

#include "decode/format_model.hpp"
#include "decode/plan.hpp"
#include "decode/record_reader.hpp"

#include <memory>
#include <vector>

namespace decode {

/// What the gate looks at in the records of one format: the time, what they may be wrapped in, what
/// is set aside.
struct GatePlan {
    struct Envelope {
        const Unwrap* unwrap = nullptr;
        Cell cell = 0;
        CellConditions when;
    };

    GatePlan(const FormatModel& format, const Limits& limits);
    GatePlan(const GatePlan&) = delete;

    const FormatModel& model;
    PathTrie trie;
    std::array<std::vector<Cell>, column_count> columns;
    std::vector<Cell> time;
    std::vector<Envelope> envelopes;
    std::vector<CellConditions> set_aside;
    std::unique_ptr<RecordReader> reader;
};

}  // namespace decode
