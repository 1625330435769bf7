#pragma once

#include "alert/alert.hpp"
#include "journal/journal.hpp"
#include "store/effects.hpp"

#include <map>
#include <optional>
#include <vector>

namespace pipeline {

/// Reads the records behind alerts back from the journal, with their digests. Remembers the blocks
/// it read, so make one for each batch.
class EvidenceReader {
public:
    explicit EvidenceReader(const journal::Journal& journal) : journal_(journal) {}  // borrowed

    /// Attaches the change's sample to its evidence, and appends a row for each record. A record
    /// that was trimmed meanwhile is left out: the alert still names its place.
    void attach(alert::Change& change, std::vector<store::Evidence>& rows);

private:
    const journal::Block* block(journal::Lsn lsn);

    const journal::Journal& journal_;
    std::map<journal::Lsn, std::optional<journal::Block>> blocks_;
};

}  // namespace pipeline
