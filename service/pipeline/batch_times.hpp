#pragma once

#include "base/time.hpp"
#include "journal/block.hpp"

#include <algorithm>
#include <string>

namespace pipeline {

/// The event times of the batch whose blocks are being applied: of the records between which
/// missing ones stood. The blocks of a batch stand together in the journal.
class BatchTimes {
public:
    /// Goes on with a block; one of another batch starts anew.
    void enter(const journal::Block& block) {
        if (batch_id_ == block.batch_id) return;
        batch_id_ = block.batch_id;
        oldest_ = base::EventTime::max();
        newest_ = base::EventTime::min();
    }
    void observe(base::EventTime at) {
        oldest_ = std::min(oldest_, at);
        newest_ = std::max(newest_, at);
    }
    /// The arrival stands for a batch without a call.
    [[nodiscard]] base::EventTime oldest(base::WallTime arrival) const {
        return oldest_ <= newest_ ? oldest_ : base::event_time(base::micros(arrival));
    }
    [[nodiscard]] base::EventTime newest(base::WallTime arrival) const {
        return oldest_ <= newest_ ? newest_ : base::event_time(base::micros(arrival));
    }

private:
    std::string batch_id_;
    base::EventTime oldest_ = base::EventTime::max();
    base::EventTime newest_ = base::EventTime::min();
};

}  // namespace pipeline
