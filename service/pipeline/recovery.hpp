#pragma once

#include "base/result.hpp"
#include "journal/journal.hpp"
#include "pipeline/evaluator.hpp"
#include "pipeline/probe.hpp"
#include "store/policies.hpp"
#include "store/session.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace pipeline {

/// What a start evaluates before the first block that is new: the windows as they were saved, and
/// silently what came between that and the last commit, as the effects of it are stored.
class Recovery {
public:
    struct Options {
        store::Session::Options session;    ///< For a comparison at the end, by its own name.
        store::Position position;           ///< As claimed.
        Parts window_state;                 ///< Saved at position.snapshot_offset; may be none.
        std::vector<store::Judges> judges;  ///< Of the blocks from there to position.next_offset.
    };

    /// Borrows the journal, the evaluator and the probe, which outlive it.
    Recovery(Options options, journal::Journal& journal, Evaluator& evaluator, Probe& probe);

    /// Restores what was saved. The first LSN to evaluate again; a state that cannot be read is
    /// logged, and then it is the journal's first.
    [[nodiscard]] journal::Lsn begin();
    /// Evaluates a block silently, under the policies that were in force for it. In order.
    void apply(const journal::Entry& entry);
    /// After the last block: compares what was evaluated with what is stored.
    void end();

private:
    base::Result<std::vector<std::string>> look_for(const std::vector<std::string>& opened);
    void compare_with_stored(const std::vector<std::string>& opened);

    Options options_;
    journal::Journal& journal_;
    Evaluator& evaluator_;
    Probe& probe_;
    std::vector<store::Judges>::const_iterator judges_;
    bool whole_ = true;  // nothing is missing of what was evaluated before
    std::size_t blocks_ = 0;
    std::chrono::steady_clock::time_point began_;
};

}  // namespace pipeline
